"""Weigh what each strategy gains in accuracy against how far it moves the evidence: the curve of a sweep."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.grid import load_grid
from evidrift.base.json import write_sealed
from evidrift.base.table import write_frame
from evidrift.claims.claim import Rules
from evidrift.compare.params import load_compare
from evidrift.drift.params import load_drift
from evidrift.report.figures.tradeoff import tradeoff_figure
from evidrift.report.terminal.tables import console
from evidrift.report.terminal.tradeoff import print_tradeoff
from evidrift.tradeoff.evidence import FILE, write_evidence
from evidrift.tradeoff.params import load_tradeoff
from evidrift.tradeoff.points import held_layers
from evidrift.tradeoff.reading import Files, gather
from evidrift.tradeoff.table import JUDGE_COLUMNS, JUDGES, POINT_COLUMNS, POINTS, summarise, weigh


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images"),
        models="the folder of the architecture's checkpoints",
        treated="the folder of its treated checkpoints",
        maps="the folder of its map files",
        judged="the folder of the treated checkpoints' maps and checks",
        checks="the folder of the checks of its own",
        tables="to write: the evidence, a table of points and one of judges",
        figures="to write: a folder with the curve",
        metrics="to write: every point's main figures",
    )
    grid, sweep = load_grid(args.params), load_tradeoff(args.params)
    compare = load_compare(args.params)
    rules = Rules(compare.min_patients, compare.margin, compare.preserved)
    files = Files(args.images, args.models, args.maps, args.checks, args.treated, args.judged)
    evidence, checks = gather(args.architecture, grid, sweep, load_drift(args.params), files)
    weighed = weigh(evidence, checks, rules, held_layers(args.params, evidence.points))
    write_evidence(args.tables / FILE, evidence)
    write_frame(args.tables / POINTS, weighed.points, POINT_COLUMNS)
    write_frame(args.tables / JUDGES, weighed.judges, JUDGE_COLUMNS)
    tradeoff_figure([weighed.points], args.figures / "tradeoff.png")
    write_sealed(args.metrics, summarise(weighed))
    print_tradeoff(weighed.points, weighed.judges, console())


if __name__ == "__main__":
    run(main)
