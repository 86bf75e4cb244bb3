"""Which of the claims about one and the same thing is shown, where there is room for one."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the report asks here too, and needs no more of the claims
    from evidrift.claims.claim import Verdict

OPEN: "Verdict" = "not decidable"


def decided(claim: Any) -> bool:
    """Whether a claim has a verdict other than `not decidable`."""
    return bool(claim.verdict != OPEN)


def best_known(claims: Iterable[Any], answers: Callable[[Any], bool] = decided) -> Any | None:
    """The claim about the recipe where it answers the question, else that about these checkpoints.

    The recipe speaks of other patients and other trainings, which is more than of these checkpoints; but with
    few trainings nothing may be known of it.

    Args:
        claims: of one kind, architecture and method, at most one an estimand; of the class `Claim`, or rows
            of the table of claims.
        answers: the question: by default whether the claim is decided.

    Returns:
        The recipe's claim too where there is no other; None without any.
    """
    by_estimand = {claim.estimand: claim for claim in claims}
    recipe = by_estimand.get("recipe")
    if recipe is not None and answers(recipe):
        return recipe
    return by_estimand.get("these checkpoints", recipe)
