"""What evidrift takes for its work, against what else does the same: a Markdown table.

    python -m benchmarks.performance [row ...] [--rounds 5] [--write docs/performance.md]

Both sides of a row take turns, one thread each, and every round gives one ratio; the median and the range are
printed. Each row sees that both sides compute the same, where there is something to compare.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from evidrift.base.compute import Compute, pin
from evidrift.base.errors import UserError, run

# Where the rows are measured: generators of lines that take the number of rounds.
ROWS = {
    "explain": "explaining.against_forward_passes",
    "tf_keras_vis": "peers.against_tf_keras_vis",
    "grad_cam": "peers.against_grad_cam",
    "transfer": "training.against_the_usual_script",
    "finetune": "training.against_bare_steps",
    "strategies": "strategies.against_plain",
    "drift": "drifting.against_a_loop",
    "export": "exporting.against_the_plain_model",
    "prepare": "preparing.against_decoding_and_resizing",
    "audit": "auditing.against_two_forward_passes",
    "repro": "reproducing.against_dvc_repro",
    "nothing": "reproducing.against_dvc_status",
}
START, END = "<!-- the table of make bench -->\n", "<!-- its end -->\n"


def main() -> None:
    """Measure the rows and print them."""
    args = parse_args()
    # before numpy, OpenCV, TensorFlow or PyTorch is imported
    pin(Compute(threads=1, instructions="native"))
    import evidrift.networks.start_tensorflow  # noqa: F401
    from benchmarks.performance.measuring import table

    lines = []
    for name in args.rows:
        module, function = ROWS[name].split(".")
        measure = getattr(import_module(f"benchmarks.performance.{module}"), function)
        options = {"profile": args.profile} if module == "reproducing" else {}
        for line in measure(args.rounds, **options):
            lines.append(line)
            print(table([line]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(lines))
    if args.write:
        write(args.write, table(lines))


def write(page: Path, found: str) -> None:
    """Put the table in the place of the one that the page has.

    Raises:
        UserError: the page has no place for it.
    """
    text = page.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise UserError(
            f"{page} has no lines {START.strip()} and {END.strip()} for the table to stand between."
        )
    page.write_text(f"{before}{start}{found}\n{end}{after}", encoding="utf-8")


def parse_args() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.performance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="row", default=list(ROWS), help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--profile", default="tiny", help="of the rows repro and nothing: a file in profiles/"
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table into this page")
    args = parser.parse_args()
    if unknown := sorted(set(args.rows) - set(ROWS)):
        parser.error(f"{unknown[0]} is not a row; there are {', '.join(ROWS)}")
    return args


if __name__ == "__main__":
    run(main)
