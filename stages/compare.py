"""Compare the architectures: tables, rankings, observed reversals, figures."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.files.writing import writing
from evidrift.base.grid import load_grid
from evidrift.compare.output import write_metrics, write_tables
from evidrift.compare.params import load_compare
from evidrift.compare.result import compare
from evidrift.compare.study import StudyFiles, read_study
from evidrift.images.store import STORE
from evidrift.report.figures.figures import Sources, draw_figures
from evidrift.report.terminal.tables import console, print_result
from evidrift.report.words.study_context import study_context
from evidrift.report.words.summarise import write_summary


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("params", "images"),
        models="the folder of models and their test logits",
        maps="the folder of map files",
        drift="the folder of drift tables",
        checks="the folder of the methods' checks",
        reliance="the folder of the tables of reliance",
        trajectory="the folder of drift along training",
        histories="the folder of training histories",
        metrics="the folder of the stages' metrics",
        tables="to write: a folder of CSV tables",
        figures="to write: a folder of PNG figures",
        summary="to write: the summary",
    )
    params = load_compare(args.params)
    files = StudyFiles(
        drift=args.drift,
        checks=args.checks,
        trajectory=args.trajectory,
        models=args.models,
        histories=args.histories,
        metrics=args.metrics,
        reliance=args.reliance,
    )
    study = read_study(load_grid(args.params), files)
    result = compare(study, params)
    write_metrics(args.summary, result)
    tables = write_tables(args.tables, result)
    write_summary(args.tables, tables, study, result, study_context(study))
    sources = Sources(args.maps, args.images / STORE)
    draw_figures(args.figures, study, result, sources, params.cases)
    with writing(args.tables / "study.txt") as partial, partial.open("w", encoding="utf-8") as file:
        print_result(result, console(file))
        print(f"Figures: {args.figures}", file=file)
    print(f"The study's tables: {args.tables}/study.txt")


if __name__ == "__main__":
    run(main)
