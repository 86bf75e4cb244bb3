"""T7: does the ranking of the architectures change with the strategy?"""

from collections.abc import Iterable, Sequence
from itertools import combinations, product

import numpy as np

from evidrift.claims.claim import ALPHA, NAN, OPEN, Rules, Verdict
from evidrift.claims.quantities import Quantities, quantities
from evidrift.claims.testing import Noise, noise_of, reversal
from evidrift.tradeoff.curve import restricted
from evidrift.tradeoff.evidence import PRIMARY, Evidence
from evidrift.tradeoff.points import PLAIN, Point
from tools.strategies.answers import Answer, Candidate, Condition, some


def ranking_answer(every: Sequence[Evidence], rules: Rules) -> Answer:
    """T7: does the ranking of the architectures change with the strategy?

    A change is a reversal: of two architectures, one is the more stable under plain fine-tuning and the other
    under a point of the sweep, both shown, on the images that are right in every checkpoint of all of them.
    Its condition's figure is the smaller of the two leads, below 0 where no reversal is observed.
    """
    points = [point for point in every[0].points if all(point in each.points for each in every)]
    measured = dict(_on_common(every, points))
    # the noise of each point's own trainings: those of another strategy may vary less
    own = [
        noise_of({key: each for key, each in measured.items() if key[1] == str(point)}) for point in points
    ]
    noise = Noise(
        *(
            {key: part for each in own for key, part in getattr(each, kind).items()}
            for kind in ("drift", "shared", "over_scale")
        )
    )
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
    return Answer("T7", "drift", "", some(candidates), tuple(candidates))


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
