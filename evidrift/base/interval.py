"""Student's interval of a mean, at 95 % where nothing else is asked for."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95

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
