"""Every measure oriented so that larger means more drift."""

import numpy as np
import pandas as pd

from evidrift.drift.tables import measures_of

# The overlap again, with pairs of maps that cannot be compared counted as not overlapping at all.
OVERLAP_ALL = "overlap_all"


# Distances as they are; likenesses as 1 - x; changes, whose sign depends on which map comes first, by size.
DISTANCES = ("displacement",)


CHANGES = ("concentration", "entropy")


def as_drift(pairs: pd.DataFrame) -> pd.DataFrame:
    """The measures of a drift table, each oriented so that larger means more drift, and `overlap_all`."""
    oriented = {name: _oriented(name, pairs[name].astype(np.float64)) for name in measures_of(pairs)}
    oriented[OVERLAP_ALL] = oriented["overlap"].where(pairs["status"] == "ok", 1.0)
    return pd.DataFrame(oriented)


def _oriented(name: str, values: pd.Series) -> pd.Series:
    if name in DISTANCES:
        return values
    return values.abs() if name in CHANGES else 1 - values
