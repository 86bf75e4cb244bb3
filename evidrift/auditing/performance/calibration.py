"""Expected calibration error (Guo et al. 2017, eq. 3), and how much two differ, with bounds over patients.

It is the mean of what patients contribute: the gap between probability and truth, with the sign that their
bin has. In a small sample it is larger than it truly is, since gaps that chance makes do not cancel between
bins. So the upper bound is that of this mean; the lower one that of the mean gap over all bins together: no
calibration error can lie below that. The bounds of a difference make room for what chance can have made of
either. All as if further patients lay at the end, see `areas.reach`.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from evidrift.auditing.performance.areas import n_for_reach, reach
from evidrift.auditing.performance.patients import means
from evidrift.base.interval import ERROR, Bounds
from evidrift.training.evaluation import CALIBRATION_BINS


class Gaps(NamedTuple):
    """What patients contribute, (patients,).

    Attributes:
        signed: with the sign of each film's bin; their mean is the calibration error.
        plain: probability less truth.
        chance: what chance alone makes of the calibration error, if there is none.
    """

    signed: np.ndarray
    plain: np.ndarray
    chance: float

    @property
    def value(self) -> float:
        """The calibration error."""
        return float(self.signed.mean())


def gaps(probability: np.ndarray, true: np.ndarray, patient: np.ndarray) -> Gaps:
    """Of one label, or of the class that a model calls.

    Args:
        probability: (n,).
        true: (n,) bool: that the label is true, or that the call is right.
        patient: (n,), a number; patients count once.
    """
    gap = probability - true
    # bins are open below and closed above, as in the paper
    bins = np.clip(np.ceil(probability * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    films = np.bincount(patient)
    part = gap / films[patient] / (films > 0).sum()
    sign = np.sign(np.bincount(bins, part, CALIBRATION_BINS))[bins]
    # the mean distance from 0 of what is normal about it
    chance = np.sqrt(2 / np.pi * np.bincount(bins, part**2, CALIBRATION_BINS)).sum()
    return Gaps(means(gap * sign, patient), means(gap, patient), float(chance))


def calibration_bounds(found: Gaps, low_error: float = ERROR, high_error: float = ERROR) -> Bounds:
    """Bounds of a calibration error, each one-sided.

    Args:
        found: at least one patient's.
        low_error: probability that the lower bound fails.
        high_error: that the upper one does.
    """
    n, value, mean = len(found.signed), found.value, abs(float(found.plain.mean()))
    low, high = (-float(ndtri(each)) for each in (low_error, high_error))
    lowest = reach(mean, _variance(found.plain), n, -1 - mean, low)
    highest = reach(value, _variance(found.signed), n, 1 - value, high)
    return Bounds(value, max(lowest, 0.0), min(highest, 1.0))


def n_for_calibration(found: Gaps, limit: float) -> int | None:
    """How many patients like these bring the upper bound to a limit; None if no number does."""
    value = found.value
    return n_for_reach(value, _variance(found.signed), len(found.signed), 1 - value, limit)


def calibration_difference(
    after: Gaps, before: Gaps, low_error: float = ERROR, high_error: float = ERROR
) -> Bounds:
    """Bounds of how much larger one calibration error is than another, of the same films."""
    differing = after.signed - before.signed
    n, value, variance = len(differing), float(differing.mean()), _variance(differing)
    low, high = (-float(ndtri(each)) for each in (low_error, high_error))
    lowest = reach(value, variance, n, -1 - value, low) - after.chance
    highest = reach(value, variance, n, 1 - value, high) + before.chance
    return Bounds(value, max(lowest, -1.0), min(highest, 1.0))


def _variance(values: np.ndarray) -> float:
    """Of their mean; one value alone shows none."""
    return float(values.var() / max(len(values) - 1, 1))
