"""The drift stage's metrics: what one architecture's table says by itself."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evidrift.base.json import nested, plain
from evidrift.drift.pairs import KINDS
from evidrift.measures.of_pairs import PRIMARY

DECIMALS = 6
# The columns of the drift table that are read here.
SUMMARISED = (
    *("layer", "method", "pair_kind", "seed_before", "image_id", "patient_id", "cohort", "status", "thin"),
    *PRIMARY,
)


def summarise(pieces: Iterable[pa.Table]) -> dict[str, Any]:
    """Counts and mean measures of one architecture's drift table.

    Args:
        pieces: of the table, its columns SUMMARISED.

    Returns:
        images, patients; pairs by kind; cohorts by seed (images of the drift pairs); statuses by layer and
        method (drift pairs, `thin` beside them); and the mean of each primary measure by layer and method
        over the images that are right in both checkpoints, `concentration` with its sign. None where no
        pair can be measured.
    """
    pairs = Counter(dict.fromkeys(KINDS, 0))
    of_drift = []
    for piece in pieces:
        kinds = piece["pair_kind"].cast(pa.string())
        pairs.update({each["values"]: each["counts"] for each in kinds.value_counts().to_pylist()})
        of_drift.append(piece.filter(pc.equal(kinds, "drift")))
    drift = pa.concat_tables(of_drift).replace_schema_metadata(None).unify_dictionaries().to_pandas()
    groups = dict(list(drift.groupby(["layer", "method"], observed=True)))
    one = next(iter(groups.values()))
    return {
        "images": one["image_id"].nunique(),
        "patients": one["patient_id"].nunique(),
        "pairs": dict(sorted(pairs.items())),
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
