"""Where the evidence lies, over patients: in the finding or beside it, and where fine-tuning moves it.

All figures rest on pairs of usable maps: one image under one seed's two checkpoints. So the two checkpoints
are measured on the same maps, and their difference is the change. Seeds and then a patient's images are
averaged first; intervals are of a t-test over patients, at 95 % each, not corrected for their number. Seeds
are fixed in them: they speak of these checkpoints, not of the recipe (DESIGN.md, section 6).

Which images count is the caller's choice, e.g. `cohort.select(places)` for the common cohort.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from evidrift.drift.places import BASELINES

CONFIDENCE = 0.95
# Patients' means that differ by less are the same but for rounding: no spread, no interval.
SAME = 1e-9
KEYS = ["arch", "layer", "method"]
COLUMNS = [
    *("arch", "layer", "method", "measure", "checkpoint", "mean", "low", "high"),
    *("random", "ratio", "above", "above_low", "above_high", "n_patients", "n_images", "n_left_out"),
]
CHANGE_COLUMNS = [
    *("arch", "layer", "method", "measure", "tl", "ft", "change", "low", "high"),
    *("n_patients", "n_images", "n_left_out"),
]


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
    rows = []
    for key, measure, pairs, left_out in _pairs(places):
        patients = _by_patient(pairs)
        for checkpoint in ("tl", "ft"):
            mean, low, high = _interval(patients[checkpoint], lowest=0)
            random = patients["random"].mean()
            above = _interval(patients[checkpoint] - patients["random"], lowest=-1)
            counts = (len(patients), _images(pairs), left_out)
            rows.append((*key, measure, checkpoint, mean, low, high, random, mean / random, *above, *counts))
    return pd.DataFrame(rows, columns=COLUMNS)


def changes(places: pd.DataFrame) -> pd.DataFrame:
    """How far fine-tuning moves each method's evidence towards a place (above 0) or away from it (below).

    Args:
        places: rows of one or more architectures' places tables.

    Returns:
        A row per architecture, layer, method and measure, as in `localisation`: the means of `tl` and `ft`,
        and change, low, high: the mean over patients of ft - tl, paired by image and seed, -1 to 1.
    """
    rows = []
    for key, measure, pairs, left_out in _pairs(places):
        patients = _by_patient(pairs)
        means = (patients["tl"].mean(), patients["ft"].mean())
        change = _interval(patients["ft"] - patients["tl"], lowest=-1)
        rows.append((*key, measure, *means, *change, len(patients), _images(pairs), left_out))
    return pd.DataFrame(rows, columns=CHANGE_COLUMNS)


def markdown(localised: pd.DataFrame, changed: pd.DataFrame, layer: str, measure: str) -> str:
    """A table for people: one measure at one layer, each architecture and method a line.

    Means and intervals stand as `0.62 [0.57, 0.67]`. Bold are means of which it is shown that they lie above
    random, and changes whose interval excludes 0.

    Args:
        localised: from `localisation`.
        changed: from `changes`, of the same maps.
        layer: target layer.
        measure: `hit`, `finding`, `lungs`, `border` or `corners`.
    """
    heads = (
        "architecture",
        "method",
        "random",
        "tl",
        "ft",
        "tl / random",
        "ft / random",
        "ft - tl",
        "patients",
    )
    lines = [_line(heads), _line(["---"] * 2 + ["---:"] * (len(heads) - 2))]
    here = localised[(localised["layer"] == layer) & (localised["measure"] == measure)]
    there = changed[(changed["layer"] == layer) & (changed["measure"] == measure)].set_index(
        ["arch", "method"]
    )
    for key, both in here.groupby(["arch", "method"], sort=False):
        by_checkpoint = both.set_index("checkpoint")
        tl, ft, change = by_checkpoint.loc["tl"], by_checkpoint.loc["ft"], there.loc[key]
        moved = change["low"] > 0 or change["high"] < 0
        cells = [
            _number(ft["random"], 3),
            *(_cell(each["mean"], each["low"], each["high"], each["above_low"] > 0) for each in (tl, ft)),
            *(_number(each["ratio"], 2) for each in (tl, ft)),
            _cell(change["change"], change["low"], change["high"], moved, sign="+"),
            str(change["n_patients"]),
        ]
        lines.append(_line([*key, *cells]))
    return "\n".join(lines) + "\n"


def _pairs(places: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, pd.DataFrame, int]]:
    """By key and measure: pairs of maps with columns tl, ft, random, and how many pairs are left out."""
    words = [*KEYS, "checkpoint", "patient_id", "image_id"]
    rows = places.astype(dict.fromkeys(words, str) | dict.fromkeys([*BASELINES, *BASELINES.values()], float))
    for key, group in rows.groupby(KEYS):
        by_map = group.set_index(["patient_id", "image_id", "seed", "checkpoint"])
        for measure, baseline in BASELINES.items():
            known = by_map[by_map[baseline].notna()]
            if known.empty:
                continue
            pairs = known[measure].unstack("checkpoint")
            pairs["random"] = known[baseline].unstack("checkpoint")["ft"]
            usable = pairs.dropna()
            yield key, measure, usable, len(pairs) - len(usable)


def _by_patient(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.groupby(["patient_id", "image_id"]).mean().groupby("patient_id").mean()


def _images(pairs: pd.DataFrame) -> int:
    return pairs.index.get_level_values("image_id").nunique()


def _interval(patients: pd.Series, lowest: float) -> tuple[float, float, float]:
    """Mean of patients' values, and its 95 % interval by Student's t; NaN where there is no spread.

    Cut off at the values' own limits, `lowest` and 1, which Student's t does not know.
    """
    values = patients.to_numpy()
    if len(values) < 2 or np.ptp(values) < SAME:
        return float(patients.mean()), np.nan, np.nan
    low, high = stats.t.interval(CONFIDENCE, len(values) - 1, values.mean(), stats.sem(values))
    return float(values.mean()), max(float(low), lowest), min(float(high), 1.0)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(mean: float, low: float, high: float, shown: bool, sign: str = "") -> str:
    if np.isnan(mean):
        return "-"
    interval = "" if np.isnan(low) else f" [{low:{sign}.3f}, {high:{sign}.3f}]"
    text = f"{mean:{sign}.3f}{interval}"
    return f"**{text}**" if shown else text


def _number(value: float, decimals: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{decimals}f}"
