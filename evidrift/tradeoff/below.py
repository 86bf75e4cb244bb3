"""How far a point lies below the curve that other points trace: the dials, or mixing alone.

Whoever has two networks can send each image to one of them at random, and gets any mixture of their accuracy
and of their drift. So what some points reach together is the set of all mixtures of them, and their *curve*
is the least drift at which a mixture has at least a given accuracy: the lower convex hull, from the point of
the least drift (`tl`, which has none) to that of the highest accuracy. The distance is the drift of the curve
at the point's accuracy less the point's drift; a point less accurate than the curve's beginning or more
accurate than its end is compared with that end. It is a distance from mixtures of what was tried: whether
another setting of a dial would lie there too is what `ahead` asks.

A point P lies below the curve just where some price k of accuracy makes it better than every rival R:

    distance = max over k >= 0 of the least T over R,    T = (y_R - k x_R) - (y_P - k x_P).

So the lower end of its interval is the largest over k of the least lower end of T over R: whatever the data
choose as the curve, P is shown to be better than every single rival at one and the same price. Or it is that
of the delta method, if that is higher: as the distance is a maximum over k, its derivatives are those of T at
the best k, between two rivals those of their mean (envelope theorem). Where P is less accurate than all
rivals or more, no mixture is as accurate as it: the least of what the line through the curve's last side and
its end itself say. And P must drift less than the curve's most accurate end.

The upper end is the largest over k of the least upper end of T over R, and no more than that of the drift of
the curve's end less P's, whichever of the rivals that may be the most accurate is the end.

That the data choose k costs less than what the demand for all rivals gains: docs/strategies.md has the
simulations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import special

from evidrift.claims.claim import NAN
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.tradeoff.points import Point

# Prices of accuracy that are tried: from none to a hundred times the curve's own, as angles.
ANGLES = np.linspace(0.0, np.arctan(100), 200)


class Rival(NamedTuple):
    """A rival beside the point: how much more accurate it is, and how much more it drifts."""

    accuracy: Quantity
    drift: Quantity


@dataclass(frozen=True)
class Distance:
    """How far a point lies below a curve; below 0 where it lies above.

    Attributes:
        along: from the line through the side of the curve that is over the point, or is the nearest.
        end: from the curve's nearest end, where no side is over the point; else None.
        rivals: all of them.
        best: index of the most accurate, the end of the curve.
        slope: of the curve on the whole, moved share by accuracy.
    """

    along: Quantity
    end: Quantity | None
    rivals: tuple[Rival, ...]
    best: int
    slope: float

    @property
    def value(self) -> float:
        """The estimate."""
        return (self.end or self.along).value

    def interval(self, alpha: float, estimand: Estimand = "recipe") -> tuple[float, float]:
        """Two-sided at level 1 - alpha; NaN where the noise is not known."""
        found = [estimate([part], estimand) for part in (self.along, self.end or self.along)]
        if not all(each.known for each in found):
            return NAN, NAN

        def ends(part: Quantity) -> tuple[float, float]:
            return estimate([part], estimand).interval(alpha)

        by_price = [_by_price(rival, self.slope * np.tan(ANGLES), alpha, estimand) for rival in self.rivals]
        low, high = np.min(by_price, axis=0).max(axis=1)
        best = self.rivals[self.best]
        perhaps_best = [each for each in self.rivals if not ends(best.accuracy - each.accuracy)[0] > 0]
        delta = min(each.interval(alpha)[0] for each in found)
        low = min(max(float(low), delta), ends(best.drift)[0])
        return low, min(float(high), max(ends(each.drift)[1] for each in perhaps_best))


def _by_price(rival: Rival, prices: np.ndarray, alpha: float, estimand: Estimand) -> np.ndarray:
    """Both ends of the interval of T by `estimate`, at every price, (2, prices)."""
    accuracy, drift = rival
    n = weighted_sum([(1.0, drift), (1.0, accuracy)]).n_patients

    def variance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return one @ one - 2 * prices * (one @ other) + prices**2 * (other @ other)

    patients = variance(drift.weights.mean(axis=1), accuracy.weights.mean(axis=1)) * n / (n - 1)
    squares = special.stdtrit(n - 1, 1 - alpha / 2) ** 2 * patients
    if estimand == "recipe":
        of_seeds = [each.weights.sum(axis=0) for each in (drift, accuracy)]
        df = drift.n_seeds - 1
        seeds = variance(*(each - each.mean() for each in of_seeds)) / df / drift.n_seeds
        squares = squares + special.stdtrit(df, 1 - alpha / 2) ** 2 * seeds
    half = np.sqrt(np.maximum(squares, 0))
    value = drift.value - prices * accuracy.value
    return np.stack([value - half, value + half])


def distance_below(
    accuracy: Mapping[Point, Quantity], drift: Mapping[Point, Quantity], point: Point, rivals: Sequence[Point]
) -> Distance | None:
    """How far a point lies below the curve of others.

    Args:
        accuracy: by point, or accuracy less that of one and the same checkpoint.
        drift: by point.
        point: to be judged.
        rivals: points that trace the curve.

    Returns:
        None where no rival is more accurate than the one that drifts least: there is no curve.
    """
    curve = vertices([(accuracy[each].value, drift[each].value) for each in rivals])
    if len(curve) < 2:
        return None
    path = [rivals[at] for at in curve]
    x = accuracy[point].value
    sides = list(pairwise(path))
    at = next((n for n, (_, right) in enumerate(sides) if x <= accuracy[right].value), len(sides) - 1)
    left, right = sides[at]
    run = accuracy[right].value - accuracy[left].value
    slope = (drift[right].value - drift[left].value) / run
    share = (x - accuracy[left].value) / run  # of the right one
    along = weighted_sum(
        [
            *_line(left, 1 - share, slope, accuracy, drift),
            *_line(right, share, slope, accuracy, drift),
            *_line(point, -1.0, slope, accuracy, drift),
        ]
    )
    end = None
    if not 0 <= share <= 1:
        end = drift[left if share < 0 else right] - drift[point]
    rise = drift[path[-1]].value - drift[path[0]].value
    return Distance(
        along,
        end,
        tuple(Rival(accuracy[each] - accuracy[point], drift[each] - drift[point]) for each in rivals),
        curve[-1],
        rise / (accuracy[path[-1]].value - accuracy[path[0]].value),
    )


def vertices(points: Sequence[tuple[float, float]]) -> list[int]:
    """The curve's corners, as indices, from the least drift to the highest accuracy.

    Args:
        points: accuracy and drift of each.
    """
    at = min(range(len(points)), key=lambda n: (points[n][1], -points[n][0]))
    path = [at]
    while True:
        x, y = points[path[-1]]
        beyond = [n for n, (other, _) in enumerate(points) if other > x]
        if not beyond:
            return path
        path.append(min(beyond, key=lambda n: ((points[n][1] - y) / (points[n][0] - x), -points[n][0])))


def _line(
    point: Point,
    factor: float,
    slope: float,
    accuracy: Mapping[Point, Quantity],
    drift: Mapping[Point, Quantity],
) -> list[tuple[float, Quantity]]:
    """A number times how far a point lies above a line of a slope through the origin."""
    return [(factor, drift[point]), (-factor * slope, accuracy[point])]
