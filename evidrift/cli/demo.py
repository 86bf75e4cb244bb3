"""Audit two models that come with evidrift, on sixty films that it draws: see what an audit is, in a minute.

One model is in use. The other is to replace it, and is right more often. But it was trained on films in which
every healthy patient comes from a department that puts a letter of lead in the corner, and it reads the
letter.
"""

import argparse
import webbrowser
from pathlib import Path

HELP = "audit two models that come with evidrift: no data of your own is needed"
EPILOG = """\
examples:
  evidrift demo
  evidrift demo --out somewhere/ --no-open

Then the same with your own: evidrift audit --help
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="DIR", help="folder to write to; default: demo/"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open the report in a browser")


def run(args: argparse.Namespace) -> int:
    """Write the demo's files, audit them, and say what is seen; 0 unless something goes wrong."""
    from evidrift.foreign.apart.reading import prepare

    prepare()
    from evidrift.cli.audit import print_audit
    from evidrift.demo.demo import moral, write_demo
    from evidrift.report.terminal.tables import console

    to = console()
    demo = write_demo(args.out)
    if not args.quiet:
        to.print(f"{demo.folder} holds two models, a gate and {demo.n_films} films, drawn by a program.")
        to.print(f"$ {demo.command}", soft_wrap=True, style="bold")
    found = demo.audit(args.quiet)
    print_audit(found, to, args.quiet)
    to.print(moral(found))
    if found.report is not None and not args.no_open:
        webbrowser.open(found.report.resolve().as_uri())
    return 0
