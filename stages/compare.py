"""Compare the architectures: tables, rankings, observed reversals, figures."""

import argparse
from pathlib import Path

from evidrift.base.errors import run
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
    args = parse_args()
    params = load_compare(args.params)
    files = StudyFiles(args.drift, args.checks, args.trajectory, args.models, args.histories, args.metrics)
    study = read_study(load_grid(args.params), files)
    result = compare(study, params)
    write_metrics(args.summary, result)
    write_tables(args.tables, result)
    write_summary(args.tables, study, result, study_context(study))
    sources = Sources(args.maps, args.images / STORE)
    draw_figures(args.figures, study, result, sources, params.cases)
    with (args.tables / "study.txt").open("w", encoding="utf-8") as file:
        print_result(result, console(file))
        print(f"Figures: {args.figures}", file=file)
    print(f"The study's tables: {args.tables}/study.txt")


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="the prepared images")
    parser.add_argument(
        "--models", type=Path, required=True, help="the folder of models and their test logits"
    )
    parser.add_argument("--maps", type=Path, required=True, help="the folder of map files")
    parser.add_argument("--drift", type=Path, required=True, help="the folder of drift tables")
    parser.add_argument("--checks", type=Path, required=True, help="the folder of the methods' checks")
    parser.add_argument("--trajectory", type=Path, required=True, help="the folder of drift along training")
    parser.add_argument("--histories", type=Path, required=True, help="the folder of training histories")
    parser.add_argument("--metrics", type=Path, required=True, help="the folder of the stages' metrics")
    parser.add_argument("--tables", type=Path, required=True, help="to write: a folder of CSV tables")
    parser.add_argument("--figures", type=Path, required=True, help="to write: a folder of PNG figures")
    parser.add_argument("--summary", type=Path, required=True, help="to write: the summary")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
