"""Where the evidence lies, over patients: in the finding or beside it, and where fine-tuning moves it.

All figures rest on pairs of usable maps: one image under one seed's two checkpoints. So the two checkpoints
are measured on the same maps, and their difference is the change. Seeds and then a patient's images are
averaged first; intervals are of a t-test over patients, at 95 % each, not corrected for their number. Seeds
are fixed in them: they speak of these checkpoints, not of the recipe (docs/design.md, Estimands).

Which images count is the caller's choice, e.g. `cohort.select(places)` for the common cohort.
"""

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns
from evidrift.compare.findings.over_patients import intervals
from evidrift.measures.places import BASELINES

KEYS = ["arch", "layer", "method"]
MEASURE_KEYS = [*KEYS, "measure"]
COUNTS = columns(np.int64, "", "n_patients", "n_images") | columns(np.int64, "pairs of maps", "n_left_out")
LOCALISATION: Schema = (
    columns(str, "", *MEASURE_KEYS, "checkpoint")
    | columns(np.float64, "0 to 1", "mean", "low", "high", "random")
    | columns(np.float64, "of a random map's share", "ratio")
    | columns(np.float64, "-1 to 1", "above", "above_low", "above_high")
    | COUNTS
)
MOVES: Schema = (
    columns(str, "", *MEASURE_KEYS)
    | columns(np.float64, "0 to 1", "tl", "ft")
    | columns(np.float64, "-1 to 1", "change", "low", "high")
    | COUNTS
)


def localisation(places: pd.DataFrame) -> pd.DataFrame:
    """How much of each method's evidence lies where, for both checkpoints.

    Args:
        places: rows of one or more architectures' places tables.

    Returns:
        A row per architecture, layer, method, measure and checkpoint; measures of which nothing is known, as
        without masks, have none. Columns:
        measure: `hit`, the pointing game's hit rate, or the share of evidence in `finding`, `lungs`,
            `border` or `corners`;
        mean, low, high: over patients, 0 to 1;
        random: what a random map has in expectation, the mean share of the area or of the cells;
        ratio: mean / random, 1 for a random map;
        above, above_low, above_high: mean over patients of measure - random, paired: above_low > 0 shows
            that the method finds the place more often than chance does;
        n_patients, n_images: measured; n_left_out: pairs of maps of which one is not `ok`.
        Intervals are missing with a single patient, and where all patients have the same value.
    """
    return _localised(*_by_patient(places))


def changes(places: pd.DataFrame) -> pd.DataFrame:
    """How far fine-tuning moves each method's evidence towards a place (above 0) or away from it (below).

    Args:
        places: rows of one or more architectures' places tables.

    Returns:
        A row per architecture, layer, method and measure, as in `localisation`: the means of `tl` and `ft`,
        and change, low, high: the mean over patients of ft - tl, paired by image and seed, -1 to 1.
    """
    return _changed(*_by_patient(places))


def localisation_and_changes(places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables: most of their time is spent on patients' means, which they share."""
    patients, counts = _by_patient(places)
    return _localised(patients, counts), _changed(patients, counts)


def _localised(patients: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for checkpoint in ("tl", "ft"):
        found = intervals(patients[checkpoint], MEASURE_KEYS, lowest=0)
        found["random"] = patients["random"].groupby(level=MEASURE_KEYS).mean()
        found["ratio"] = found["mean"] / found["random"]
        above = intervals(patients[checkpoint] - patients["random"], MEASURE_KEYS, lowest=-1)
        found[["above", "above_low", "above_high"]] = above
        parts.append(counts.join(found).assign(checkpoint=checkpoint).reset_index())
    return _in_order(pd.concat(parts))[list(LOCALISATION)]


def _changed(patients: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    found = patients[["tl", "ft"]].groupby(level=MEASURE_KEYS).mean()
    found[["change", "low", "high"]] = intervals(patients["ft"] - patients["tl"], MEASURE_KEYS, lowest=-1)
    return _in_order(counts.join(found).reset_index())[list(MOVES)]


def _by_patient(places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients' means of every measure that is known, over usable pairs of maps.

    Returns:
        tl, ft, random by `MEASURE_KEYS` and patient; and by `MEASURE_KEYS` n_patients, n_images, n_left_out.
    """
    words = [*KEYS, "checkpoint", "patient_id", "image_id"]
    values = [*BASELINES, *BASELINES.values()]
    rows = places.astype(dict.fromkeys(words, str) | dict.fromkeys(values, float))
    pair = [*KEYS, "patient_id", "image_id", "seed"]
    tl, ft = (rows[rows["checkpoint"] == name].set_index(pair)[values] for name in ("tl", "ft"))
    every = tl.index.union(ft.index)
    tl, ft = tl.reindex(every), ft.reindex(every)
    measures, patients, counts = [], [], []
    for measure, baseline in BASELINES.items():
        known = tl[baseline].notna() | ft[baseline].notna()
        # without any image every measure stays, so that the empty table keeps its columns
        if len(known) and not known.any():
            continue
        pairs = pd.DataFrame({"tl": tl[measure], "ft": ft[measure], "random": ft[baseline]})[known]
        usable = pairs.dropna()
        images = usable.groupby([*KEYS, "patient_id", "image_id"]).mean()
        own = images.groupby([*KEYS, "patient_id"]).mean()
        measures.append(measure)
        patients.append(own)
        n_pairs, n_usable = (each.groupby(KEYS).size() for each in (pairs, usable))
        count = pd.DataFrame(
            {"n_patients": own.groupby(KEYS).size(), "n_images": images.groupby(KEYS).size()}, n_pairs.index
        )
        count["n_left_out"] = n_pairs.sub(n_usable, fill_value=0)
        counts.append(count.fillna(0).astype(int))
    return tuple(
        pd.concat(parts, keys=measures, names=["measure"]).reorder_levels([*KEYS, "measure", *rest])
        for parts, rest in ((patients, ["patient_id"]), (counts, []))
    )


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows by architecture, layer and method, then as `BASELINES` lists the measures."""
    places = table["measure"].map(list(BASELINES).index)
    ordered = table.assign(place=places).sort_values([*KEYS, "place"], kind="stable", ignore_index=True)
    return ordered.drop(columns="place")
