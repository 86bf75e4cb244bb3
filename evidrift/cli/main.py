"""The command `evidrift`: subcommands, one file each in this folder, loaded when they are asked for."""

import argparse
import difflib
import sys
import traceback
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import NoReturn

from evidrift.base.errors import UserError
from evidrift.base.process.faults import fault
from evidrift.base.process.output import lost_output, outlive_output
from evidrift.base.process.stopping import AGAIN, GOES_ON, leave_if_asked, stopping
from evidrift.base.shown import tell

COMMANDS = ("demo", "audit", "gate", "explain", "export", "report", "repro")
# The audit's exit code is its gate's: what could not be carried out could not be judged.
FAILED = {"audit": 2}
EPILOG = """\
examples:
  evidrift demo
  evidrift audit --before old.keras --after new.keras --images films/ --gate gate.yaml --out audit/
  evidrift gate --from old1.keras old2.keras old3.keras --images films/ --out gate.yaml
  evidrift explain film.png --model new.keras --out film-explained.png
  evidrift export densenet_mini 1 ft tuned.keras
  evidrift report --stamp
  evidrift repro --jobs 4

Each command has its own help with more examples: evidrift audit --help
The study itself is run by `make repro`, `evidrift repro` or `dvc repro`: see README.md.
"""


class Parser(argparse.ArgumentParser):
    """Argparse's, but with what was meant in its errors, and without abbreviations."""

    def __init__(self, **settings: object) -> None:
        super().__init__(
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **settings,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one sentence, and leave with exit code 2."""
        sentence = f"{message}{self._hint(message)}"
        end = "" if sentence.endswith("?") else "."
        tell(f"error: {sentence}{end} See `{self.prog} --help`.", sys.stderr)
        sys.exit(2)

    def _hint(self, message: str) -> str:
        wrong = message.rpartition(": ")[2].split()[:1]
        known = [name for action in self._actions for name in action.option_strings if len(name) > 2]
        if not message.startswith("unrecognized arguments") or not wrong:
            return ""
        close = difflib.get_close_matches(wrong[0].partition("=")[0], known, n=1)
        return f". Did you mean {close[0]}?" if close else ""


def main(words: list[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    outlive_output()
    words = sys.argv[1:] if words is None else words
    with stopping(GOES_ON if words[:1] == ["repro"] else AGAIN):
        _run(words)


def _run(words: list[str]) -> None:
    parser, name, command = _parser(words)
    args, unknown = parser.parse_known_args(words)  # prints --help or --version and leaves
    if unknown:
        command.error(f"unrecognized arguments: {' '.join(unknown)}")
    args.words = words
    if name is None:
        parser.print_help()
        sys.exit(0)
    try:
        code = _command(name).run(args)
        if (why := lost_output()) is not None:
            print(f"error: not all of this could be printed: {why[:1].lower()}{why[1:]}.", file=sys.stderr)
        sys.exit(code)
    except UserError as error:
        from evidrift.cli.spelling import FLAGS

        tell(f"error: {error.spelled(FLAGS)}", sys.stderr)
        sys.exit(FAILED.get(name, 1))
    except Exception as error:
        leave_if_asked()
        told = fault(error)
        if told is not None:
            tell(f"error: {told}", sys.stderr)
        else:  # a fault of ours: an audit was not judged, and must not look as if it had failed
            traceback.print_exc()
        sys.exit(FAILED.get(name, 1))


def _parser(words: list[str]) -> tuple[Parser, str | None, Parser]:
    """The parser for these words, the command that they name, and the parser of its options."""
    parser = Parser(
        prog="evidrift",
        description="Measures how far the visual evidence behind an image classifier moves when it is "
        "fine-tuned or retrained.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"evidrift {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    name = next((word for word in words if not word.startswith("-")), None)
    asked = parser
    for each in COMMANDS:
        module = _command(each)
        command = commands.add_parser(
            each, help=module.HELP, description=module.__doc__, epilog=module.EPILOG
        )
        module.add_arguments(command)
        command.add_argument("--quiet", action="store_true", help="no progress, only what came out")
        asked = command if each == name else asked
    if name is not None and name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(COMMANDS)}."
        parser.error(f"{name} is not a command. {hint}".rstrip("."))
    return parser, name, asked


def _version() -> str:
    try:
        return version("evidrift")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "of this checkout, not installed"


def _command(name: str) -> ModuleType:
    return import_module(f"evidrift.cli.{name}")


if __name__ == "__main__":
    main()
