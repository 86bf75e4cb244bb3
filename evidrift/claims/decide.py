"""Claims about architectures: has the evidence moved, who is more stable, does the method reverse it.

All claims are of the primary measure: normalised excess of 1 - overlap, at the layer that conclusions rest
on, on the common cohort. Three families of claims, each corrected by Holm on its own: `moved` (an
architecture and a method), `difference` (two architectures and a method), `reversal` (two architectures and
two methods).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from evidrift.base.sentence import Sentence, parameter, say
from evidrift.claims.claim import ALPHA, NAN, Claim, Kind, Rules, Verdict
from evidrift.claims.estimate import Estimand
from evidrift.claims.testing import Excesses, Pair, Tested, difference, moved, reversal

OF_THE_WAY = "of the way from floor to chance"
SUBJECT: dict[Kind, str] = {
    "moved": "movement beyond the floor",
    "difference": "difference",
    "reversal": "reversal",
}


def make_claims(
    excesses: Excesses,
    architectures: Sequence[str],
    methods: Sequence[str],
    rules: Rules,
    degenerate: Callable[[str, str, Pair], bool],
    estimand: Estimand,
) -> list[Claim]:
    """All claims of a study under one estimand.

    Args:
        excesses: of the primary measure; keys that are missing make no claim.
        architectures: in the grid's order.
        methods: attribution methods.
        rules: when a claim is decided.
        degenerate: whether two methods cannot disagree on two architectures: no reversal is ever called.
        estimand: what is random. Reversals are of the recipe alone.
    """
    pairs = list(combinations(architectures, 2))
    families = [
        [
            moved(excesses, name, method, rules, estimand)
            for method in methods
            for name in architectures
            if (name, method) in excesses
        ],
        [
            difference(excesses, pair, method, rules, estimand)
            for method in methods
            for pair in pairs
            if _known(excesses, pair, (method,))
        ],
    ]
    if estimand == "recipe":
        families.append(
            [
                reversal(excesses, pair, both, rules)
                for both in combinations(methods, 2)
                for pair in pairs
                if _known(excesses, pair, both) and not degenerate(*both, pair)
            ]
        )
    return [claim for family in families for claim in _decided(family, rules)]


def least_decided(claims: Iterable[Claim], again: Iterable[Claim], why: Sentence) -> list[Claim]:
    """Claims of which a second look, with other maps counted, finds the same; the rest are not decidable.

    Args:
        claims: the first look.
        again: the second, which may lack claims.
        why: the reason given where both disagree.
    """
    second = {claim.key: claim.finding for claim in again}
    return [
        claim
        if claim.verdict == "not decidable" or second.get(claim.key, claim.finding) == claim.finding
        else replace(claim, verdict="not decidable", reason=why)
        for claim in claims
    ]


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for their number, (n,), by Holm's step-down procedure (1979).

    statsmodels has the same, but has Python collect all its garbage at every call: a tenth of a second.
    """
    n = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * (n - np.arange(n)))
    corrected = np.empty(n)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def _known(excesses: Excesses, pair: Pair, methods: Sequence[str]) -> bool:
    return all((name, method) in excesses for name in pair for method in methods)


def _decided(family: list[Tested], rules: Rules) -> list[Claim]:
    """Holm over the family, then each claim's verdict and reason."""
    # what cannot be decided is not tested, so it does not weigh on the others
    p_values = [NAN if each.obstacle else each.claim.p for each in family]
    corrected = np.array(p_values, dtype=float)
    tested = np.isfinite(corrected)
    if tested.any():
        corrected[tested] = holm(corrected[tested])
    claims = []
    for each, p in zip(family, corrected, strict=True):
        seen = each.found.detectable(ALPHA / tested.sum()) if each.found and np.isfinite(p) else NAN
        claim = replace(each.claim, p_corrected=float(p), detectable=seen)
        verdict, reason = _verdict(claim, each, rules)
        claims.append(replace(claim, verdict=verdict, reason=reason))
    return claims


def _verdict(claim: Claim, tested: Tested, rules: Rules) -> tuple[Verdict, Sentence]:
    if tested.obstacle:
        return "not decidable", tested.obstacle.whole()
    if not np.isfinite(claim.p):
        return "not decidable", say(
            "All patients and seeds give the same value: there is nothing to judge it by."
        )
    size = _size(claim)
    p = "below 0.001" if claim.p_corrected < 0.001 else f"{claim.p_corrected:.3f}"
    subject = SUBJECT[claim.kind]
    # evidence that moves less than between two trainings is not what `moved` claims
    if claim.p_corrected <= ALPHA and (claim.kind != "moved" or claim.estimate > 0):
        small = say(", though less than {margin}", margin=parameter("margin"))
        return "supported", say(
            "{finding} by {size}, corrected p {p}{small}.",
            finding=_finding(claim),
            size=size,
            p=p,
            small=small if abs(claim.estimate) < rules.margin else "",
        )
    if tested.refuted:
        least = f"{rules.margin:g} {OF_THE_WAY}"
        return "refuted", say(f"A {subject} of {least} or more is excluded ({size}).")
    if claim.kind == "reversal" and claim.estimate <= 0:
        return "not decidable", say("No reversal is observed, and none is excluded.")
    return "not decidable", say(f"A {subject} is neither shown (corrected p {p}) nor excluded: {size}.")


def _size(claim: Claim) -> str:
    """The estimate with its interval; of a difference, the lead of the more stable one."""
    value, low, high = claim.lead
    return f"{value:z.2f} {OF_THE_WAY}, 95 % interval {low:z.2f} to {high:z.2f}"


def _finding(claim: Claim) -> str:
    if claim.kind == "moved":
        return "The evidence moves further than between two trainings"
    if claim.kind == "reversal":
        return "Each of the two is the more stable under one of the methods"
    return f"{claim.arch if claim.estimate < 0 else claim.other} is the more stable"
