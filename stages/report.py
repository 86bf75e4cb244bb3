"""Write the HTML report from what compare found, the drift tables, the maps and the films."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.section import read_params
from evidrift.images.store import STORE
from evidrift.report.page.material import ReportFiles
from evidrift.report.page.page import write_report


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("params", "images"),
        tables="compare's folder of tables",
        drift="the folder of drift tables",
        maps="the folder of map files",
        report="to write: a folder with report.html",
    )
    files = ReportFiles(args.tables, args.drift, args.maps, args.images / STORE)
    path = write_report(files, args.report, parameters=read_params(args.params))
    print(f"Report: {path}")


if __name__ == "__main__":
    run(main)
