"""Write the HTML report of the study in this folder again, with the date and the revision if wished.

`dvc repro` writes data/report/report.html itself, the same bytes for the same study. A stamped copy says also
when, where and from which revision it was made; it is never the pipeline's own file.
"""

import argparse
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from evidrift.base.errors import UserError

HELP = "write the study's HTML report again"
EPILOG = """\
examples:
  evidrift report --out for-the-meeting/
  evidrift report --stamp --out for-the-meeting/
"""
PIPELINES = Path("data/report")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--out", type=Path, default=Path("report"), metavar="DIR", help="folder to write to; default: report"
    )
    parser.add_argument("--stamp", action="store_true", help="add the date, the git revision and the path")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"), help="default: params.yaml")


def run(args: argparse.Namespace) -> int:
    """Write the report."""
    from evidrift.auditing.recording.listed import NAME as LIST
    from evidrift.base.section import read_params
    from evidrift.report.page.material import ReportFiles
    from evidrift.report.page.page import write_report
    from evidrift.report.terminal.tables import console

    if args.out.resolve() == PIPELINES.resolve():
        raise UserError(f"{PIPELINES} is the pipeline's own output. Give --out another folder.")
    if (args.out / LIST).exists():
        raise UserError(
            f"{args.out} holds an audit, whose report would be written over. Give --out another folder."
        )
    files = ReportFiles(
        Path("data/compare"), Path("data/drift"), Path("data/maps"), Path("data/images/store.h5")
    )
    for path in (files.tables / "summary.json", files.drift, files.maps, files.store):
        if not path.exists():
            raise UserError(
                f"{path} does not exist. `dvc repro` makes it, `dvc pull` fetches it from a remote. Run this "
                "where params.yaml lies."
            )
    stamp = _stamp() if args.stamp else None
    path = write_report(files, args.out, parameters=read_params(args.params), stamp=stamp)
    console().print(f"{path}")
    return 0


def _stamp() -> dict[str, str]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "revision": _revision(),
        "path": str(Path.cwd()),
    }


def _revision() -> str:
    """The git revision of this folder, marked where files differ from it."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown: no git repository"
    return found.stdout.strip()
