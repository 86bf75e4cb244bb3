"""Compare the architectures: tables, rankings, observed reversals, figures."""

import argparse
from pathlib import Path

from evidrift.errors import run
from evidrift.params.compare import load_compare
from evidrift.params.grid import load_grid
from evidrift.report.figures import Sources, draw_figures
from evidrift.report.html.study_context import study_context
from evidrift.report.html.summary import write_summary
from evidrift.report.tables import console, print_result
from evidrift.stats.compare import compare
from evidrift.stats.output import write_metrics, write_tables
from evidrift.stats.study import StudyFiles, read_study


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_compare(args.params)
    train_tl, finetune = args.histories
    tl, ft = args.training_metrics
    files = StudyFiles(
        drift=args.drift,
        checks=args.checks,
        trajectory=args.trajectory,
        predictions=args.predictions,
        train_tl=tl,
        finetune=ft,
        histories=finetune,
        prepared=args.prepare_metrics,
        probe=args.probe,
    )
    study = read_study(load_grid(args.params), files)
    result = compare(study, params)
    write_metrics(args.metrics, result)
    write_tables(args.tables, result)
    context = study_context(study, args.prepare_metrics, args.probe, (train_tl, finetune))
    write_summary(args.tables, study, result, context)
    sources = Sources(train_tl, finetune, args.maps, args.store)
    draw_figures(args.figures, study, result, sources, params.cases)
    with (args.tables / "study.txt").open("w", encoding="utf-8") as file:
        print_result(result, console(file))
        print(f"Figures: {args.figures}", file=file)
    print(f"The study's tables: {args.tables}/study.txt")


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--drift", type=Path, required=True, help="the folder of drift tables")
    parser.add_argument("--checks", type=Path, required=True, help="the folder of the methods' checks")
    parser.add_argument("--trajectory", type=Path, required=True, help="the folder of drift along training")
    parser.add_argument("--predictions", type=Path, required=True, help="the folder of test logits")
    parser.add_argument("--maps", type=Path, required=True, help="the folder of map files")
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument(
        "--histories", type=Path, nargs=2, required=True, help="folders of the histories of tl and of ft"
    )
    parser.add_argument(
        "--training-metrics", type=Path, nargs=2, required=True, help="folders of the metrics of tl and of ft"
    )
    parser.add_argument("--prepare-metrics", type=Path, required=True, help="prepare's counts")
    parser.add_argument("--probe", type=Path, required=True, help="what is known without any network")
    parser.add_argument("--tables", type=Path, required=True, help="to write: a folder of CSV tables")
    parser.add_argument("--figures", type=Path, required=True, help="to write: a folder of PNG figures")
    parser.add_argument("--metrics", type=Path, required=True, help="to write: the summary")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
