"""The one kind of error that a user can mend, and its one place of printing."""

import difflib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from evidrift.base.keys import PIPELINE
from evidrift.base.process.faults import fault
from evidrift.base.process.output import outlive_output
from evidrift.base.process.stopping import stopping
from evidrift.base.sentence import Spelling, say, spelled
from evidrift.base.shown import tell


class UserError(Exception):
    """What was found, where, what was expected and what to do: shown without a traceback.

    The library names a parameter as its functions do; the edge that the user stands at spells it as a flag,
    or as a key of the parameter file.
    """

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told

    def spelled(self, spelling: Spelling) -> str:
        """The sentence in a medium's words."""
        return spelled(self.told, spelling)

    def about(self, thing: object) -> "UserError":
        """The same error with what it is about in front."""
        return UserError(say("{thing}: {told}", thing=thing, told=self.told))


def told(where: str, check_it: Callable[..., Any], *arguments: Any) -> list[str]:
    """The lines of the UserError that a call raises, each behind `where`; none if it raises none."""
    try:
        check_it(*arguments)
    except UserError as error:
        return [where + line for line in error.spelled(PIPELINE).splitlines()]
    return []


def likely(word: str, known: Sequence[str]) -> str:
    """A hint beside a word that is not known: the one that was likely meant, or else those that there are."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."


def run(main: Callable[[], None]) -> None:
    """Run the `main` of a stage or a tool, whatever becomes of its output.

    A UserError, in the parameter file's words, and what the machine refuses (a full disk, a folder that may
    not be written, no memory) are printed as a sentence each, and end the process with code 1.
    """
    outlive_output()
    try:
        with stopping():
            main()
    except UserError as error:
        tell(f"error: {error.spelled(PIPELINE)}", sys.stderr)
        sys.exit(1)
    except Exception as error:
        told = fault(error)
        if told is None:
            raise
        tell(f"error: {told}", sys.stderr)
        sys.exit(1)
