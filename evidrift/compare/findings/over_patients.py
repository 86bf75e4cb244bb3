"""Means of patients' values with their intervals, as the findings that rest on patients alone have them."""

import numpy as np
import pandas as pd

from evidrift.base.interval import t_interval

# Patients' values that differ by less are the same but for rounding: no spread, no interval.
SAME = 1e-9


def intervals(patients: pd.Series, keys: list[str], lowest: float) -> pd.DataFrame:
    """Mean and 95 % interval by Student's t, `mean`, `low` and `high`, by the keys.

    The ends are cut off at the values' own limits, `lowest` and 1, which Student's t does not know. They are
    NaN of a single patient, and where all patients have the same value.

    Args:
        patients: a value a patient; `keys` are levels of its index.
        keys: what the means are of.
        lowest: the smallest value that there can be.
    """
    groups = patients.groupby(level=keys)
    n = groups.count()
    error = (groups.std(ddof=1) / np.sqrt(n)).where(groups.max() - groups.min() >= SAME)
    low, high = t_interval(groups.mean(), error, n - 1)
    return pd.DataFrame({"mean": groups.mean(), "low": low.clip(lower=lowest), "high": high.clip(upper=1.0)})
