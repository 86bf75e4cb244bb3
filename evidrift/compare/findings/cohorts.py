"""The four cohorts beside the common one, and how many maps of each status there are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns
from evidrift.claims.cohort import CommonCohort
from evidrift.drift.tables import Notes
from evidrift.measures.canvas import STATUSES
from evidrift.measures.of_pairs import MOVED_SHARE, PRIMARY

COHORTS: Schema = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "cohort", "layer", "method")
    | columns(np.int64, "", "n_images", "n_measured")
    | columns(np.float32, "mean, as in the drift table", *PRIMARY)
)
STATUS_COUNTS: Schema = (
    columns(str, "", "arch", "layer", "method", "images")
    | columns(np.int64, "drift pairs", "pairs", *STATUSES, "thin")
    | columns(np.bool_, "the layer does not allow the method", "not_defined")
)


def cohort_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Mean measures of the drift pairs by cohort.

    Returns:
        A row per architecture, seed, cohort, layer and method: n_images, n_measured (with status `ok`), and
        the mean of each primary measure as it stands in the drift table.
    """
    keys = ["arch", "seed_before", "cohort", "layer", "method"]
    groups = pairs[pairs["pair_kind"] == "drift"].groupby(keys, observed=True)
    means = groups[list(PRIMARY)].mean()
    means["n_images"], means["n_measured"] = groups.size(), groups[MOVED_SHARE].count()
    return means.reset_index().rename(columns={"seed_before": "seed"})[list(COHORTS)]


def status_table(pairs: pd.DataFrame, cohort: CommonCohort, notes: Mapping[str, Notes]) -> pd.DataFrame:
    """How many drift pairs have which status, over all test images and over the common cohort.

    Returns:
        A row per architecture, layer, method and `images` (all, common): pairs, ok, flat, blank, nan, thin,
        and whether the method is `not_defined` at the layer, which leaves it without pairs.
    """
    keys = ["arch", "layer", "method"]
    drift = pairs[pairs["pair_kind"] == "drift"].astype(dict.fromkeys(keys, str))
    undefined = [(arch, *key) for arch, note in notes.items() for key in note.not_defined]
    every = sorted({*drift[keys].itertuples(index=False, name=None), *undefined})
    parts = []
    for images, rows in (("all", drift), ("common", cohort.select(drift))):
        flags = pd.DataFrame({word: rows["status"] == word for word in STATUSES})
        flags["pairs"], flags["thin"] = True, rows["thin"]
        counts = flags.groupby([rows[key] for key in keys]).sum().astype(int)
        counts = counts.reindex(pd.MultiIndex.from_tuples(every, names=keys), fill_value=0).reset_index()
        parts.append(counts.assign(images=images, not_defined=[key in undefined for key in every]))
    return pd.concat(parts, ignore_index=True)[list(STATUS_COUNTS)]
