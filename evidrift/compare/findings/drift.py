"""Drift with its parts, the seed floors and the scale as a table (docs/design.md, Drift).

Here every measure is oriented so that larger means more drift. All numbers are those of the claims
(`claims.quantities`), so that a value and its interval are of one estimate.
"""

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.claims.cells import AllQuantities
from evidrift.claims.cohort import CommonCohort
from evidrift.claims.estimate import Estimand, Quantity, estimate, moderated
from evidrift.claims.quantities import NOTHING, Quantities
from evidrift.drift.oriented import CHANGES, MOVED_SHARE_ALL
from evidrift.drift.tables import measures_of

KEYS = ["arch", "layer", "method"]
# What has an interval, by its column, and the prefix of the interval's columns.
ESTIMATED = {"drift": "", "shared": "shared_", "over_scale": "over_scale_"}
ESTIMANDS: dict[Estimand, str] = {"recipe": "", "these checkpoints": "fixed_"}
BOUNDS = tuple(
    f"{fixed}{prefix}{bound}"
    for prefix in ESTIMATED.values()
    for fixed in ESTIMANDS.values()
    for bound in ("low", "high")
)
NAN = float("nan")
DRIFT: Schema = (
    columns(str, "", "arch", "layer", "method", "measure")
    | columns(np.float64, "of the measure, larger is more drift", "mean", "sd", "shared", "erratic")
    | columns(np.float64, "of the measure", "floor_tl", "floor_ft", "scale")
    | columns(np.float64, "drift over scale", "over_scale")
    | columns(np.float64, "end of a 95 % interval", *BOUNDS)
    | columns(np.float64, "of the measure, with its sign", "change")
    | columns(np.int64, "measured", "n_images", "n_patients")
)


def summarise(pairs: pd.DataFrame, cohort: CommonCohort, quantities: AllQuantities) -> pd.DataFrame:
    """Drift and what stands beside it on the common cohort.

    Args:
        pairs: drift tables.
        cohort: whose images count.
        quantities: of the same tables and cohort.

    Returns:
        A row per architecture, layer, method and measure:
        mean: of drift over images and seeds;
        sd: standard deviation over seeds of the seeds' means, none with one seed;
        shared, erratic: the parts of drift that every training has alike, and that it has not; none with one
            seed and of measures that are no squared distance;
        floor_tl, floor_ft: between seeds of the transfer-learned and of the tuned checkpoint, none with one;
        scale: between patients of one class under one checkpoint, none where a class has one patient;
        over_scale: drift / scale;
        low, high: 95 % interval of drift for the recipe, not corrected; fixed_low, fixed_high: for these
            checkpoints; likewise with shared_ and over_scale_;
        change: of concentration and entropy only, the mean change with its sign;
        n_images, n_patients: with a measured drift.
    """
    every = pairs[KEYS].drop_duplicates()
    chosen = cohort.select(pairs)
    changes = chosen[chosen["pair_kind"] == "drift"].groupby(KEYS, observed=True)[list(CHANGES)].mean()
    measures = [*measures_of(pairs), MOVED_SHARE_ALL]
    noisy = {name: _moderated(quantities, name) for name in ESTIMATED}
    rows = []
    for key in every.astype(str).itertuples(index=False, name=None):
        for measure in measures:
            row = _row(quantities.get((key, measure), NOTHING))
            for name, prefix in ESTIMATED.items():
                row |= _bounds(noisy[name].get((*key, measure)), prefix)
            row["change"] = changes[measure].get(key, NAN) if measure in CHANGES else NAN
            rows.append(dict(zip(KEYS, key, strict=True)) | {"measure": measure} | row)
    return framed(rows, DRIFT)


def _row(found: Quantities) -> dict[str, float]:
    drift = found.drift
    return {
        "mean": _value(drift),
        "sd": float(np.std(found.by_seed, ddof=1)) if len(found.by_seed) > 1 else NAN,
        "shared": _value(found.shared),
        "erratic": _value(found.erratic),
        "floor_tl": _value(found.floor_tl),
        "floor_ft": _value(found.floor_ft),
        "scale": _value(found.scale),
        "over_scale": _value(found.over_scale),
        "n_images": drift.n_images if drift else 0,
        "n_patients": drift.n_patients if drift else 0,
    }


def _moderated(quantities: AllQuantities, name: str) -> dict[tuple[str, ...], Quantity]:
    """One kind of quantity by architecture, layer, method and measure, its seeds' noise as claims have it."""
    groups: dict[tuple[str, str], dict[tuple[str, ...], Quantity]] = {}
    for ((arch, layer, method), measure), each in quantities.items():
        part = getattr(each, name)
        if part is not None:
            groups.setdefault((layer, measure), {})[arch, layer, method, measure] = part
    return {key: part for group in groups.values() for key, part in moderated(group).items()}


def _bounds(part: Quantity | None, prefix: str) -> dict[str, float]:
    return {
        f"{fixed}{prefix}{name}": bound
        for estimand, fixed in ESTIMANDS.items()
        for name, bound in zip(
            ("low", "high"), estimate([part], estimand).interval() if part else (NAN, NAN), strict=True
        )
    }


def _value(part: Quantity | None) -> float:
    return part.value if part else NAN
