"""The drift stage's metrics: what one architecture's table says by itself."""

from typing import Any

import pandas as pd
import pyarrow as pa

from evidrift.base.json import nested, plain
from evidrift.measures.of_pairs import PRIMARY

DECIMALS = 6


def summarise(table: pa.Table) -> dict[str, Any]:
    """Counts and mean measures of one architecture's drift table.

    Returns:
        images, patients; pairs by kind; cohorts by seed (images of the drift pairs); statuses by layer and
        method (drift pairs, `thin` beside them); and the mean of each primary measure by layer and method
        over the images that are right in both checkpoints, `concentration` with its sign. None where no
        pair can be measured.
    """
    rows = table.to_pandas()
    drift = rows[rows["pair_kind"] == "drift"]
    groups = dict(list(drift.groupby(["layer", "method"], observed=True)))
    one = next(iter(groups.values()))
    return {
        "images": one["image_id"].nunique(),
        "patients": one["patient_id"].nunique(),
        "pairs": _counts(rows["pair_kind"]),
        "cohorts": {str(seed): _counts(part["cohort"]) for seed, part in one.groupby("seed_before")},
        "statuses": nested((key, _statuses(part)) for key, part in groups.items()),
        "right_in_both": nested((key, _means(part)) for key, part in groups.items()),
    }


def _counts(words: pd.Series) -> dict[str, int]:
    return {str(word): int(n) for word, n in words.value_counts().sort_index().items()}


def _statuses(pairs: pd.DataFrame) -> dict[str, int]:
    return {**_counts(pairs["status"]), "thin": int(pairs["thin"].sum())}


def _means(pairs: pd.DataFrame) -> dict[str, float | None]:
    right = pairs[pairs["cohort"] == "right"]
    return plain({name: right[name].astype(float).mean() for name in PRIMARY}, DECIMALS)
