"""Write a gate from trainings that are trusted: what they differ by passes, what lies far beyond fails."""

import argparse
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.cli.options import add_images, add_layer, add_reading, read_as

HELP = "write a gate for `audit` from two or more trainings that are trusted"
EPILOG = """\
examples:
  Three trainings of the released recipe, on the films that a new model will be audited on:
    evidrift gate --from a.keras b.keras c.keras --images films/ --out gate.yaml
    evidrift audit --before a.keras --after new.keras --images films/ --gate gate.yaml --out audit/

  Less room than half of the largest bound on top, for a recipe whose trainings differ little:
    evidrift gate --from a.keras b.keras --images films/ --headroom 0.2 --out gate.yaml

docs/audit.md says what stands in the file.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    models = parser.add_argument_group("models")
    models.add_argument(
        "--from",
        dest="trusted",
        type=Path,
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="trainings of one recipe that are trusted, two at least",
    )
    add_reading(models)
    add_images(parser.add_argument_group("images"))
    measures = parser.add_argument_group("measures")
    measures.add_argument(
        "--method", default="layer_cam", metavar="NAME", help="to judge by; default: layer_cam"
    )
    add_layer(measures)
    measures.add_argument(
        "--headroom",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="of the largest bound, added to it; default: 0.5",
    )
    result = parser.add_argument_group("result")
    result.add_argument("--out", type=Path, required=True, metavar="FILE", help="gate file to write")
    result.add_argument("--force", action="store_true", help="write over an existing file")


def run(args: argparse.Namespace) -> int:
    """Derive a gate and write it."""
    if args.out.exists() and not args.force:
        raise UserError(f"{args.out} exists. Choose another name, or write over it: --force.")
    if not 0 <= args.headroom <= 10:
        raise UserError(f"--headroom is {args.headroom:g}; it must be 0 to 10.")
    from evidrift.foreign.apart.reading import prepare

    prepare()
    from evidrift.auditing.deriving import derive_gate
    from evidrift.auditing.gate.derive import as_yaml
    from evidrift.base.files.writing import write_text
    from evidrift.report.terminal.tables import console

    gate = derive_gate(
        args.trusted,
        args.images,
        method=args.method,
        layer=args.layer,
        headroom=args.headroom,
        preprocessing=args.preprocessing,
        **read_as(args),
        quiet=args.quiet,
    )
    write_text(args.out, as_yaml(gate))
    to = console()
    to.print(f"{args.out}", soft_wrap=True)
    if not args.quiet and gate.derived is not None:
        for name, seen in gate.derived.seen.items():
            to.print(f"  {name}: seen {seen:.3f}")
        for name in gate.derived.left_out:
            to.print(f"  {name}: not limited, since the limit would be 1")
    return 0
