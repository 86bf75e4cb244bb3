"""Claims about architectures: has the evidence moved, who is more stable, does the method reverse it.

All claims are of the primary measure, the moved share, at the layer that conclusions rest on, on the common
cohort. Families are declared in advance. *Primary* is the paper's question: the reversals between LayerCAM
and Grad-CAM++. Everything else is *exploratory*, a family for each kind of claim. Each family is corrected by
Bonferroni for its number of claims, and so is the interval beside each verdict.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from evidrift.base.sentence import Sentence, parameter, say
from evidrift.claims.claim import ALPHA, Claim, Kind, Rules, Verdict
from evidrift.claims.estimate import Estimand
from evidrift.claims.testing import (
    Measured,
    Pair,
    Tested,
    difference,
    moved,
    noise_of,
    preserved,
    reversal,
)

UNIT: dict[Kind, str] = {
    "moved": "of the strongest evidence",
    "difference": "of the strongest evidence",
    "reversal": "of the strongest evidence",
    "preserved": "of the scale",
}
SUBJECT: dict[Kind, str] = {
    "moved": "shared drift",
    "difference": "difference",
    "reversal": "reversal",
    "preserved": "drift",
}


def make_claims(
    measured: Measured,
    architectures: Sequence[str],
    methods: Sequence[str],
    rules: Rules,
    degenerate: Callable[[str, str, Pair], bool],
    estimand: Estimand,
) -> list[Claim]:
    """All claims of a study under one estimand.

    Args:
        measured: quantities of the primary measure; keys that are missing make no claim.
        architectures: in the grid's order.
        methods: attribution methods.
        rules: when a claim is decided.
        degenerate: whether two methods cannot disagree on two architectures: no reversal is ever called.
        estimand: what is random. Shared drift and reversals are of the recipe alone.
    """
    noise = noise_of(measured)
    pairs = list(combinations(architectures, 2))
    single = [(name, method) for method in methods for name in architectures if (name, method) in measured]
    families = [
        [
            difference(measured, noise, pair, method, rules, estimand)
            for method in methods
            for pair in pairs
            if _known(measured, pair, (method,))
        ],
        [preserved(measured, noise, name, method, rules, estimand) for name, method in single],
    ]
    if estimand == "recipe":
        families.insert(0, [moved(measured, noise, name, method, rules) for name, method in single])
        reversals = [
            reversal(measured, noise, pair, both, rules)
            for both in combinations(methods, 2)
            for pair in pairs
            if _known(measured, pair, both) and not degenerate(*both, pair)
        ]
        families += [
            [each for each in reversals if (each.claim.family == "primary") == is_primary]
            for is_primary in (True, False)
        ]
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


def _known(measured: Measured, pair: Pair, methods: Sequence[str]) -> bool:
    return all((name, method) in measured for name in pair for method in methods)


def _decided(family: list[Tested], rules: Rules) -> list[Claim]:
    """Each claim's interval, corrected p, verdict and reason."""
    # what cannot be decided is not tested, so it does not weigh on the others
    tested = [not each.obstacle and bool(np.isfinite(each.claim.p)) for each in family]
    n = max(sum(tested), 1)
    alpha = ALPHA / n
    claims = []
    for each, counts in zip(family, tested, strict=True):
        claim = replace(each.claim, n_claims=n)
        if each.interval:
            low, high = each.interval(alpha)
            claim = replace(claim, low=low, high=high)
        if counts:
            seen = each.detectable(alpha) if each.detectable else claim.detectable
            claim = replace(claim, p_corrected=min(1.0, n * claim.p), detectable=seen)
        verdict, reason = _verdict(claim, each, rules, alpha)
        claims.append(replace(claim, verdict=verdict, reason=reason))
    return claims


def _verdict(claim: Claim, tested: Tested, rules: Rules, alpha: float) -> tuple[Verdict, Sentence]:
    if tested.obstacle:
        return "not decidable", tested.obstacle.whole()
    if not np.isfinite(claim.p):
        return "not decidable", say(
            "All patients and seeds give the same value: there is nothing to judge it by."
        )
    size = _size(claim)
    subject = SUBJECT[claim.kind]
    if claim.kind == "preserved":
        limit = f"{rules.preserved:g} of the scale"
        if claim.high < rules.preserved:
            return "supported", say(f"The drift is below {limit}: {size}.")
        if tested.refuted(alpha):
            return "refuted", say(f"The drift is above {limit}: {size}.")
        return "not decidable", say(f"The drift is neither shown to be below {limit} nor above: {size}.")
    # what lies below 0 speaks against a shared drift, which is a squared distance
    if claim.low > 0 or (claim.kind == "difference" and claim.high < 0):
        small = say(", though less than {margin}", margin=parameter("margin"))
        return "supported", say(
            "{finding}: {size}{small}.",
            finding=_finding(claim),
            size=size,
            small=small if abs(claim.estimate) < rules.margin else "",
        )
    if tested.refuted(alpha):
        return "refuted", say(
            f"A {subject} of {rules.margin:g} {UNIT[claim.kind]} or more is excluded: {size}."
        )
    if claim.kind == "reversal" and claim.estimate <= 0:
        return "not decidable", say("No reversal is observed, and none is excluded.")
    return "not decidable", say(f"A {subject} is neither shown nor excluded: {size}.")


def _size(claim: Claim) -> str:
    """The estimate with its simultaneous interval; of a difference, the lead of the more stable one."""
    value, low, high = claim.lead
    together = f" (all {claim.n_claims} of its kind together)" if claim.n_claims > 1 else ""
    return f"{value:z.2f} {UNIT[claim.kind]}, 95 % interval {low:z.2f} to {high:z.2f}{together}"


def _finding(claim: Claim) -> str:
    if claim.kind == "moved":
        return "Every training moves the evidence alike"
    if claim.kind == "reversal":
        return "Each of the two is the more stable under one of the methods"
    return f"{claim.arch if claim.estimate < 0 else claim.other} is the more stable"
