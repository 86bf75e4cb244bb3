"""The tests behind the claims: each architecture's movement, differences between two, and reversals.

A claim's test is of the same Student's t as its interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from evidrift.base.sentence import NOTHING_SAID, Sentence, parameter, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.claim import ALPHA, NAN, Claim, Kind, Rules
from evidrift.claims.estimate import Estimand, Estimate, Quantity, estimate
from evidrift.claims.excess import Excess

Excesses = Mapping[tuple[str, str], Excess]  # by architecture and method
Pair = tuple[str, str]
WHAT_IS_RANDOM = {"recipe": "patients and seeds", "these checkpoints": "patients"}
TESTS: dict[Kind, str] = {
    "moved": "Student's t over {}, two-sided",
    "difference": "Student's t over {}, two-sided",
    "reversal": "the larger of two one-sided t tests over {}, doubled for the two directions",
}


@dataclass(frozen=True)
class Tested:
    """What a claim is decided from.

    Attributes:
        claim: as far as it is known; its verdict is still open.
        obstacle: why nothing can be decided, as a clause; else empty.
        refuted: it is excluded at the margin.
        found: the estimate behind it, where it is a single one.
    """

    claim: Claim
    obstacle: Sentence
    refuted: bool = False
    found: Estimate | None = None


def moved(excesses: Excesses, name: str, method: str, rules: Rules, estimand: Estimand) -> Tested:
    """Does the evidence of an architecture move further than between two trainings?"""
    claim = _claim("moved", estimand, (name, ""), (method, ""), excesses)
    obstacle = _obstacle({name: excesses[name, method]}, method, rules, estimand)
    normalised = excesses[name, method].normalised
    if normalised is None:
        return Tested(claim, obstacle)
    found = estimate([normalised], estimand)
    claim = _with_estimate(claim, found, [normalised])
    return Tested(claim, obstacle, claim.high < rules.margin, found)


def difference(excesses: Excesses, pair: Pair, method: str, rules: Rules, estimand: Estimand) -> Tested:
    """Is one of two architectures more stable than the other?"""
    claim = _claim("difference", estimand, pair, (method, ""), excesses)
    obstacle = _obstacle({name: excesses[name, method] for name in pair}, method, rules, estimand)
    parts = _parts(excesses, pair, method)
    if not parts:
        return Tested(claim, obstacle)
    found = estimate(parts, estimand)
    claim = _with_estimate(claim, found, parts)
    return Tested(claim, obstacle, max(-claim.low, claim.high) < rules.margin, found)


def reversal(excesses: Excesses, pair: Pair, methods: Pair, rules: Rules) -> Tested:
    """Is one of two architectures the more stable under one method, and the other one under another?

    Each lead is shown one-sided at half the level, since there are two directions in which the methods may
    disagree (docs/design.md, Claims and verdicts). In each direction both leads must be there, so the larger
    p counts, and the smaller lead is the size of the reversal.
    """
    claim = _claim("reversal", "recipe", pair, methods, excesses)
    obstacles = [
        _obstacle({name: excesses[name, method] for name in pair}, method, rules, "recipe")
        for method in methods
    ]
    obstacle = next(filter(None, obstacles), NOTHING_SAID)
    one, two = (_parts(excesses, pair, method) for method in methods)
    if not one or not two:
        return Tested(claim, obstacle)
    here, there = (estimate(parts, "recipe") for parts in (one, two))
    # in the first, `arch` is the more stable under `method` and `other` under `against`
    directions = [(_negated(here), there), (here, _negated(there))]
    observed = max(directions, key=_smaller)
    p = min(1.0, 2 * min(max(lead.p_above() for lead in leads) for leads in directions))
    crossed = estimate([mine - others for mine, others in zip(one, two, strict=True)], "recipe")
    interaction_low, interaction_high = crossed.interval()
    claim = replace(
        claim,
        estimate=_smaller(observed),
        low=min(lead.interval()[0] for lead in observed),
        high=_largest(observed),
        interaction=crossed.value,
        interaction_low=interaction_low,
        interaction_high=interaction_high,
        p=p if here.error > 0 and there.error > 0 else NAN,
        n_patients=min(part.n_patients for part in one + two),
        n_images=min(part.n_images for part in one + two),
    )
    return Tested(claim, obstacle, max(map(_largest, directions)) < rules.margin)


def signed_rank(values: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's signed-rank test that the values lie around 0, two-sided, and its effect size.

    Returns:
        p-value, and the matched-pairs rank-biserial correlation (Kerby 2014): the share of the rank sum that
        is positive minus the share that is negative, -1 to 1. NaN where all values are 0.
    """
    values = values[values != 0]
    if not len(values):
        return NAN, NAN
    ranks = stats.rankdata(np.abs(values))
    return float(stats.wilcoxon(values).pvalue), float(np.sum(np.sign(values) * ranks) / ranks.sum())


def _negated(one: Estimate) -> Estimate:
    return replace(one, value=-one.value)


def _smaller(leads: tuple[Estimate, Estimate]) -> float:
    return min(lead.value for lead in leads)


def _largest(leads: tuple[Estimate, Estimate]) -> float:
    """The largest reversal in a direction that is not excluded."""
    return min(lead.interval()[1] for lead in leads)


def _parts(excesses: Excesses, pair: Pair, method: str) -> list[Quantity]:
    """The first architecture's normalised excess, and the second's with the other sign; or nothing."""
    first, second = (excesses[name, method].normalised for name in pair)
    return [] if first is None or second is None else [first, -second]


def _claim(kind: Kind, estimand: Estimand, pair: Pair, methods: Pair, excesses: Excesses) -> Claim:
    """A claim without its estimate."""
    mine = excesses[pair[0], methods[0]]
    others = excesses.get((pair[1], methods[0]))
    return Claim(
        kind,
        estimand,
        *pair,
        *methods,
        test=TESTS[kind].format(WHAT_IS_RANDOM[estimand]),
        n_seeds=mine.drift.n_seeds if mine.drift else 0,
        drift=_value(mine.drift),
        floor=_value(mine.floor),
        chance=_value(mine.chance),
        other_drift=_value(others.drift) if others else NAN,
        other_floor=_value(others.floor) if others else NAN,
        other_chance=_value(others.chance) if others else NAN,
    )


def _value(part: Quantity | None) -> float:
    return part.value if part else NAN


def _with_estimate(claim: Claim, found: Estimate, parts: list[Quantity]) -> Claim:
    low, high = found.interval()
    values = _patients_values(parts)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    wilcoxon_p, wilcoxon_effect = signed_rank(values)
    return replace(
        claim,
        estimate=found.value,
        low=low,
        high=high,
        p=found.p_two_sided(),
        effect_size=found.value / spread if spread > 0 else NAN,
        wilcoxon_p=wilcoxon_p,
        wilcoxon_effect=wilcoxon_effect,
        n_patients=min(part.n_patients for part in parts),
        n_images=min(part.n_images for part in parts),
    )


def _patients_values(parts: list[Quantity]) -> np.ndarray:
    """What each patient says of the sum of the parts; the mean is the estimate."""
    measured = np.logical_and.reduce([part.measured for part in parts])
    own = [part.value + part.weights.mean(axis=1)[measured] * part.n_patients for part in parts]
    return np.sum(own, axis=0)


def _obstacle(excesses: Mapping[str, Excess], method: str, rules: Rules, estimand: Estimand) -> Sentence:
    """Why no claim about these architectures under a method can be decided; empty where one can."""
    for name, each in excesses.items():
        terms = {"arch": name, "method": as_term(method)}
        if each.drift is None:
            return say("{arch} has no usable map under {method} in the common cohort", **terms)
        if each.drift.n_seeds == 1:
            return say(
                "with one seed there is no floor, so drift cannot be told from the noise between trainings"
            )
        if estimand == "recipe" and each.drift.n_seeds == 2:
            return say(
                "two seeds make one pair of trainings for the floor, which cannot show how far the floor "
                "depends on the seeds: three are needed"
            )
        if each.drift.n_patients < rules.min_patients:
            return say(
                "{n} patients of the common cohort were measured under {method}, fewer than {parameter}, "
                "{least}",
                n=each.drift.n_patients,
                parameter=parameter("min_patients"),
                least=rules.min_patients,
                **terms,
            )
        if each.floor is None:
            return say("{arch} has no usable pair of seeds under {method}, so no floor", **terms)
        if each.chance is None:
            return say("chance is missing: it needs two patients of one class among the test images")
        if each.room is None or not estimate([each.room], estimand).p_above() <= ALPHA / 2:
            return say("chance is not shown to lie above the floor for {arch} under {method}", **terms)
    return NOTHING_SAID
