"""What each claim is decided from: shared drift, differences of drift, reversals, and drift over scale.

A claim's test is of the same Student's t as its interval.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from evidrift.base.sentence import NOTHING_SAID, Sentence, parameter, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.claim import NAN, Claim, Family, Kind, Rules
from evidrift.claims.estimate import POWER, Estimand, Estimate, Quantity, estimate, moderated
from evidrift.claims.quantities import Quantities

Measured = Mapping[tuple[str, str], Quantities]  # by architecture and method
Pair = tuple[str, str]
WHAT_IS_RANDOM = {"recipe": "patients and seeds", "these checkpoints": "patients"}
TESTS: dict[Kind, str] = {
    "moved": "Student's t over {}, two-sided",
    "difference": "Student's t over {}, two-sided",
    "preserved": "Student's t over {}, two-sided, against the stated share of the scale",
    "reversal": "the larger of two one-sided t tests over {}, doubled for the two directions",
}
# The paper's question.
PRIMARY = {"layer_cam", "grad_cam_pp"}


@dataclass(frozen=True)
class Noise:
    """The quantities that claims are made of, with what their trainings' noise is taken to be.

    Attributes:
        drift, shared, over_scale: by architecture and method; those that could be estimated.
    """

    drift: Mapping[Pair, Quantity]
    shared: Mapping[Pair, Quantity]
    over_scale: Mapping[Pair, Quantity]


@dataclass(frozen=True)
class Tested:
    """What a claim is decided from.

    Attributes:
        claim: as far as it is known before the number of claims is.
        obstacle: why nothing can be decided, as a clause; else empty.
        interval: its interval at an error of alpha; None where there is no estimate.
        refuted: whether an interval excludes all of the margin's size, by alpha.
        detectable: the true value that would be found with a power of 80 % at an error of alpha.
    """

    claim: Claim
    obstacle: Sentence
    interval: Callable[[float], tuple[float, float]] | None = None
    refuted: Callable[[float], bool] = lambda alpha: False
    detectable: Callable[[float], float] | None = None


def noise_of(measured: Measured) -> Noise:
    """All quantities, their seed variances moderated over architectures."""
    return Noise(
        *(
            moderated({key: part for key, each in measured.items() if (part := getattr(each, name))})
            for name in ("drift", "shared", "over_scale")
        )
    )


def moved(measured: Measured, noise: Noise, name: str, method: str, rules: Rules) -> Tested:
    """Does every training move the evidence of an architecture alike? A question about the recipe alone."""
    claim = _claim("moved", "recipe", (name, ""), (method, ""), measured)
    obstacle = _obstacle(measured, (name,), method, rules, "recipe", seeds=3)
    part = noise.shared.get((name, method))
    if part is None:
        return Tested(claim, obstacle or say("{arch} has no shared drift to estimate", arch=name))
    found = estimate([part], "recipe")
    return Tested(
        _with_estimate(claim, found, [part]),
        obstacle,
        found.interval,
        lambda alpha: found.interval(alpha)[1] < rules.margin,
        found.detectable,
    )


def difference(
    measured: Measured, noise: Noise, pair: Pair, method: str, rules: Rules, estimand: Estimand
) -> Tested:
    """Is one of two architectures more stable than the other?"""
    claim = _claim("difference", estimand, pair, (method, ""), measured)
    obstacle = _obstacle(measured, pair, method, rules, estimand)
    parts = _parts(noise, pair, method)
    if not parts:
        return Tested(claim, obstacle)
    found = estimate(parts, estimand)
    wilcoxon_p, wilcoxon_effect = signed_rank(_patients_values(parts))
    claim = replace(
        _with_estimate(claim, found, parts), wilcoxon_p=wilcoxon_p, wilcoxon_effect=wilcoxon_effect
    )

    def refuted(alpha: float) -> bool:
        low, high = found.interval(alpha)
        return max(-low, high) < rules.margin

    return Tested(claim, obstacle, found.interval, refuted, found.detectable)


def preserved(
    measured: Measured, noise: Noise, name: str, method: str, rules: Rules, estimand: Estimand
) -> Tested:
    """Is the drift below the stated share of the scale? Non-inferiority of the evidence."""
    claim = _claim("preserved", estimand, (name, ""), (method, ""), measured)
    obstacle = _obstacle(measured, (name,), method, rules, estimand)
    part = noise.over_scale.get((name, method))
    if part is None:
        return Tested(claim, obstacle or say("scale is missing: it needs two patients of one class"))
    # of fewer patients than the drift, where one stands alone in its class
    obstacle = obstacle or _too_few(part, method, rules)
    found = estimate([part], estimand)
    claim = replace(_with_estimate(claim, found, [part]), p=found.p_two_sided(rules.preserved))
    return Tested(
        claim,
        obstacle,
        found.interval,
        lambda alpha: found.interval(alpha)[0] > rules.preserved,
        found.detectable,
    )


def reversal(measured: Measured, noise: Noise, pair: Pair, methods: Pair, rules: Rules) -> Tested:
    """Is one of two architectures the more stable under one method, and the other one under another?

    Each lead is shown one-sided at half the level, since there are two directions in which the methods may
    disagree (docs/design.md, Claims and verdicts). In each direction both leads must be there, so the larger
    p counts, and the smaller lead is the size of the reversal.
    """
    claim = _claim("reversal", "recipe", pair, methods, measured)
    obstacles = [_obstacle(measured, pair, method, rules, "recipe") for method in methods]
    obstacle = next(filter(None, obstacles), NOTHING_SAID)
    one, two = (_parts(noise, pair, method) for method in methods)
    if not one or not two:
        return Tested(claim, obstacle)
    here, there = (estimate(parts, "recipe") for parts in (one, two))
    # in the first, `arch` is the more stable under `method` and `other` under `against`
    directions = [(_negated(here), there), (here, _negated(there))]
    observed = max(directions, key=lambda leads: min(lead.value for lead in leads))
    p = min(1.0, 2 * min(max(lead.p_above() for lead in leads) for leads in directions))
    crossed = estimate(_interaction(noise, pair, methods), "recipe")
    interaction_low, interaction_high = crossed.interval()
    claim = replace(
        claim,
        estimate=min(lead.value for lead in observed),
        interaction=crossed.value,
        interaction_low=interaction_low,
        interaction_high=interaction_high,
        p=p if here.known and there.known else NAN,
        n_patients=min(part.n_patients for part in one + two),
        n_images=min(part.n_images for part in one + two),
    )

    def interval(alpha: float) -> tuple[float, float]:
        """Of the reversal in either direction: what is excluded must be so in both."""
        bounds = np.array([[lead.interval(alpha) for lead in leads] for leads in directions])
        low, high = bounds.min(axis=1).max(axis=0)
        return float(low), float(high)

    def detectable(alpha: float) -> float:
        """Both leads must be found: with the root of the power each, if they were independent."""
        return max(lead.detectable(alpha, float(np.sqrt(POWER))) for lead in (here, there))

    return Tested(claim, obstacle, interval, lambda alpha: interval(alpha)[1] < rules.margin, detectable)


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


def _parts(noise: Noise, pair: Pair, method: str) -> list[Quantity]:
    """The first architecture's drift, and the second's with the other sign; or nothing."""
    first, second = (noise.drift.get((name, method)) for name in pair)
    return [] if first is None or second is None else [first, -second]


def _interaction(noise: Noise, pair: Pair, methods: Pair) -> list[Quantity]:
    """Both architectures' difference between the two methods, the second's with the other sign."""
    between = {
        (name, *methods): noise.drift[name, methods[0]] - noise.drift[name, methods[1]]
        for name in dict.fromkeys(name for name, _ in noise.drift)
        if all((name, method) in noise.drift for method in methods)
    }
    found = moderated(between)
    return [found[(pair[0], *methods)], -found[(pair[1], *methods)]]


def _claim(kind: Kind, estimand: Estimand, pair: Pair, methods: Pair, measured: Measured) -> Claim:
    """A claim without its estimate."""
    mine = measured[pair[0], methods[0]]
    others = measured.get((pair[1], methods[0]))
    family: Family = "primary" if kind == "reversal" and set(methods) == PRIMARY else "exploratory"
    return Claim(
        kind,
        family,
        estimand,
        *pair,
        *methods,
        test=TESTS[kind].format(WHAT_IS_RANDOM[estimand]),
        n_seeds=mine.drift.n_seeds if mine.drift else 0,
        drift=_value(mine.drift),
        shared=_value(mine.shared),
        scale=_value(mine.scale),
        other_drift=_value(others.drift) if others else NAN,
    )


def _value(part: Quantity | None) -> float:
    return part.value if part else NAN


def _with_estimate(claim: Claim, found: Estimate, parts: list[Quantity]) -> Claim:
    values = _patients_values(parts)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return replace(
        claim,
        estimate=found.value,
        p=found.p_two_sided(),
        effect_size=found.value / spread if spread > 0 else NAN,
        n_patients=min(part.n_patients for part in parts),
        n_images=min(part.n_images for part in parts),
    )


def _patients_values(parts: list[Quantity]) -> np.ndarray:
    """What each patient says of the sum of the parts; the mean is the estimate."""
    measured = np.logical_and.reduce([part.measured for part in parts])
    own = [part.value + part.weights.mean(axis=1)[measured] * part.n_patients for part in parts]
    return np.sum(own, axis=0)


def _obstacle(
    measured: Measured, names: tuple[str, ...], method: str, rules: Rules, estimand: Estimand, seeds: int = 2
) -> Sentence:
    """Why no claim about these architectures under a method can be decided; empty where one can."""
    for name in names:
        drift = measured[name, method].drift
        terms = {"arch": name, "method": as_term(method)}
        if drift is None:
            return say(
                "{arch} has no image in the common cohort whose map by {method} can be used under every seed",
                **terms,
            )
        if estimand == "recipe" and not drift.seeds_known:
            return say(
                "with one training nothing is known of how far another would differ: two are needed, and "
                "three to tell with any certainty"
            )
        if estimand == "recipe" and drift.n_seeds < seeds:
            return say(
                "two seeds make one pair of trainings, which cannot show how far the shared drift depends on "
                "the seeds: three are needed"
            )
        if too_few := _too_few(drift, method, rules):
            return too_few
    return NOTHING_SAID


def _too_few(part: Quantity, method: str, rules: Rules) -> Sentence:
    """That too few patients were measured; empty where there are enough."""
    if part.n_patients >= rules.min_patients:
        return NOTHING_SAID
    return say(
        "{n} patients of the common cohort were measured under {method}, fewer than {parameter}, {least}",
        n=part.n_patients,
        method=as_term(method),
        parameter=parameter("min_patients"),
        least=rules.min_patients,
    )
