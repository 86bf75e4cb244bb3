"""Student's interval of a mean, and bounds that hold however rare and large what was not seen may be.

Student's interval says where a mean lies. A bound is a promise about it, of values within known limits: of 20
patients who all have the value 0, Student's interval is [0, 0], but a mean of up to 0.14 gives such a sample
in 5 % of cases. Bounds are one-sided, each with its own error.
"""

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95
ERROR = 0.05  # of a bound
# Shares of the whole that are bet: all of it finds what is rare, an eighth what varies much.
BETS = np.array([[1.0], [0.5], [0.25], [0.125]])
STEPS = 40  # of halving, to twelve digits

Numbers = TypeVar("Numbers", float, np.ndarray, "pd.Series")


def t_quantile(df: Numbers, confidence: Numbers | float = CONFIDENCE) -> Numbers:
    """How many standard errors the interval reaches to either side; NaN without degrees of freedom."""
    return special.stdtrit(df, (1 + confidence) / 2)


def t_interval(
    mean: Numbers, error: Numbers, df: Numbers, confidence: Numbers | float = CONFIDENCE
) -> tuple[Numbers, Numbers]:
    """Its two ends; NaN where the standard error or the degrees of freedom are not known.

    Args:
        mean: the estimate, or several.
        error: its standard error.
        df: degrees of freedom, n - 1 for the mean of n independent values.
        confidence: how often it holds the true value, 0 to 1; several are one for each.
    """
    reach = t_quantile(df, confidence) * error
    return mean - reach, mean + reach


class Bounds(NamedTuple):
    """A value with its two one-sided bounds; each fails in at most its error of all samples."""

    value: float
    low: float
    high: float


UNBOUNDED = Bounds(float("nan"), float("nan"), float("nan"))  # of no values at all


def share_bounds(count: float, n: float, low_error: float = ERROR, high_error: float = ERROR) -> Bounds:
    """Exact bounds of a share (Clopper and Pearson 1934), each one-sided.

    Args:
        count: how many have it, 0 to n.
        n: independent units, such as patients.
        low_error: probability that the lower bound fails.
        high_error: that the upper one does.
    """
    if n == 0:
        return UNBOUNDED
    low = special.betaincinv(count, n - count + 1, low_error) if count > 0 else 0.0
    high = special.betaincinv(count + 1, n - count, 1 - high_error) if count < n else 1.0
    return Bounds(count / n, float(low), float(high))


def mean_bounds(
    values: np.ndarray,
    lowest: float = 0.0,
    highest: float = 1.0,
    low_error: float = ERROR,
    high_error: float = ERROR,
) -> Bounds:
    """Bounds of a mean by betting, each one-sided: they hold for every distribution between the ends.

    A bet of the share b against the mean being m, on values y in [0, 1], turns 1 into the product of
    1 - b + b y / m. Where m is the mean, that is 1 in expectation, and so is the mean over several b: by
    Markov's inequality it exceeds 1 / error with at most that error (Waudby-Smith and Ramdas 2024, section 4,
    with fixed bets in place of predicted ones, so that the values' order does not matter). For values that
    are all the same the bounds are nearly Clopper and Pearson's.

    Args:
        values: (n,), of independent units such as patients, within `lowest` to `highest`.
        lowest: of what is possible, not of what was seen.
        highest: likewise.
        low_error: probability that the lower bound fails.
        high_error: that the upper one does.
    """
    if not len(values):
        return UNBOUNDED
    scaled = np.clip((np.asarray(values, np.float64) - lowest) / (highest - lowest), 0, 1)
    low, high = _least_mean(scaled, low_error), 1 - _least_mean(1 - scaled, high_error)
    size = highest - lowest
    return Bounds(float(np.mean(values)), lowest + size * low, lowest + size * high)


def n_for_share(share: float, limit: float) -> int | None:
    """How many independent units it takes until a share's upper bound is at most a limit.

    Returns:
        None where no number does, since the share is not below the limit.
    """
    if share >= limit:
        return None
    n = 1
    while share_bounds(share * n, n).high > limit:
        n = n + max(1, n // 50)  # within 2 % of the least
    return n


def n_for_mean(values: np.ndarray, limit: float, lowest: float = 0.0, highest: float = 1.0) -> int | None:
    """How many values like these it takes until the upper bound of their mean is at most a limit.

    Returns:
        None where no number does, since their mean is not below the limit.
    """
    above = 1 - (np.asarray(values, np.float64) - lowest) / (highest - lowest)
    gains = _log_wealth(above, 1 - (limit - lowest) / (highest - lowest)) / len(above)
    if not gains.max() > 0:
        return None
    # enough for the best of the bets alone to win what all together are asked for
    return int(np.ceil(np.log(len(BETS) / ERROR) / gains.max()))


def _least_mean(y: np.ndarray, error: float) -> float:
    """The largest mean that the bets speak against, of values in [0, 1]."""
    low, high = 0.0, float(y.mean())
    for _ in range(STEPS):
        middle = (low + high) / 2
        if middle > 0 and np.logaddexp.reduce(_log_wealth(y, middle)) >= np.log(len(BETS) / error):
            low = middle
        else:
            high = middle
    return low


def _log_wealth(y: np.ndarray, mean: float) -> np.ndarray:
    """Logarithm of what each bet against this mean has made of 1."""
    if mean <= 0:
        return np.full(len(BETS), np.inf)
    with np.errstate(divide="ignore"):  # whoever bets all loses all where y is 0
        return np.log(1 - BETS + BETS * y / mean).sum(axis=1)
