"""The questions that were fixed before the sweep was run, and what its figures say to them.

A question about one architecture asks whether some point of the sweep, a *candidate*, meets all of its
conditions. The intervals of each condition hold together for all candidates of the question (Bonferroni), so
that it is `supported` in vain in at most 5 % of studies; all conditions of one candidate must be shown, which
needs no correction. It is `refuted` where each candidate is shown to miss one of its conditions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidrift.base.interval import mean_bounds
from evidrift.claims.claim import ALPHA, NAN, OPEN, Rules, Verdict
from evidrift.claims.estimate import Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.tradeoff.curve import Curve
from evidrift.tradeoff.evidence import LAYER, PRIMARY, Key
from evidrift.tradeoff.points import PLAIN, TL, Point
from evidrift.tradeoff.verdicts import Placed, placed

OCCLUSION: Key = (LAYER, "occlusion")
POINT_LOST = 0.01  # of accuracy, that protection may cost
HALF, QUARTER = 0.5, 0.25
VERSIONS = ("drift", "shared")  # raw drift, and what every training moves alike
VERSION_NAMES = {"drift": "drift", "shared": "shared drift", "": ""}


@dataclass(frozen=True)
class Condition:
    """One thing that is asked of a candidate.

    Attributes:
        what: in words.
        value, low, high: the figure, with its interval. What it must be the words say.
        verdict: whether the condition is met.
    """

    what: str
    value: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Candidate:
    """A point of the sweep, and what is asked of it; `beside` is told, but decides nothing."""

    point: str
    conditions: tuple[Condition, ...]
    beside: tuple[Condition, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Supported where all conditions are, refuted where one is."""
        found = [condition.verdict for condition in self.conditions]
        if "refuted" in found:
            return "refuted"
        return "supported" if found and set(found) == {"supported"} else OPEN


@dataclass(frozen=True)
class Answer:
    """What the figures say to one question.

    Attributes:
        question: T1 to T4, or T7.
        version: of which drift, a key of VERSION_NAMES.
        arch: architecture; empty in T7, which is of all.
        verdict: on it.
        candidates: with their conditions.
        cosmetic: in T3, candidates that meet the first two conditions and are shown to miss the third, that
            of the judge that was not optimised.
    """

    question: str
    version: str
    arch: str
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    cosmetic: tuple[str, ...] = ()


def answers_of(curve: Curve, tenth: Point | None, rules: Rules) -> list[Answer]:
    """T1 to T4 of one architecture, as far as the sweep has points that they ask about.

    Args:
        curve: of it.
        tenth: the point with a tenth of the learning rate and BatchNorm in inference mode; None where the
            sweep has none: T1 is not asked then.
        rules: when a verdict is given.
    """
    own = [point for point in curve.points if point == tenth]
    first = [_protected(curve, own, version, rules) for version in VERSIONS]
    third = [_mapped(curve, version, rules) for version in VERSIONS]
    asked = [*first, _averaged(curve, rules), *third, _focal(curve, rules)]
    return [each for each in asked if each.candidates]


def _protected(curve: Curve, points: Sequence[Point], version: str, rules: Rules) -> Answer:
    """T1: at least half of the drift is gone, at a cost of at most one point of accuracy."""
    candidates = [
        Candidate(
            str(point),
            (
                _less(curve, PRIMARY, point, version, HALF, ALPHA / len(points), rules),
                _accurate(curve, point, ALPHA / len(points)),
            ),
        )
        for point in points
    ]
    return Answer("T1", version, curve.architecture, some(candidates), tuple(candidates))


def _averaged(curve: Curve, rules: Rules) -> Answer:
    """T2: some share of `wise` lies below the dials' curve."""
    points = _of(curve, "wise")
    candidates = []
    for point in points:
        candidates.append(Candidate(str(point), _beside_dials(curve, point, ALPHA / len(points), rules)))
    return Answer("T2", "drift", curve.architecture, some(candidates), tuple(candidates))


def _beside_dials(curve: Curve, point: Point, alpha: float, rules: Rules) -> tuple[Condition, ...]:
    drifts = curve.figures[point].drifts.get(PRIMARY)
    found = placed(curve.gains(), drifts, point, alpha, rules) if drifts else Placed()
    ahead: Verdict = "supported" if found.verdict == "supported" else OPEN
    return (
        Condition("below the dials that were tried by", *found[:3], found.verdict),
        Condition("more accurate than any setting of a dial by", *found[3:5], np.inf, ahead),
    )


def _mapped(curve: Curve, version: str, rules: Rules) -> Answer:
    """T3: `features` or `maps` halves the drift of LayerCAM and takes a quarter of occlusion's."""
    points = [*_of(curve, "features"), *_of(curve, "maps")]
    alpha = ALPHA / max(len(points), 1)
    candidates = [
        Candidate(
            str(point),
            (
                _less(curve, PRIMARY, point, version, HALF, alpha, rules),
                _accurate(curve, point, alpha),
                _less(curve, OCCLUSION, point, version, QUARTER, alpha, rules),
            ),
            _beside_dials(curve, point, alpha, rules),
        )
        for point in points
    ]
    cosmetic = tuple(
        each.point
        for each in candidates
        if [condition.verdict for condition in each.conditions[:2]] == ["supported"] * 2
        and each.conditions[2].verdict == "refuted"
    )
    return Answer("T3", version, curve.architecture, some(candidates), tuple(candidates), cosmetic)


def _focal(curve: Curve, rules: Rules) -> Answer:
    """T4: `focal` halves negative flips and leaves drift as it was, to within the margin."""
    points = _of(curve, "focal")
    alpha = ALPHA / max(len(points), 1)
    candidates = []
    for point in points:
        figures, plain = curve.figures[point], curve.figures[PLAIN]
        flips = weighted_sum([(1.0, figures.flips), (-HALF, plain.flips)])
        tl, own, of_plain = (curve.evidence.right[each].astype(float) for each in (TL, point, PLAIN))
        low, high = _wider(curve, flips, tl * ((1 - own) - HALF * (1 - of_plain)), (-HALF, 1.0), alpha)
        met: Verdict = "supported" if high < 0 else "refuted" if low > 0 else OPEN
        fewer = Condition("negative flips less half of plain's", flips.value, low, high, met)
        drift = Condition("drift less plain's, within the margin", NAN, NAN, NAN, OPEN)
        before = figures.plain[PRIMARY].drift
        if figures.drift and before:
            found = estimate([figures.drift - before], "recipe")
            low, high = found.interval(alpha) if found.known else (NAN, NAN)
            verdict = OPEN
            if figures.drift.n_patients >= rules.min_patients:
                if max(-low, high) < rules.margin:
                    verdict = "supported"
                elif low > rules.margin or high < -rules.margin:
                    verdict = "refuted"
            drift = Condition(drift.what, found.value, low, high, verdict)
        candidates.append(Candidate(str(point), (fewer, drift)))
    return Answer("T4", "drift", curve.architecture, some(candidates), tuple(candidates))


def _of(curve: Curve, strategy: str) -> list[Point]:
    return [point for point in curve.points if point.strategy == strategy]


def _less(
    curve: Curve, key: Key, point: Point, version: str, share: float, alpha: float, rules: Rules
) -> Condition:
    """At least a share of plain's drift is gone, under a method."""
    what = f"{VERSION_NAMES[version]} by {key[1]} less {1 - share:g} of plain's"
    figures = curve.figures[point]
    own, plain = (
        getattr(each[key], version) if key in each else None for each in (figures.moved, figures.plain)
    )
    if own is None or plain is None or own.n_patients < rules.min_patients:
        return Condition(what, NAN, NAN, NAN, OPEN)
    return _condition(what, weighted_sum([(1.0, own), (share - 1, plain)]), alpha)


def _accurate(curve: Curve, point: Point, alpha: float) -> Condition:
    """At most one point of accuracy is lost against plain."""
    lost = curve.figures[PLAIN].gain - curve.figures[point].gain
    own, plain = (curve.evidence.right[each].astype(float) for each in (point, PLAIN))
    low, high = _wider(curve, lost, plain - own, (-1.0, 1.0), alpha)
    verdict: Verdict = "supported" if high <= POINT_LOST else "refuted" if low > POINT_LOST else OPEN
    return Condition("accuracy lost against plain, at most 0.01", lost.value, low, high, verdict)


def _wider(
    curve: Curve, figure: Quantity, values: np.ndarray, limits: tuple[float, float], alpha: float
) -> tuple[float, float]:
    """The interval of a mean of rare events: the wider of Student's and of bounds that hold however rare.

    Of events that no film shows, Student's interval is a point. The bounds are over patients; where they are
    the narrower, Student's, which has the trainings' noise too, stands.

    Args:
        curve: of one architecture.
        figure: the mean.
        values: of each image and training, (n, seeds).
        limits: the least and the most that one can be.
        alpha: error of the interval.
    """
    if not figure.seeds_known:
        return NAN, NAN
    patients = curve.evidence.patients
    # each patient's part, so that their mean is that over images
    share = np.bincount(patients, values.mean(axis=1)) / len(values) * len(np.unique(patients))
    most = np.bincount(patients).max() / len(values) * len(np.unique(patients))
    bounds = mean_bounds(share, limits[0] * most, limits[1] * most, alpha / 2, alpha / 2)
    found = estimate([figure], "recipe")
    low, high = found.interval(alpha) if found.known else (bounds.low, bounds.high)
    return min(low, bounds.low), max(high, bounds.high)


def _condition(what: str, figure: Quantity, alpha: float) -> Condition:
    """Met where the figure is shown to be below 0, missed where it is shown to be above."""
    found = estimate([figure], "recipe")
    low, high = found.interval(alpha) if found.known else (NAN, NAN)
    verdict: Verdict = "supported" if high < 0 else "refuted" if low > 0 else OPEN
    return Condition(what, found.value, low, high, verdict)


def some(candidates: Sequence[Candidate]) -> Verdict:
    """Whether some candidate meets all of its conditions."""
    found = {candidate.verdict for candidate in candidates}
    if "supported" in found:
        return "supported"
    return "refuted" if found == {"refuted"} else OPEN
