"""Write the HTML report from what compare found, the drift tables, the maps and the films."""

import argparse
from pathlib import Path

from evidrift.base.errors import run
from evidrift.base.section import read_params
from evidrift.images.store import STORE
from evidrift.report.page.material import ReportFiles
from evidrift.report.page.page import write_report


def main() -> None:
    """Run the stage."""
    args = parse_args()
    files = ReportFiles(args.tables, args.drift, args.maps, args.images / STORE)
    path = write_report(files, args.report, parameters=read_params(args.params))
    print(f"Report: {path}")


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True, help="the prepared images")
    parser.add_argument("--tables", type=Path, required=True, help="compare's folder of tables")
    parser.add_argument("--drift", type=Path, required=True, help="the folder of drift tables")
    parser.add_argument("--maps", type=Path, required=True, help="the folder of map files")
    parser.add_argument("--report", type=Path, required=True, help="to write: a folder with report.html")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
