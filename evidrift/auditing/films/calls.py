"""What is true of an audit's films, and what each model says of them: of one class a film, and of several.

What is computed from these arrays alone serves both tasks.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.images import AuditImages
from evidrift.foreign.files import ModelFile
from evidrift.maps.scores import predicted_classes


class Scores(NamedTuple):
    """What one model says of n films.

    Attributes:
        probability: its own, of each label, (n, labels) float64.
        called: whether it calls the label, (n, labels) bool. Of one class a film the likeliest is called; of
            several findings each whose probability is one half at least.
    """

    probability: np.ndarray
    called: np.ndarray


@dataclass(frozen=True)
class Truth:
    """What is true of n films.

    Attributes:
        ids: (n,) str.
        patients: (n,) str.
        labels: classes or findings, in the order of the models' outputs.
        truth: (n, labels) bool; False where it is not known.
        known: whether it is, (n, labels) bool. Of one class a film it always is.
        exclusive: whether a film has exactly one of them.
    """

    ids: np.ndarray
    patients: np.ndarray
    labels: tuple[str, ...]
    truth: np.ndarray
    known: np.ndarray
    exclusive: bool

    @cached_property
    def patient(self) -> np.ndarray:
        """Each film's patient as a number, (n,)."""
        return np.unique(self.patients, return_inverse=True)[1]

    def right(self, scores: Scores, label: int | None = None) -> np.ndarray:
        """The films that a model gets right, (n,) bool: in every label that is known, or in one."""
        same = (scores.called == self.truth) | ~self.known
        return same.all(axis=1) if label is None else same[:, label]


def scores_of(file: ModelFile, raw: np.ndarray) -> Scores:
    """What a model says.

    Args:
        file: the model.
        raw: what it gives, (n, outputs).
    """
    probability = file.probabilities(raw)
    if file.several:
        return Scores(probability, raw >= 0)
    return Scores(probability, one_hot(predicted_classes(raw), file.n_classes))


def truth_of(audited: AuditImages) -> Truth | None:
    """What is true of an audit's films; None where nothing is known of it."""
    if not audited.labels_known:
        return None
    images, known = audited.images, audited.findings_known
    truth = audited.findings
    if truth is None or known is None:
        truth = one_hot(images.labels, len(images.classes))
        known = np.ones_like(truth)
    exclusive = audited.findings is None
    return Truth(images.ids, images.patient_ids, images.classes, truth, known, exclusive)


def one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Class indices, (n,), as (n, classes) bool."""
    return np.arange(n_classes) == np.asarray(labels)[:, None]
