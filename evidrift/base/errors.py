"""The one kind of error that a user can mend, and its one place of printing."""

import sys
from collections.abc import Callable

from evidrift.base.faults import fault
from evidrift.base.keys import PIPELINE
from evidrift.base.output import outlive_output
from evidrift.base.sentence import Spelling, say, spelled
from evidrift.base.stopping import stopping


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
        print(f"error: {error.spelled(PIPELINE)}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        told = fault(error)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        sys.exit(1)
