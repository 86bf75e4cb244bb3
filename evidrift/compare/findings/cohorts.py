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
COSTS: Schema = (
    columns(str, "", "arch", "seeds")
    | columns(np.int64, "images", "n_wrong_tl", "n_wrong_ft", "n_images")
    | columns(np.int64, "of the common cohort if it were left out", "n_patients_without")
)
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


def cost_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """What each training, and each architecture, takes from the common cohort.

    Returns:
        A row per architecture and seed, and per architecture with all its seeds (`seeds` is empty), but for
        what would leave nothing to compare. `n_wrong_tl` and `n_wrong_ft` of the `n_images` test images are
        wrong in a checkpoint of it; `n_patients_without` patients would count if it were left out. Those that
        take most come first, in equal cases the grid's first.
    """
    drift = pairs[pairs["pair_kind"] == "drift"].astype({"arch": str, "image_id": str, "cohort": str})
    drift = drift.drop_duplicates(["arch", "seed_before", "image_id"])
    patients = drift.drop_duplicates("image_id").set_index("image_id")["patient_id"].astype(str)
    table = drift.pivot(index="image_id", columns=["arch", "seed_before"], values="cohort")
    rows = []
    trainings = [(arch, [seed]) for arch, seed in table.columns]
    for arch, seeds in [*trainings, *((arch, None) for arch in table.columns.unique("arch"))]:
        own = table[arch] if seeds is None else table[arch][seeds]
        others = table.drop(columns=[(arch, seed) for seed in own.columns])
        if len(others.columns):
            rows.append(
                {
                    "arch": arch,
                    "seeds": "" if seeds is None else str(seeds[0]),
                    "n_wrong_tl": own.isin(("wrong", "fixed")).any(axis=1).sum(),
                    "n_wrong_ft": own.isin(("wrong", "regressed")).any(axis=1).sum(),
                    "n_images": len(table),
                    "n_patients_without": patients[others.index[(others == "right").all(axis=1)]].nunique(),
                }
            )
    return framed(rows, COSTS).sort_values("n_patients_without", ascending=False, kind="stable")


def _by_class(images: pd.DataFrame) -> pd.DataFrame:
    groups = images.astype({"label": str}).groupby("label")
    return pd.DataFrame({"images": groups.size(), "patients": groups["patient_id"].nunique()})
