"""When the evidence moved, and when accuracy did: the trajectory tables brought together with histories.

Needs no TensorFlow. One training is one run of one recipe: intervals are over patients and say nothing about
other seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.errors import UserError
from evidrift.base.interval import t_interval
from evidrift.base.sentence import owner, say
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.trajectory.c_score import c_score
from evidrift.trajectory.table import PREVIOUS, SCALE

CLOSE = 0.02  # of validation accuracy: two points
MOST = 0.9  # of the drift at the chosen epoch
ROUNDING = 1e-6  # accuracies are read from files with six digits

Run = tuple[str, int]  # architecture, seed


class Change(NamedTuple):
    """A mean difference over patients with its 95 % t interval; NaN limits with one patient."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Matched:
    """Drift at matched accuracy: the earliest epoch of fine-tuning that is about as accurate as tl.

    Attributes:
        epoch: from 1.
        accuracy: on validation, within two points of tl's.
        drift: there.
        drift_chosen: at the chosen epoch.
        change: the latter less the former, paired by patient.
    """

    epoch: int
    accuracy: float
    drift: float
    drift_chosen: float
    change: Change


@dataclass(frozen=True)
class Course:
    """One architecture, seed and method along fine-tuning.

    Attributes:
        arch, seed, method: of which.
        n_images, n_patients: on which drift rests: validation images whose map is `ok` at every epoch.
        left_out: images that were explained, but are not among these.
        curve: a row an epoch, tl (0) first: epoch; drift, the mean over patients of the moved share from
            tl's map, with `error`, its standard error, and `low` and `high`, its 95 % t interval; `scale`,
            from one patient's map to another's, tl's and this epoch's mean; `step`, the moved share from the
            map one epoch earlier; accuracy, on the whole validation split; and the epoch's C-Score, the
            fields of `trajectory.c_score.CScore` after a `c_`, on the images that are right at that epoch.
        chosen: the epoch whose weights became ft.
        settled: the first epoch, 0 for tl, from which accuracy stays within two points of the chosen epoch's
            until then.
        moved: the first epoch at which drift has reached 90 % of the chosen epoch's; None without any drift.
        late: drift at the chosen epoch less drift at the settled one, paired by patient; None where these are
            one epoch, or without images.
        late_share: its share of the drift at the chosen epoch; negative where maps came back.
        late_step: mean `step` of the epochs after accuracy had settled, up to the chosen one. A map may go on
            moving without getting further from tl's.
        matched: drift at matched accuracy, None where there is none.
        unmatched: why there is none, as a clause; else empty.
    """

    arch: str
    seed: int
    method: str
    n_images: int
    n_patients: int
    left_out: int
    curve: pd.DataFrame
    chosen: int
    settled: int
    moved: int | None
    late: Change | None
    late_share: float | None
    late_step: float | None
    matched: Matched | None
    unmatched: str


def along(
    table: pd.DataFrame,
    histories: Mapping[Run, pd.DataFrame],
    tl_accuracy: Mapping[Run, float],
    chosen_epoch: Mapping[Run, int],
) -> list[Course]:
    """Bring the trajectory tables and the trainings' histories together.

    Args:
        table: the trajectory tables of all architectures, one below the other.
        histories: of fine-tuning, by architecture and seed: epoch, from 1, and validation_accuracy.
        tl_accuracy: of tl on the validation split.
        chosen_epoch: of fine-tuning, whose weights were kept, from 1.

    Returns:
        A course for each architecture, seed and method of the table, in its order of architectures, then by
        seed and method; none of an empty table.

    Raises:
        UserError: table and history are of different trainings.
    """
    courses = []
    for (arch, seed, method), own in table.groupby(["arch", "seed", "method"], observed=True, sort=False):
        run = (str(arch), int(seed))
        history = histories[run]
        accuracy = np.array([tl_accuracy[run], *history["validation_accuracy"]], dtype=float)
        if sorted(set(own["epoch"])) != [0, *history["epoch"]]:
            raise UserError(
                f"The trajectory table of {arch} has epochs up to {own['epoch'].max()} of seed {seed}, but "
                f"fine-tuning's history {len(history)}: they are of different trainings. Run `dvc repro`."
            )
        courses.append(_course(run, str(method), own, accuracy, chosen_epoch[run]))
    return courses


def _course(run: Run, method: str, rows: pd.DataFrame, accuracy: np.ndarray, chosen: int) -> Course:
    patients, scale, step, left_out = _by_patient(rows)
    n_patients = len(patients)
    drift = patients.mean(axis=0) if n_patients else np.full(len(accuracy), np.nan)
    changes = [_change(patients[:, epoch]) for epoch in range(len(accuracy))]
    curve = pd.DataFrame(
        {
            "epoch": np.arange(len(accuracy)),
            "drift": drift,
            "error": patients.std(axis=0, ddof=1) / np.sqrt(n_patients) if n_patients > 1 else np.nan,
            "low": [change.low for change in changes],
            "high": [change.high for change in changes],
            "scale": scale,
            "step": step,
            "accuracy": accuracy,
        }
    )
    alike = pd.DataFrame([c_score(own) for _, own in rows.groupby("epoch", sort=True)]).add_prefix("c_")
    settled = _settled(accuracy, chosen)
    moves = n_patients > 0 and drift[chosen] > 0
    late = moves and settled < chosen
    matched, unmatched = _matched(patients, accuracy, chosen)
    return Course(
        *run,
        method,
        n_images=rows["image_id"].nunique() - left_out,
        n_patients=n_patients,
        left_out=left_out,
        curve=curve.join(alike),
        chosen=chosen,
        settled=settled,
        moved=int(np.argmax(drift >= MOST * drift[chosen])) if moves else None,
        late=_change(patients[:, chosen] - patients[:, settled]) if late else None,
        late_share=float(1 - drift[settled] / drift[chosen]) if late else None,
        late_step=float(step[settled + 1 : chosen + 1].mean()) if late else None,
        matched=matched,
        unmatched=unmatched,
    )


def _by_patient(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Drift by patient and epoch, (patients, epochs); mean scale and step by epoch; images left out."""
    keys = ["patient_id", "image_id", "epoch"]
    cells = rows.astype({"patient_id": str, "image_id": str}).set_index(keys)
    wide = {name: cells[name].astype(float).unstack("epoch") for name in (MOVED_SHARE, SCALE, PREVIOUS)}
    usable = wide[MOVED_SHARE].notna().all(axis=1)
    means = {name: values[usable].groupby(level="patient_id").mean() for name, values in wide.items()}
    return (
        means[MOVED_SHARE].to_numpy(float),
        means[SCALE].mean().to_numpy(float),
        means[PREVIOUS].mean().to_numpy(float),
        int((~usable).sum()),
    )


def _settled(accuracy: np.ndarray, chosen: int) -> int:
    far = np.flatnonzero(np.abs(accuracy[: chosen + 1] - accuracy[chosen]) > CLOSE + ROUNDING)
    return int(far[-1]) + 1 if len(far) else 0


def _matched(patients: np.ndarray, accuracy: np.ndarray, chosen: int) -> tuple[Matched | None, str]:
    if not len(patients):
        return None, "no image has a usable map at every epoch"
    gaps = np.abs(accuracy[1:] - accuracy[0])
    close = np.flatnonzero(gaps <= CLOSE + ROUNDING)
    if not len(close):
        nearest = int(gaps.argmin()) + 1
        return None, say(
            f"no epoch of fine-tuning has a validation accuracy within 2 points of {{owner}} "
            f"{accuracy[0]:.2f}; the closest is epoch {nearest} with {accuracy[nearest]:.2f}",
            owner=owner("tl"),
        )
    epoch = int(close[0]) + 1
    change = _change(patients[:, chosen] - patients[:, epoch])
    drift = patients.mean(axis=0)
    return Matched(epoch, float(accuracy[epoch]), float(drift[epoch]), float(drift[chosen]), change), ""


def _change(values: np.ndarray) -> Change:
    """Mean and 95 % t interval of one value a patient."""
    n = len(values)
    if not n:
        return Change(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    if n == 1:
        return Change(mean, np.nan, np.nan)
    low, high = t_interval(mean, float(values.std(ddof=1) / np.sqrt(n)), n - 1)
    return Change(mean, float(low), float(high))
