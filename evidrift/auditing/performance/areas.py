"""Areas under ROC curves (AUC), and how much two differ, with bounds over patients.

DeLong's variance (DeLong et al. 1988), with all films of a patient as one contribution (Obuchowski 1997). It
is 0 where a model tells all films of a small sample apart, and says nothing of harm that is too rare to be in
it. So each bound is taken as if z^2 / 2 further patients lay at that end of what is possible: the same that
Agresti and Coull (1998) add to a share. `python -m benchmarks.performance_intervals` tries them out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from evidrift.auditing.performance.patients import means
from evidrift.auditing.performance.shares import MOST
from evidrift.base.interval import ERROR, Bounds


class Places(NamedTuple):
    """Where patients lie among those of the other kind; of a difference, how much further up.

    Attributes:
        positive: patients' numbers, (p,).
        above: share of the negative patients that each of them lies above, (p,), half where level.
        negative: patients' numbers, (m,).
        below: share of the positive patients that each of them lies below, (m,), likewise.
    """

    positive: np.ndarray
    above: np.ndarray
    negative: np.ndarray
    below: np.ndarray

    @property
    def value(self) -> float:
        """The area, or the difference of two."""
        return float(self.above.mean())

    def less(self, other: "Places") -> "Places":
        """How much further up than under another model, of the same films."""
        return self._replace(above=self.above - other.above, below=self.below - other.below)


def places(score: np.ndarray, positive: np.ndarray, patient: np.ndarray) -> Places | None:
    """Where each patient's films lie by their score.

    Args:
        score: (n,), the higher the likelier.
        positive: (n,) bool, what is true.
        patient: (n,), a number.

    Returns:
        None without a positive or without a negative film.
    """
    if positive.all() or not positive.any():
        return None
    up, down = score[positive], score[~positive]
    ours, theirs = patient[positive], patient[~positive]
    return Places(
        np.unique(ours),
        means(_share_below(up, down, _weights(theirs)), ours),
        np.unique(theirs),
        means(1 - _share_below(down, up, _weights(ours)), theirs),
    )


def area_bounds(
    labels: Sequence[Places], lowest: float, low_error: float = ERROR, high_error: float = ERROR
) -> Bounds:
    """Bounds of an area, or of the difference of two, each one-sided; of several labels, of their mean.

    Args:
        labels: at least one.
        lowest: of what is possible: 0 for an area, -1 for a difference; the highest is 1.
        low_error: probability that the lower bound fails.
        high_error: that the upper one does.
    """
    value = float(np.mean([each.value for each in labels]))
    error = _variance(labels)

    def end(extreme: float, z: float) -> list[float]:
        return [
            reach(value, error, len(patients), (extreme - each.value) / len(labels), z)
            for each in labels
            for patients in (each.positive, each.negative)
        ]

    low, high = (-float(ndtri(each)) for each in (low_error, high_error))
    return Bounds(value, max(min(end(lowest, low)), lowest), min(max(end(1.0, high)), 1.0))


def n_for_area(found: Places, limit: float) -> int | None:
    """How many positive patients like these, and others in proportion, bring the upper bound to a limit.

    Returns:
        None where no number does, since the value is not below the limit.
    """
    error = _variance([found])
    needed = [
        n_for_reach(found.value, error, len(each), 1 - found.value, limit)
        for each in (found.positive, found.negative)
    ]
    if needed[0] is None or needed[1] is None:
        return None
    return max(needed[0], int(np.ceil(needed[1] * len(found.positive) / len(found.negative))))


def n_for_reach(value: float, variance: float, n: float, away: float, limit: float) -> int | None:
    """How many patients like these bring the upper end of `reach` to a limit; None if none in reason do."""
    times = 1.0
    while reach(value, variance / times, n * times, away, -float(ndtri(ERROR))) > limit:
        times *= 1.02
        if value >= limit or times * n > MOST:
            return None
    return int(np.ceil(times * n))


def reach(value: float, variance: float, n: float, away: float, z: float) -> float:
    """An end of an interval, as if z^2 / 2 further patients lay away from the value.

    Args:
        value: a mean over n patients.
        variance: of that mean.
        n: patients.
        away: how far the value would move if all patients lay at this end of what is possible; its sign says
            which end that is.
        z: standard errors that the interval reaches.
    """
    further = z**2 / 2
    error = np.sqrt(variance + further * n * away**2 / (n + further) ** 3)
    return float(value + further * away / (n + further) + np.copysign(z * error, away))


def _variance(labels: Sequence[Places]) -> float:
    """Of the mean over labels, from what each patient contributes to it."""
    whole = np.zeros(1 + max(int(max(each.positive.max(), each.negative.max())) for each in labels))
    for each in labels:
        for patients, shares in ((each.positive, each.above), (each.negative, each.below)):
            n = len(patients)
            # n - 1 as in DeLong's variances; one patient alone shows none
            whole[patients] += (shares - each.value) / np.sqrt(n * max(n - 1, 1)) / len(labels)
    return float((whole**2).sum())


def _weights(patient: np.ndarray) -> np.ndarray:
    """Of films, so that patients count once; they sum to 1."""
    films = np.bincount(patient)
    return 1 / films[patient] / (films > 0).sum()


def _share_below(values: np.ndarray, others: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the others that each value lies above, half where they are the same."""
    order = np.argsort(others, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weights[order])])
    left, right = (below[np.searchsorted(others[order], values, side)] for side in ("left", "right"))
    return (left + right) / 2
