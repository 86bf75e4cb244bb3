"""The questions that were fixed before the sweep was run, and what its figures say to them.

A question about one architecture asks whether some point of the sweep, a *candidate*, meets all of its
conditions. The intervals of each condition hold together for all candidates of the question (Bonferroni), so
that it is `supported` in vain in at most 5 % of studies; all conditions of one candidate must be shown, which
needs no correction. It is `refuted` where each candidate is shown to miss one of its conditions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from evidrift.claims.claim import ALPHA, NAN, OPEN, Rules, Verdict
from evidrift.claims.estimate import Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.claims.quantities import Quantities, quantities
from evidrift.claims.testing import noise_of, reversal
from evidrift.tradeoff.below import distance_below, verdict_on
from evidrift.tradeoff.curve import Curve, restricted
from evidrift.tradeoff.evidence import LAYER, PRIMARY, Evidence, Key
from evidrift.tradeoff.points import PLAIN, TL, Point

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
        value, low, high: the figure that must lie below 0 (or above, in T2), with its interval.
        verdict: whether the condition is met.
    """

    what: str
    value: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Candidate:
    """A point of the sweep, and what is asked of it."""

    point: str
    conditions: tuple[Condition, ...]

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
        cosmetic: in T3, candidates that meet all conditions but those of the judge that was not optimised.
    """

    question: str
    version: str
    arch: str
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    cosmetic: tuple[str, ...] = ()


def answers_of(curve: Curve, tenth: Point | None, rules: Rules) -> list[Answer]:
    """T1 to T4 of one architecture.

    Args:
        curve: of it.
        tenth: the point with a tenth of the learning rate; None, or no point, where the sweep has none.
        rules: when a verdict is given.
    """
    own = [point for point in curve.points if point == tenth]
    first = [_protected(curve, own, version, rules) for version in VERSIONS]
    third = [_mapped(curve, version, rules) for version in VERSIONS]
    return [*first, _averaged(curve, rules), *third, _focal(curve, rules)]


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
    return Answer("T1", version, curve.architecture, _some(candidates), tuple(candidates))


def _averaged(curve: Curve, rules: Rules) -> Answer:
    """T2: some share of `wise` lies below the dials' curve."""
    points = _of(curve, "wise")
    drifts = curve.drifts()
    rivals = [TL, *(each for each in curve.points if each.role in ("plain", "dial"))]
    candidates = []
    for point in points if drifts else ():
        found = distance_below(curve.gains(), drifts, point, rivals)
        low, high = found.interval(ALPHA / len(points)) if found else (NAN, NAN)
        verdict = verdict_on(low, high, drifts[point].n_patients, rules)
        value = found.value if found else NAN
        condition = Condition("below the dials' curve by", value, low, high, verdict)
        candidates.append(Candidate(str(point), (condition,)))
    return Answer("T2", "drift", curve.architecture, _some(candidates), tuple(candidates))


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
        )
        for point in points
    ]
    cosmetic = tuple(
        each.point
        for each in candidates
        if [condition.verdict for condition in each.conditions[:2]] == ["supported"] * 2
        and each.conditions[2].verdict != "supported"
    )
    return Answer("T3", version, curve.architecture, _some(candidates), tuple(candidates), cosmetic)


def _focal(curve: Curve, rules: Rules) -> Answer:
    """T4: `focal` halves negative flips and leaves drift as it was, to within the margin."""
    points = _of(curve, "focal")
    alpha = ALPHA / max(len(points), 1)
    candidates = []
    for point in points:
        figures, plain = curve.figures[point], curve.figures[PLAIN]
        flips = weighted_sum([(1.0, figures.flips), (-HALF, plain.flips)])
        fewer = _condition("negative flips less half of plain's", flips, alpha)
        drift = Condition("drift less plain's, within the margin", NAN, NAN, NAN, OPEN)
        if figures.drift and plain.drift:
            found = estimate([figures.drift - plain.drift], "recipe")
            low, high = found.interval(alpha) if found.known else (NAN, NAN)
            verdict = OPEN
            if figures.drift.n_patients >= rules.min_patients:
                if max(-low, high) < rules.margin:
                    verdict = "supported"
                elif low > rules.margin or high < -rules.margin:
                    verdict = "refuted"
            drift = Condition(drift.what, found.value, low, high, verdict)
        candidates.append(Candidate(str(point), (fewer, drift)))
    return Answer("T4", "drift", curve.architecture, _some(candidates), tuple(candidates))


def ranking_answer(every: Sequence[Evidence], rules: Rules) -> Answer:
    """T7: does the ranking of the architectures change with the strategy?

    A change is a reversal: of two architectures, one is the more stable under plain fine-tuning and the other
    under a point of the sweep, both shown, on the images that are right in every checkpoint of all of them.
    Its condition's figure is the smaller of the two leads, below 0 where no reversal is observed.
    """
    points = [point for point in every[0].points if all(point in each.points for each in every)]
    measured = dict(_on_common(every, points))
    noise = noise_of(measured)
    pairs = list(combinations([each.architecture for each in every], 2))
    tests = [
        (pair, point, reversal(measured, noise, pair, (str(PLAIN), str(point)), rules))
        for point, pair in product(points[1:], pairs)
    ]
    n_decidable = sum(bool(test.interval and not test.obstacle) for _, _, test in tests)
    candidates = []
    for pair, point, test in tests:
        low = high = NAN
        verdict: Verdict = OPEN
        if test.interval and not test.obstacle:
            low, high = test.interval(ALPHA / n_decidable)
            verdict = "supported" if low > 0 else "refuted" if high < rules.margin else OPEN
        what = f"{pair[0]} and {pair[1]} change places by"
        condition = Condition(what, test.claim.estimate, low, high, verdict)
        candidates.append(Candidate(str(point), (condition,)))
    return Answer("T7", "drift", "", _some(candidates), tuple(candidates))


def orders_of(every: Sequence[Evidence]) -> dict[str, list[tuple[str, float]]]:
    """By point, the architectures with their drift on the images of T7, the most stable first."""
    points = [point for point in every[0].points if all(point in each.points for each in every)]
    found: dict[str, list[tuple[str, float]]] = {}
    for (arch, point), each in _on_common(every, points):
        if each.drift:
            found.setdefault(point, []).append((arch, each.drift.value))
    return {point: sorted(own, key=lambda item: item[1]) for point, own in found.items()}


def _on_common(
    every: Sequence[Evidence], points: Sequence[Point]
) -> Iterable[tuple[tuple[str, str], Quantities]]:
    """Quantities by architecture and point, of images that count in all of them."""
    known = [
        np.isfinite(cells.drift).all(axis=1) & np.isfinite(cells.floor_ft).all(axis=1)
        for each in every
        for cells in each.moved[PRIMARY].values()
    ]
    right = [right.all(axis=1) for each in every for right in each.right.values()]
    common = np.logical_and.reduce([*known, *right])
    for each in every:
        for point in points:
            cells = restricted(each.moved[PRIMARY][point], common)
            yield (each.architecture, str(point)), quantities(cells)


def _of(curve: Curve, strategy: str) -> list[Point]:
    return [point for point in curve.points if point.strategy == strategy]


def _less(
    curve: Curve, key: Key, point: Point, version: str, share: float, alpha: float, rules: Rules
) -> Condition:
    """At least a share of plain's drift is gone, under a method."""
    what = f"{VERSION_NAMES[version]} by {key[1]} less {1 - share:g} of plain's"
    own, plain = (_named(curve, each, key, version) for each in (point, PLAIN))
    if own is None or plain is None or own.n_patients < rules.min_patients:
        return Condition(what, NAN, NAN, NAN, OPEN)
    return _condition(what, weighted_sum([(1.0, own), (share - 1, plain)]), alpha)


def _named(curve: Curve, point: Point, key: Key, version: str) -> Quantity | None:
    of_methods: Mapping[Key, Quantities] = curve.figures[point].moved
    return getattr(of_methods[key], version) if key in of_methods else None


def _accurate(curve: Curve, point: Point, alpha: float) -> Condition:
    """At most one point of accuracy is lost against plain."""
    lost = curve.figures[PLAIN].gain - curve.figures[point].gain
    found = estimate([lost], "recipe")
    low, high = found.interval(alpha) if found.known else (NAN, NAN)
    verdict: Verdict = "supported" if high <= POINT_LOST else "refuted" if low > POINT_LOST else OPEN
    return Condition("accuracy lost against plain, at most 0.01", found.value, low, high, verdict)


def _condition(what: str, figure: Quantity, alpha: float) -> Condition:
    """Met where the figure is shown to be below 0, missed where it is shown to be above."""
    found = estimate([figure], "recipe")
    low, high = found.interval(alpha) if found.known else (NAN, NAN)
    verdict: Verdict = "supported" if high < 0 else "refuted" if low > 0 else OPEN
    return Condition(what, found.value, low, high, verdict)


def _some(candidates: Sequence[Candidate]) -> Verdict:
    """Whether some candidate meets all of its conditions."""
    found = {candidate.verdict for candidate in candidates}
    if "supported" in found:
        return "supported"
    return "refuted" if found == {"refuted"} else OPEN
