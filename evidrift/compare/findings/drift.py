"""Drift against its floor and chance, by architecture, method, layer and measure (docs/design.md).

Here every measure is oriented so that larger means more drift.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from evidrift.claims.cohort import CommonCohort
from evidrift.drift.oriented import CHANGES, as_drift

KINDS = {"drift": "mean", "seed_ft": "floor", "seed_tl": "floor_tl", "random": "chance"}
# A room between floor and chance that is no more than rounding is none.
ROUNDING = 1e-9


def summarise(pairs: pd.DataFrame, cohort: CommonCohort) -> pd.DataFrame:
    """Drift, floor, chance and excess on the common cohort.

    Returns:
        A row per architecture, layer, method and measure:
        mean: of drift_i over images, drift_i the mean over seeds;
        sd: standard deviation over seeds of the seeds' means, none with one seed;
        floor, floor_tl: between seeds of the tuned and of the transfer-learned checkpoint, none with one;
        chance: between different patients of one class, none where a class has one patient;
        excess: mean over images of drift_i - floor_i;
        normalised: excess / (chance - floor), none unless chance lies above the floor;
        change: of concentration and entropy only, the mean change with its sign;
        n_images, n_patients: with a measured drift.
    """
    chosen = cohort.select(pairs)
    groups = dict(list(chosen.groupby(["arch", "layer", "method"], observed=True)))
    every = pairs[["arch", "layer", "method"]].drop_duplicates()
    parts = []
    for key in every.itertuples(index=False, name=None):
        part = _summary(groups.get(key, chosen.iloc[:0]))
        parts.append(part.assign(arch=key[0], layer=key[1], method=key[2]))
    table = pd.concat(parts, ignore_index=True)
    return table[["arch", "layer", "method", *(name for name in table.columns if name not in every.columns)]]


def _summary(pairs: pd.DataFrame) -> pd.DataFrame:
    oriented = as_drift(pairs)
    by_kind = dict(_image_means(pairs, oriented))
    drift = by_kind["drift"]
    found = pd.DataFrame({column: by_kind[kind].mean() for kind, column in KINDS.items()})

    is_drift = pairs["pair_kind"] == "drift"
    seeds = oriented[is_drift].groupby(pairs["seed_before"][is_drift]).mean()
    found.insert(1, "sd", seeds.std(ddof=1))
    found["excess"] = (drift - by_kind["seed_ft"]).mean()
    room = found["chance"] - found["floor"]
    found["normalised"] = found["excess"].where(room > ROUNDING) / room
    found["change"] = pairs.loc[is_drift, list(CHANGES)].astype(np.float64).mean().reindex(found.index)
    found["n_images"] = drift.count()
    patients = pairs.drop_duplicates("image_id").set_index("image_id")["patient_id"].reindex(drift.index)
    found["n_patients"] = [patients[drift[measure].notna()].nunique() for measure in found.index]
    return found.rename_axis("measure").reset_index()


def _image_means(pairs: pd.DataFrame, oriented: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """By kind of pair: each image's mean over its measured pairs, images x measures."""
    for kind in KINDS:
        rows = pairs["pair_kind"] == kind
        yield kind, oriented[rows].groupby(pairs["image_id"][rows], observed=True).mean()
