"""Who is the most and who the least stable under each method: read off the claims about differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evidrift.base.sentence import Sentence, parameter, say
from evidrift.claims.claim import Claim, Verdict

Place = Literal["most stable", "least stable"]


@dataclass(frozen=True)
class Extreme:
    """The architecture that comes first or last under a method, and whether that is shown.

    Attributes:
        method: attribution method.
        place: `most stable` or `least stable`.
        arch: that it is, as observed; empty where no order is observed.
        verdict: `supported`: its difference from every other one is. `refuted`: another is shown to be as
            stable to within the margin. `not decidable`: neither.
        reason: one sentence.
    """

    method: str
    place: Place
    arch: str
    verdict: Verdict
    reason: Sentence


def extremes(claims: Sequence[Claim]) -> list[Extreme]:
    """Most and least stable architecture by method, from the recipe's claims about differences.

    No further test is made, so that no further correction is needed: all differences hold at 5 % together.
    """
    differences = [claim for claim in claims if claim.kind == "difference" and claim.estimand == "recipe"]
    places: tuple[Place, Place] = ("most stable", "least stable")
    return [
        _extreme([claim for claim in differences if claim.method == method], method, place)
        for method in dict.fromkeys(claim.method for claim in differences)
        for place in places
    ]


def _extreme(claims: list[Claim], method: str, place: Place) -> Extreme:
    lead: dict[str, list[float]] = {}  # by architecture, its advantages over the others; NaN if unknown
    for claim in claims:
        sign = 1 if place == "most stable" else -1
        lead.setdefault(claim.arch, []).append(-sign * claim.estimate)
        lead.setdefault(claim.other, []).append(sign * claim.estimate)
    first = next((arch for arch, leads in lead.items() if all(each > 0 for each in leads)), "")
    if not first:
        return Extreme(method, place, "", "not decidable", claims[0].reason)
    own = [claim for claim in claims if first in (claim.arch, claim.other)]
    open_ones = [claim for claim in own if claim.verdict == "not decidable"]
    equal = [claim for claim in own if claim.verdict == "refuted"]
    if equal:
        told = "{rivals} is as stable to within {margin}."
        reason = say(told, rivals=_rivals(equal, first), margin=parameter("margin"))
        return Extreme(method, place, first, "refuted", reason)
    if open_ones:
        reason = say("Its difference from {rivals} is not shown.", rivals=_rivals(open_ones, first))
        return Extreme(method, place, first, "not decidable", reason)
    reason = say("Its difference from every other architecture is shown.")
    return Extreme(method, place, first, "supported", reason)


def _rivals(claims: list[Claim], name: str) -> str:
    return " and ".join(claim.other if claim.arch == name else claim.arch for claim in claims)
