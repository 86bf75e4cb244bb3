"""Student's 95 % interval of a mean."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95

Numbers = TypeVar("Numbers", float, np.ndarray, "pd.Series")


def t_quantile(df: Numbers) -> Numbers:
    """How many standard errors the interval reaches to either side; NaN without degrees of freedom."""
    return special.stdtrit(df, (1 + CONFIDENCE) / 2)


def t_interval(mean: Numbers, error: Numbers, df: Numbers) -> tuple[Numbers, Numbers]:
    """Its two ends; NaN where the standard error or the degrees of freedom are not known.

    Args:
        mean: the estimate, or several.
        error: its standard error.
        df: degrees of freedom, n - 1 for the mean of n independent values.
    """
    reach = t_quantile(df) * error
    return mean - reach, mean + reach
