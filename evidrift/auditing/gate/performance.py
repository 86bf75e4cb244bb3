"""The limits on how good the model after is, held against the one before: on all films and on subgroups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.gate.check import NAN, NO_LABELS, Check, check
from evidrift.auditing.gate.films import Part
from evidrift.auditing.gate.limits import DROPS, OF_PERFORMANCE, Gate, OfSubgroups
from evidrift.auditing.performance.areas import Places, area_bounds, n_for_area
from evidrift.auditing.performance.calibration import Gaps, calibration_bounds, n_for_calibration
from evidrift.auditing.performance.measures import Measured, measured
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.base.interval import ERROR, UNBOUNDED, Bounds
from evidrift.base.sentence import parameter, say

WHAT = {
    "accuracy_drop_at_most": "accuracy before less accuracy after",
    "sensitivity_drop_at_most": "sensitivity before less sensitivity after, of the worst class",
    "specificity_drop_at_most": "specificity before less specificity after, of the worst class",
    "auc_drop_at_most": "AUC before less AUC after, of the worst class",
    "calibration_error_at_most": "calibration error after",
}


class Predicted(NamedTuple):
    """What is true of the films, and what each pair of models says of them.

    Attributes:
        truth: of the films.
        pairs: before and after.
        columns: by which subgroups are made.
    """

    truth: Truth
    pairs: tuple[tuple[Scores, Scores], ...]
    columns: tuple[Subgroups, ...]

    def turned(self) -> "Predicted":
        """With before and after exchanged."""
        return self._replace(pairs=tuple((after, before) for before, after in self.pairs))


@dataclass(frozen=True)
class Area:
    """How much smaller an area under the ROC curve is after, as a part of a limit; see `films.Part`.

    Attributes:
        name, of: likewise.
        places: before less after; None where they are not defined.
    """

    name: str
    of: str
    places: Places | None

    @property
    def values(self) -> np.ndarray:
        """Of the patients with the label."""
        return np.zeros(0) if self.places is None else self.places.above

    def bounds(self, low_error: float = ERROR, high_error: float = ERROR) -> Bounds:
        """The difference with its two one-sided bounds."""
        return UNBOUNDED if self.places is None else area_bounds([self.places], -1.0, low_error, high_error)

    def n_for(self, limit: float) -> int | None:
        """How many patients with the label, and others in proportion, would show that it is at most this."""
        return None if self.places is None else n_for_area(self.places, limit)


@dataclass(frozen=True)
class Calibrated:
    """A calibration error as a part of a limit; see `films.Part`.

    Attributes:
        name, of: likewise.
        gaps: None without films.
    """

    name: str
    of: str
    gaps: Gaps | None

    @property
    def values(self) -> np.ndarray:
        """Of the patients."""
        return np.zeros(0) if self.gaps is None else self.gaps.signed

    def bounds(self, low_error: float = ERROR, high_error: float = ERROR) -> Bounds:
        """The error with its two one-sided bounds."""
        return UNBOUNDED if self.gaps is None else calibration_bounds(self.gaps, low_error, high_error)

    def n_for(self, limit: float) -> int | None:
        """How many patients like these would show that it is at most this."""
        return None if self.gaps is None else n_for_calibration(self.gaps, limit)


def judge_performance(gate: Gate, predicted: Predicted | None) -> Iterator[Check]:
    """The limits on sensitivity, specificity, AUC and calibration, and all limits on subgroups.

    Args:
        gate: the limits.
        predicted: None where labels are not known.
    """
    everything = [] if predicted is None else [("", np.ones(len(predicted.truth.ids), dtype=bool))]
    for name in OF_PERFORMANCE[1:]:  # the first is judged by what is right and wrong
        limit = getattr(gate, name)
        if limit is not None:
            yield _check(name, WHAT[name], limit, predicted, everything)
    if gate.subgroups is None:
        return
    groups, missing = _groups(gate.subgroups, predicted)
    for name in OF_PERFORMANCE:
        limit = getattr(gate.subgroups, name)
        if limit is None:
            continue
        key, what = f"subgroups.{name}", f"{WHAT[name]}, of the worst subgroup"
        if predicted is not None and missing:
            yield Check(key, what, NAN, NAN, NAN, limit, "not judged", missing)
        else:
            yield _check(key, what, limit, predicted, groups)


def _check(
    key: str,
    what: str,
    limit: float,
    predicted: Predicted | None,
    groups: Sequence[tuple[str, np.ndarray]],
) -> Check:
    if predicted is None:
        return Check(key, what, NAN, NAN, NAN, limit, "not judged", NO_LABELS)
    measure = key.rpartition(".")[2].removesuffix("_at_most").removesuffix("_drop")
    return check(key, what, limit, list(_parts(measure, predicted, groups)))


def _groups(limits: OfSubgroups, predicted: Predicted | None) -> tuple[list[tuple[str, np.ndarray]], str]:
    """Films by the words for their group; and why there are none."""
    columns = {} if predicted is None else {each.column: each for each in predicted.columns}
    asked = list(limits.columns or [name for name, each in columns.items() if each.groups])
    if not asked:
        return [], say(
            "No column tells groups of films apart. Give one in a manifest ({images}).",
            images=parameter("images"),
        )
    for name in asked:
        if name not in columns or not columns[name].groups:
            why = columns[name].reason if name in columns else None
            told = say("Films are not told apart by {name}: {why}.", name=name, why=why or "it is no column")
            return [], told
    chosen = [columns[name] for name in asked]
    return [(f"{each.column} {value}", each.values == value) for each in chosen for value in each.groups], ""


def _parts(
    measure: str, predicted: Predicted, groups: Sequence[tuple[str, np.ndarray]]
) -> Iterator[Part | Area | Calibrated]:
    labels: list[int | None] = [None]
    if measure in DROPS:
        labels = [*range(len(predicted.truth.labels))]
    for number, pair in enumerate(predicted.pairs, start=1):
        for group, films in groups:
            for label in labels:
                before, after = (measured(predicted.truth, scores, films, label) for scores in pair)
                kind = "class" if predicted.truth.exclusive else "finding"
                about = "" if label is None else f"{kind} {predicted.truth.labels[label]}"
                words = [about, group, f"pair {number}" if len(predicted.pairs) > 1 else ""]
                name = ", ".join(word for word in words if word)
                of = " in ".join(word for word in (about, group) if word)
                yield _part(measure, name, of, before, after)


def _part(measure: str, name: str, of: str, before: Measured, after: Measured) -> Part | Area | Calibrated:
    if measure == "calibration_error":
        return Calibrated(name, of, after.gaps)
    if measure == "auc":
        both = zip(before.places, after.places, strict=True)
        return Area(name, of, next((one.less(other) for one, other in both), None))
    one, other = getattr(before, measure), getattr(after, measure)
    if one is None:
        return Part(name, of, np.zeros(0), -1.0, True)
    of = f"films without {of}" if measure == "specificity" else of
    less = one.less(other)
    return Part(name, of, less.values, -1.0, less.exact)
