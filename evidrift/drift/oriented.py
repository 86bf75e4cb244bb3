"""Every measure oriented so that larger means more drift."""

import numpy as np
import pandas as pd

from evidrift.drift.tables import measures_of
from evidrift.measures.of_pairs import MOVED_SHARE

# The moved share again, with pairs of maps that cannot be compared counted as moved wholly.
MOVED_SHARE_ALL = f"{MOVED_SHARE}_all"


# Likenesses, as 1 - x; changes, whose sign depends on which map comes first, by size; the rest are distances.
LIKENESSES = ("overlap", "iou_half_max", "correlation", "spearman", "ssim")


CHANGES = ("concentration", "entropy")


# Likenesses that are 1 less a squared Euclidean distance; moved shares are such distances.
PRODUCTS = ("correlation", "spearman")


def is_squared(measure: str) -> bool:
    """Whether a measure, oriented, is a squared distance, so that it has a shared and an erratic part."""
    return measure.startswith(MOVED_SHARE) or measure in PRODUCTS


def as_drift(pairs: pd.DataFrame) -> pd.DataFrame:
    """The measures of a drift table, oriented so that larger means more drift, and `moved_share_all`."""
    oriented = {name: _oriented(name, pairs[name].astype(np.float64)) for name in measures_of(pairs)}
    oriented[MOVED_SHARE_ALL] = oriented[MOVED_SHARE].where(pairs["status"] == "ok", 1.0)
    return pd.DataFrame(oriented)


def _oriented(name: str, values: pd.Series) -> pd.Series:
    if name in CHANGES:
        return values.abs()
    return 1 - values if name in LIKENESSES else values
