"""How far a point lies below the curve that other points trace: the dials, or mixing alone.

Whoever has two networks can send each image to one of them at random, and gets any mixture of their accuracy
and of their drift. So what some points reach together is the set of all mixtures of them, and their *curve*
is the least drift at which a mixture has at least a given accuracy: the lower convex hull, from the point of
the least drift (`tl`, which has none) to that of the highest accuracy.

The distance is the drift of the curve at the point's accuracy less the point's drift. Between two vertices of
the curve, A and B, with slope k and w of A,

    distance = w (y_A - k x_A) + (1 - w) (y_B - k x_B) - (y_P - k x_P),

and as the curve is a maximum over slopes, its derivatives are those of this sum with w and k held fixed
(envelope theorem). A point less accurate than the curve's beginning or more accurate than its end is compared
with the nearest end, and with the line through the nearest side, too: otherwise a point on the curve that
was more accurate than the end by luck would seem to lie below it. Both must speak for a verdict, so that the
interval holds both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidrift.claims.claim import NAN, OPEN, Verdict
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.tradeoff.points import Point

# What does not matter, as a moved share: as compare's margin is by default.
MARGIN = 0.05
# Fewer patients decide nothing.
MIN_PATIENTS = 20


@dataclass(frozen=True)
class Distance:
    """How far a point lies below a curve; below 0 where it lies above.

    Attributes:
        along: from the line through the side of the curve that is over the point, or is the nearest.
        end: from the curve's nearest end, where no side is over the point; else None.
    """

    along: Quantity
    end: Quantity | None = None

    @property
    def value(self) -> float:
        """The estimate."""
        return (self.end or self.along).value

    def interval(self, alpha: float, estimand: Estimand = "recipe") -> tuple[float, float]:
        """Two-sided at level 1 - alpha; NaN where the noise is not known."""
        found = [estimate([part], estimand) for part in (self.along, self.end) if part is not None]
        if not all(each.known for each in found):
            return NAN, NAN
        ends = [each.interval(alpha) for each in found]
        return min(low for low, _ in ends), max(high for _, high in ends)


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
    if 0 <= share <= 1:
        return Distance(along)
    return Distance(along, drift[left if share < 0 else right] - drift[point])


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


def verdict_on(low: float, high: float, n_patients: int, margin: float = MARGIN) -> Verdict:
    """Whether a point lies below a curve, by the interval of its distance.

    `supported`: the interval lies above 0. `refuted`: it excludes a distance of the margin's size.
    """
    if n_patients < MIN_PATIENTS:
        return OPEN
    if low > 0:
        return "supported"
    return "refuted" if high < margin else OPEN


def _line(
    point: Point,
    factor: float,
    slope: float,
    accuracy: Mapping[Point, Quantity],
    drift: Mapping[Point, Quantity],
) -> list[tuple[float, Quantity]]:
    """A number times how far a point lies above a line of a slope through the origin."""
    return [(factor, drift[point]), (-factor * slope, accuracy[point])]
