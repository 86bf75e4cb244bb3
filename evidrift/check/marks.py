"""What the checks say about each method on each checkpoint: `faithful`, `insensitive`, each with its size.

Needs no TensorFlow: compare reads the tables and asks here.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.interval import CONFIDENCE, t_interval
from evidrift.base.schema import Schema, columns, framed

SUPPORTED, REFUTED, OPEN = "supported", "refuted", "not decidable"
# A gain below this counts as none. A convention: on phantoms the finding's own mask gains 0.01 to 0.10.
GAIN_MARGIN = 0.02
# What survives random weights counts as nothing below this. A convention: of an edge detector all survives.
EXCESS_MARGIN = 0.1
# Fewer patients than this decide nothing.
MIN_PATIENTS = 5
KEYS = ["arch", "checkpoint", "layer", "method"]
MARKS: Schema = (
    columns(str, "", *KEYS)
    | columns(np.float64, "difference of areas, -2 to 2", "gain", "gain_low", "gain_high")
    | columns(str, "supported, refuted or not decidable", "faithful")
    | columns(np.int64, "with a value", "n_patients_faithfulness")
    | columns(np.float64, "correlation, -1 to 1", "similarity", "chance")
    | columns(np.float64, "difference of correlations, -2 to 2", "excess", "excess_low", "excess_high")
    | columns(str, "supported, refuted or not decidable", "insensitive")
    | columns(np.int64, "with a value", "n_patients_randomisation")
)


class _Check(NamedTuple):
    """A claim that a figure is above zero.

    Attributes:
        claim: its column.
        figure: the column whose patients' mean is judged.
        beside: columns of which the means are told as well.
        margin: below which the figure counts as nothing.
        patients: the column of their number.
    """

    claim: str
    figure: str
    beside: tuple[str, ...]
    margin: float
    patients: str


FAITHFUL = _Check("faithful", "gain", (), GAIN_MARGIN, "n_patients_faithfulness")
INSENSITIVE = _Check(
    "insensitive", "excess", ("similarity", "chance"), EXCESS_MARGIN, "n_patients_randomisation"
)


def marks(faithfulness: pd.DataFrame, randomisation: pd.DataFrame) -> pd.DataFrame:
    """One verdict a check, for each architecture, checkpoint, layer and method.

    Patients are independent, their images and seeds are not: rows are averaged by patient first, those
    without a value left out. Then Student's interval of the patients' mean decides:

    faithful: gain = (insertion - insertion_random) + (deletion_random - deletion), how much more the map
        does than a random one;
    insensitive: excess = similarity - chance at the last depth, where all weights are random: by how much
        more such a network's map resembles this image's original than it would did it hold nothing of it.

    `supported` where the whole interval lies above zero; `refuted` where it does not, and lies below the
    check's margin; else `not decidable`, as where fewer than five patients have a value. The intervals of a
    check on one architecture hold together at 95 % (Bonferroni for its decidable rows), so that of all its
    verdicts in vain at most one in twenty studies has any.

    Args:
        faithfulness: rows of one or more architectures' faithfulness tables.
        randomisation: rows of their randomisation tables.

    Returns:
        Columns as in MARKS, sorted by the keys. Without five patients the ends are NaN, without any the
        means are too.
    """
    gains = faithfulness.assign(gain=gain_of(faithfulness))
    depth = randomisation.groupby(KEYS, observed=True)["depth"].transform("max")
    last = randomisation[randomisation["depth"] == depth]
    last = last.astype({"similarity": float, "chance": float})
    last = last.assign(excess=last["similarity"] - last["chance"])

    judged = [_judged(gains, FAITHFUL), _judged(last, INSENSITIVE)]
    both = pd.concat(judged, axis="columns").sort_index().reset_index()
    nothing = {
        name: value
        for check in (FAITHFUL, INSENSITIVE)
        for name, value in ((check.claim, OPEN), (check.patients, 0))
    }
    return framed(both.fillna(nothing).to_dict("records"), MARKS)


def gain_of(faithfulness: pd.DataFrame) -> pd.Series:
    """How much more each map of a faithfulness table does than a random one: difference of areas, -2 to 2."""
    return (
        faithfulness["insertion"].astype(float)
        - faithfulness["insertion_random"]
        + faithfulness["deletion_random"]
        - faithfulness["deletion"]
    )


def _judged(rows: pd.DataFrame, check: _Check) -> pd.DataFrame:
    """By keys: the patients' means, the interval that decides, the verdict and the number of patients."""
    figures = [check.figure, *check.beside]
    named = rows.astype(dict.fromkeys([*KEYS, "patient_id"], str))
    by_patient = named.dropna(subset=figures).groupby([*KEYS, "patient_id"])[figures].mean()
    patients = by_patient.groupby(level=KEYS)
    every = named.groupby(KEYS).size().index
    found = patients.mean().reindex(every)
    n = patients.size().reindex(every, fill_value=0)
    decidable = n >= MIN_PATIENTS
    tests = decidable.groupby(level="arch").transform("sum").clip(lower=1)
    error = (patients[check.figure].std() / np.sqrt(n)).where(decidable)
    low, high = t_interval(found[check.figure], error, n - 1, 1 - (1 - CONFIDENCE) / tests)
    verdict = np.select([low > 0, high < check.margin], [SUPPORTED, REFUTED], OPEN)
    return found.assign(
        **{f"{check.figure}_low": low, f"{check.figure}_high": high, check.claim: verdict, check.patients: n}
    )
