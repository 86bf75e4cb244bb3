"""The verdict of what is not known, for those too who need no more of the claims."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the report asks here too
    from evidrift.claims.claim import Verdict

OPEN: "Verdict" = "not decidable"
