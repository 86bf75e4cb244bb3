"""The four cohorts, who is left out of the common one, and how many maps of each status there are."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.claims.cohort import CommonCohort, common_cohort
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
ALL = "all"
LEFT_OUT: Schema = columns(str, "", "cohort", "label") | columns(
    np.int64, "", "n_images", "n_counted", "n_patients", "n_patients_counted"
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


def left_out_table(pairs: pd.DataFrame, architectures: Sequence[str]) -> pd.DataFrame:
    """Which test images count in a comparison, and which don't, by class.

    An image counts if every checkpoint of the architectures that are compared gets it right.

    Returns:
        A row per label and `cohort`: all architectures, each two of them (`a, b`), and each alone. `n_images`
        and `n_patients` of the test split, and of them those that count: n_counted, n_patients_counted.
    """
    images = pairs[pairs["pair_kind"] == "drift"].drop_duplicates("image_id")
    every = _by_class(images)
    groups = [tuple(architectures)]
    groups += [each for n in (2, 1) for each in combinations(architectures, n) if len(each) < len(groups[0])]
    rows = []
    for group in groups:
        own = common_cohort(pairs[pairs["arch"].isin(group)]).select(images)
        counted = _by_class(own).reindex(every.index, fill_value=0)
        for label, n in every.iterrows():
            rows.append(
                {
                    "cohort": ALL if group == groups[0] else ", ".join(group),
                    "label": label,
                    "n_images": n["images"],
                    "n_counted": counted.loc[label, "images"],
                    "n_patients": n["patients"],
                    "n_patients_counted": counted.loc[label, "patients"],
                }
            )
    return framed(rows, LEFT_OUT)


def _by_class(images: pd.DataFrame) -> pd.DataFrame:
    groups = images.astype({"label": str}).groupby("label")
    return pd.DataFrame({"images": groups.size(), "patients": groups["patient_id"].nunique()})
