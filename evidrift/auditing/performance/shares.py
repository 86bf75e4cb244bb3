"""Bounds of shares that are compared film by film, and of many means at once."""

from collections.abc import Sequence

import numpy as np

from evidrift.base.interval import BETS, ERROR, STEPS, UNBOUNDED, Bounds, share_bounds

MOST = 1_000_000  # units, as which nobody has
OF_WHAT_IS_SEEN = 0.8  # of a bound's error: the other fifth is for what speaks against it


def difference_bounds(
    more: float, less: float, n: float, low_error: float = ERROR, high_error: float = ERROR
) -> Bounds:
    """Exact bounds of how much larger one share of n units is than another, each one-sided.

    The bound of the share that has only the one (Clopper and Pearson 1934) less the opposite bound of the
    share that has only the other, with four fifths and one fifth of the error: together they hold, however
    the two depend on each other.

    Args:
        more: units that have only the one.
        less: that have only the other.
        n: all units, such as patients.
        low_error: probability that the lower bound fails.
        high_error: that the upper one does.
    """
    if n == 0:
        return UNBOUNDED
    rest = 1 - OF_WHAT_IS_SEEN
    up = share_bounds(more, n, rest * low_error, OF_WHAT_IS_SEEN * high_error)
    down = share_bounds(less, n, rest * high_error, OF_WHAT_IS_SEEN * low_error)
    return Bounds((more - less) / n, up.low - down.high, up.high - down.low)


def n_for_difference(more: float, less: float, limit: float) -> int | None:
    """How many units it takes until the upper bound of a difference of shares is at most a limit.

    Args:
        more: share that has only the one.
        less: that has only the other.
        limit: on their difference.

    Returns:
        None where no number does, since the difference is not below the limit, or none below `MOST`.
    """
    n = 1
    while difference_bounds(more * n, less * n, n).high > limit:
        n = n + max(1, n // 50)  # within 2 % of the least
        if more - less >= limit or n > MOST:
            return None
    return n


def many_mean_bounds(samples: Sequence[np.ndarray], lowest: float, error: float) -> list[Bounds]:
    """`interval.mean_bounds` of many samples at once, of values between `lowest` and 1; both ends alike.

    Args:
        samples: patients' values, one sample after the other, none empty.
        lowest: of what is possible.
        error: probability that a bound fails.
    """
    if not samples:
        return []
    # a patient's mean is one of few values: how often each occurs is all that a bet needs
    pairs = [np.unique((each - lowest) / (1 - lowest), return_counts=True) for each in samples]
    width = max(len(values) for values, _ in pairs)
    values, counts = np.zeros((2, len(pairs), width))
    for row, (value, count) in enumerate(pairs):
        values[row, : len(value)], counts[row, : len(value)] = value, count
    low = _least_means(values, counts, error)
    high = 1 - _least_means(np.where(counts > 0, 1 - values, 0), counts, error)
    means = (values * counts).sum(axis=1) / counts.sum(axis=1)
    ends = np.clip(lowest + (1 - lowest) * np.stack([means, low, high]), lowest, 1)
    return [Bounds(*map(float, each)) for each in ends.T]


def _least_means(values: np.ndarray, counts: np.ndarray, error: float) -> np.ndarray:
    low, high = np.zeros(len(values)), (values * counts).sum(axis=1) / counts.sum(axis=1)
    for _ in range(STEPS):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (values / middle[:, np.newaxis])[:, np.newaxis]
            wealth = np.log(1 - BETS + BETS * ratio)  # (samples, bets, values)
            # a value that does not occur changes nothing, even where a bet on it would lose all
            gained = np.where(counts[:, np.newaxis] > 0, counts[:, np.newaxis] * wealth, 0).sum(axis=2)
            against = np.logaddexp.reduce(gained, axis=1) >= np.log(len(BETS) / error)
        against &= middle > 0
        low, high = np.where(against, middle, low), np.where(against, high, middle)
    return low
