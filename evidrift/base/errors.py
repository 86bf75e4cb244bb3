"""The one kind of error that a user can mend, and its one place of printing."""

import sys
from collections.abc import Callable

from evidrift.base.keys import PIPELINE
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


def run(main: Callable[[], None]) -> None:
    """Run the `main` of a stage; print a UserError in the parameter file's words and leave with code 1."""
    try:
        main()
    except UserError as error:
        tell(f"error: {error.spelled(PIPELINE)}", sys.stderr)
        sys.exit(1)
