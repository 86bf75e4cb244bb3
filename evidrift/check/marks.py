"""What the checks say about each method on each checkpoint: `faithful`, `insensitive`, or not decidable.

Needs no TensorFlow: compare reads the tables and asks here.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from evidrift.base.schema import Schema, columns, framed

ALPHA = 0.05
# Fewer patients than this decide nothing: the verdict is None.
MIN_PATIENTS = 5
KEYS = ["arch", "checkpoint", "layer", "method"]
MARKS: Schema = (
    columns(str, "", *KEYS)
    | columns(np.float64, "difference of areas, -2 to 2", "gain")
    | columns(np.float64, "p-value, one-sided", "gain_p")
    | columns(object, "True, False or None", "faithful")
    | columns(np.int64, "with a value", "n_patients_faithfulness")
    | columns(np.float64, "correlation, -1 to 1", "similarity", "chance")
    | columns(np.float64, "p-value, one-sided", "similarity_p")
    | columns(object, "True, False or None", "insensitive")
    | columns(np.int64, "with a value", "n_patients_randomisation")
)


def marks(faithfulness: pd.DataFrame, randomisation: pd.DataFrame) -> pd.DataFrame:
    """One verdict a check, for each architecture, checkpoint, layer and method.

    Patients are independent, their images and seeds are not: rows are averaged by patient first, those
    without a value left out. Then a t-test of the patients' means, one-sided at 0.05, against zero:

    faithful: gain = (insertion - insertion_random) + (deletion_random - deletion) > 0 is shown;
    insensitive: similarity - chance > 0 is shown at the last depth, where all weights are random: such a
    network's map resembles the original more than another patient's original does.

    False says that this is not shown, not that the opposite is. Nothing is corrected for the number of
    methods.

    Args:
        faithfulness: rows of one or more architectures' faithfulness tables.
        randomisation: rows of their randomisation tables.

    Returns:
        Columns arch, checkpoint, layer, method; gain, gain_p, faithful, n_patients_faithfulness;
        similarity, chance, similarity_p, insensitive, n_patients_randomisation; sorted by the first four.
        The verdicts are True, False, or None where fewer than five patients have a value (not decidable);
        then the p-value is NaN, and with no patient the means are too.
    """
    gains = faithfulness.assign(
        gain=faithfulness["insertion"].astype(float)
        - faithfulness["insertion_random"]
        + faithfulness["deletion_random"]
        - faithfulness["deletion"]
    )
    depth = randomisation.groupby(KEYS, observed=True)["depth"].transform("max")
    last = randomisation[randomisation["depth"] == depth]
    last = last.astype({"similarity": float, "chance": float})
    last = last.assign(excess=last["similarity"] - last["chance"])

    gains_of, last_of = _groups(gains), _groups(last)
    rows = [
        dict(zip(KEYS, key, strict=True))
        | _faithful(_by_patient(gains_of.get(key), ["gain"]))
        | _insensitive(_by_patient(last_of.get(key), ["excess", "similarity", "chance"]))
        for key in sorted({*gains_of, *last_of})
    ]
    return framed(rows, MARKS)


def _groups(rows: pd.DataFrame) -> dict[tuple[str, ...], pd.DataFrame]:
    return {tuple(map(str, key)): part for key, part in rows.groupby(KEYS, observed=True)}


def _by_patient(rows: pd.DataFrame | None, columns: list[str]) -> pd.DataFrame:
    """Means of a row per patient, over the rows in which the columns all have a value."""
    if rows is None:
        return pd.DataFrame(columns=columns, dtype=float)
    known = rows.dropna(subset=columns)
    return known.groupby("patient_id", observed=True)[columns].mean()


def _faithful(patients: pd.DataFrame) -> dict[str, Any]:
    p, shown = _is_positive(patients["gain"].to_numpy())
    return {
        "gain": patients["gain"].mean(),
        "gain_p": p,
        "faithful": shown,
        "n_patients_faithfulness": len(patients),
    }


def _insensitive(patients: pd.DataFrame) -> dict[str, Any]:
    p, shown = _is_positive(patients["excess"].to_numpy())
    return {
        "similarity": patients["similarity"].mean(),
        "chance": patients["chance"].mean(),
        "similarity_p": p,
        "insensitive": shown,
        "n_patients_randomisation": len(patients),
    }


def _is_positive(values: np.ndarray) -> tuple[float, bool | None]:
    """The p-value of a mean above zero, one-sided, and whether that is shown; None of too few values."""
    if len(values) < MIN_PATIENTS:
        return float("nan"), None
    if np.ptp(values) == 0:  # no spread, no t
        p = 0.0 if values[0] > 0 else 1.0
    else:
        p = float(ttest_1samp(values, 0, alternative="greater").pvalue)
    return p, p < ALPHA
