"""What is true of an audit's films, and what a model says of them: one class a film, or several findings."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """What one model says of n films.

    Attributes:
        probability: of each label, (n, labels), 0 to 1.
        called: whether the model calls it, (n, labels) bool.
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

    @property
    def everything(self) -> np.ndarray:
        """All films, (n,) bool."""
        return np.ones(len(self.ids), dtype=bool)

    def right(self, scores: Scores, label: int | None = None) -> np.ndarray:
        """The films that a model gets right, (n,) bool: in every label that is known, or in one."""
        same = (scores.called == self.truth) | ~self.known
        return same.all(axis=1) if label is None else same[:, label]


def means(values: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """Patients' means of films' values, in the order of the patients' numbers; patients count once.

    Args:
        values: (films,).
        patient: of each film, a number.
    """
    films = np.bincount(patient)
    return np.bincount(patient, values)[films > 0] / films[films > 0]
