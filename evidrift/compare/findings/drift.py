"""Drift against its floor and chance as a table, by architecture, method, layer and measure (docs/design.md).

Here every measure is oriented so that larger means more drift. Drift, floor, chance and the share of the way
are those of the claims (`claims.excess`), so that a value and its interval are of one estimate.
"""

from itertools import chain

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.claims.cells import Excesses
from evidrift.claims.cohort import CommonCohort
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.excess import NOTHING, Excess
from evidrift.drift.oriented import CHANGES, as_drift

KEYS = ["arch", "layer", "method"]
INTERVALS: dict[Estimand, tuple[str, str]] = {
    "recipe": ("low", "high"),
    "these checkpoints": ("fixed_low", "fixed_high"),
}
NAN = float("nan")
DRIFT: Schema = (
    columns(str, "", "arch", "layer", "method", "measure")
    | columns(np.float64, "of the measure, larger is more drift", "mean", "sd", "floor", "floor_tl", "chance")
    | columns(np.float64, "of the measure", "excess")
    | columns(np.float64, "share of the way from floor to chance", "normalised")
    | columns(np.float64, "of the normalised excess", *chain(*INTERVALS.values()))
    | columns(np.float64, "of the measure, with its sign", "change")
    | columns(np.int64, "measured", "n_images", "n_patients")
)


def summarise(pairs: pd.DataFrame, cohort: CommonCohort, excesses: Excesses) -> pd.DataFrame:
    """Drift, floor, chance and excess on the common cohort.

    Args:
        pairs: drift tables.
        cohort: whose images count.
        excesses: of the same tables and cohort.

    Returns:
        A row per architecture, layer, method and measure:
        mean: of drift over images and seeds;
        sd: standard deviation over seeds of the seeds' means, none with one seed;
        floor, floor_tl: between seeds of the tuned and of the transfer-learned checkpoint, none with one;
        chance: between different patients of one class, none where a class has one patient;
        excess: mean - floor;
        normalised: excess / (chance - floor), none unless chance lies above the floor;
        low, high: its 95 % interval for the recipe; fixed_low, fixed_high: for these checkpoints;
        change: of concentration and entropy only, the mean change with its sign;
        n_images, n_patients: with a measured drift.
    """
    every = pairs[KEYS].drop_duplicates()
    chosen = cohort.select(pairs)
    oriented = as_drift(chosen)
    changes = chosen[chosen["pair_kind"] == "drift"].groupby(KEYS, observed=True)[list(CHANGES)].mean()
    floors_tl = _floors_tl(chosen, oriented)
    rows = []
    for key in every.astype(str).itertuples(index=False, name=None):
        for measure in oriented.columns:
            row = _row(excesses.get((key, measure), NOTHING))
            row["floor_tl"] = floors_tl[measure].get(key, NAN)
            row["change"] = changes[measure].get(key, NAN) if measure in CHANGES else NAN
            rows.append(dict(zip(KEYS, key, strict=True)) | {"measure": measure} | row)
    return framed(rows, DRIFT)


def _row(found: Excess) -> dict[str, float]:
    drift, ratio = found.drift, found.normalised
    bounds = {
        name: bound
        for estimand, names in INTERVALS.items()
        for name, bound in zip(names, _interval(ratio, estimand), strict=True)
    }
    return {
        "mean": _value(drift),
        "sd": float(np.std(found.by_seed, ddof=1)) if len(found.by_seed) > 1 else NAN,
        "floor": _value(found.floor),
        "floor_tl": NAN,
        "chance": _value(found.chance),
        "excess": _value(found.excess),
        "normalised": _value(ratio),
        **bounds,
        "change": NAN,
        "n_images": drift.n_images if drift else 0,
        "n_patients": drift.n_patients if drift else 0,
    }


def _interval(part: Quantity | None, estimand: Estimand) -> tuple[float, float]:
    return estimate([part], estimand).interval() if part else (NAN, NAN)


def _value(part: Quantity | None) -> float:
    return part.value if part else NAN


def _floors_tl(chosen: pd.DataFrame, oriented: pd.DataFrame) -> pd.DataFrame:
    """Mean over images of each image's mean over pairs of seeds of `tl`, by KEYS and measure."""
    rows = chosen["pair_kind"] == "seed_tl"
    keys = [chosen.loc[rows, name].astype(str) for name in (*KEYS, "image_id")]
    return oriented[rows].groupby(keys).mean().groupby(KEYS).mean()
