"""Is a point more than one more setting of a dial? Against every curve that the dial's points can lie on.

A dial is tried at a few settings. Between and beyond them its curve is not known, and it bends: the more
drift is allowed already, the less accuracy another bit of it buys. So the accuracy g of a dial at a given
drift is taken to be concave, from `tl` (no drift, no gain) over its settings to plain fine-tuning, and may
fall again at last. The chords between the points that were tried lie below g, and a setting that was not
tried lies above them; but nothing concave through three of its points a, b, c, in the order of their drift,
lies above both the line a-b and the line b-c:

    g(y) - x_b <= the larger of s_ab (y - y_b) and s_bc (y - y_b),    s the lines' slopes.

(At y above y_b the slope is at most s_ab, below it at least s_bc.) So a point P that is shown to be more
accurate than both lines at its own drift is no other setting of that dial, however far apart those lie that
were tried. Each of a dial's own settings is a b: the best of them counts, corrected for their number, and P
must be ahead of every dial.

Whether P is above a line is asked of the sign of (x_P - x_b)(y_b - y_a) - (y_P - y_b)(x_b - x_a), which is
exact however near each other a and b lie (Fieller 1954); over the observed y_b - y_a it is an accuracy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from evidrift.claims.claim import NAN
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.tradeoff.points import PLAIN, TL, Point

Lines = tuple[Quantity, Quantity]  # accuracy of a point above that of the lines on both sides of a setting


@dataclass(frozen=True)
class Ahead:
    """How much more accurate a point is at its drift than any setting of a dial can be.

    Attributes:
        dials: of each dial, of each of its settings, the point's accuracy less that of both lines.
    """

    dials: tuple[tuple[Lines, ...], ...]

    @property
    def value(self) -> float:
        """The estimate; below 0 where another setting may reach the point. NaN without a setting."""
        if not self.dials or not all(self.dials):
            return NAN
        return min(max(min(line.value for line in lines) for lines in dial) for dial in self.dials)

    def low(self, alpha: float, estimand: Estimand = "recipe") -> float:
        """Lower end of a two-sided interval at level 1 - alpha; NaN where it is not known."""
        if not self.dials or not all(self.dials):
            return NAN
        found = [
            np.max([np.min([_low(line, alpha / len(dial), estimand) for line in lines]) for lines in dial])
            for dial in self.dials
        ]
        return float(np.min(found))


def ahead_of(accuracy: Mapping[Point, Quantity], drift: Mapping[Point, Quantity], point: Point) -> Ahead:
    """How far a point is ahead of every dial among the points.

    Args:
        accuracy: by point, or accuracy less that of one and the same checkpoint.
        drift: by point; of all dials.
        point: to be judged.
    """
    settings = sorted(each for each in drift if each.graded)
    return Ahead(
        tuple(
            _of_dial(accuracy, drift, point, list(own))
            for _, own in groupby(settings, key=lambda each: each.strategy)
        )
    )


def _of_dial(
    accuracy: Mapping[Point, Quantity],
    drift: Mapping[Point, Quantity],
    point: Point,
    settings: Sequence[Point],
) -> tuple[Lines, ...]:
    """Of each setting that has another point of its dial on both sides."""
    path = sorted([TL, *settings, PLAIN], key=lambda each: drift[each].value)

    def above(pivot: Point, other: Point) -> Quantity:
        """Accuracy of the point above that of the line through two others, at its drift."""
        run, rise = drift[pivot] - drift[other], accuracy[pivot] - accuracy[other]
        away, up = drift[point] - drift[pivot], accuracy[point] - accuracy[pivot]
        found = weighted_sum(
            [
                (1.0, up),
                (up.value / run.value, run),
                (-rise.value / run.value, away),
                (-away.value / run.value, rise),
            ]
        )
        return replace(found, value=up.value - rise.value / run.value * away.value)

    return tuple(
        (above(b, a), above(b, c))
        for a, b, c in zip(path, path[1:], path[2:], strict=False)
        if drift[a].value < drift[b].value < drift[c].value
    )


def _low(line: Quantity, alpha: float, estimand: Estimand) -> float:
    found = estimate([line], estimand)
    return found.interval(alpha)[0] if found.known else NAN
