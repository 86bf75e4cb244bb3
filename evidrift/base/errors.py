"""The one kind of error that a user can mend, and its one place of printing."""

import sys
from collections.abc import Callable


class UserError(Exception):
    """What was found, where, what was expected and what to do: shown without a traceback."""


def run(main: Callable[[], None]) -> None:
    """Run a command's `main`; print a UserError as its sentence and leave with exit code 1."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
