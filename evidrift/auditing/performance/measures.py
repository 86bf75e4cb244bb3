"""How good a model is on a group of films, about one label or all together: what patients contribute to it.

So a difference between two models is the mean of patients' differences, and every bound is one over patients.
"""

from dataclasses import dataclass

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.performance.areas import Places, places
from evidrift.auditing.performance.calibration import Gaps, gaps
from evidrift.auditing.performance.patients import means


@dataclass(frozen=True)
class Sample:
    """Patients' shares of films that are right, or the differences of two.

    Attributes:
        values: (patients,), 0 to 1; of a difference -1 to 1.
        exact: each patient has one film.
    """

    values: np.ndarray
    exact: bool

    def less(self, other: "Sample") -> "Sample":
        """How much larger the shares are than those of another model, of the same films."""
        return Sample(self.values - other.values, self.exact)


@dataclass(frozen=True)
class Measured:
    """One model on one group of films.

    Attributes:
        accuracy: films that it gets right; about a label, right about this one. Of several findings together,
            calls that are right.
        sensitivity, specificity: about a label; None for all together.
        places: for the AUC, of the label or of each; empty where one has no film, or each film.
        gaps: for the calibration error.

    Where no film can tell, there is None.
    """

    accuracy: Sample | None
    sensitivity: Sample | None
    specificity: Sample | None
    places: tuple[Places, ...]
    gaps: Gaps | None


def measured(truth: Truth, scores: Scores, films: np.ndarray, label: int | None = None) -> Measured:
    """One model on some of the films.

    Args:
        truth: of all films.
        scores: of the model.
        films: which, (n,) bool.
        label: a class or finding by its number; None for all together.
    """
    patient, labels = truth.patient, range(len(truth.labels)) if label is None else [label]
    if label is not None:
        films = films & truth.known[:, label]
    right, has = truth.right(scores, label), None if label is None else truth.truth[:, label]
    ranked = [_places(truth, scores, films & truth.known[:, each], each) for each in labels]
    known = tuple(each for each in ranked if each is not None)
    return Measured(
        accuracy=_accuracy(truth, scores, films, label),
        sensitivity=None if has is None else _sample(right, patient, films & has),
        specificity=None if has is None else _sample(right, patient, films & ~has),
        places=known if len(known) == len(ranked) else (),
        gaps=_gaps(truth, scores, films, label) if films.any() else None,
    )


def _places(truth: Truth, scores: Scores, films: np.ndarray, label: int) -> Places | None:
    return places(scores.probability[films, label], truth.truth[films, label], truth.patient[films])


def _accuracy(truth: Truth, scores: Scores, films: np.ndarray, label: int | None) -> Sample | None:
    if label is not None or truth.exclusive:
        return _sample(truth.right(scores, label), truth.patient, films)
    film, finding = np.nonzero(films[:, np.newaxis] & truth.known)
    right = scores.called[film, finding] == truth.truth[film, finding]
    return _sample(right, truth.patient[film], np.ones(len(film), dtype=bool))


def _gaps(truth: Truth, scores: Scores, films: np.ndarray, label: int | None) -> Gaps:
    """Of one label; of all together, of what is called: the class, or each finding or that it is absent."""
    if label is not None:
        return gaps(scores.probability[films, label], truth.truth[films, label], truth.patient[films])
    if truth.exclusive:
        top = scores.probability[films].max(axis=1)
        return gaps(top, truth.right(scores)[films], truth.patient[films])
    film, finding = np.nonzero(films[:, np.newaxis] & truth.known)
    own = scores.probability[film, finding]
    right = scores.called[film, finding] == truth.truth[film, finding]
    return gaps(np.maximum(own, 1 - own), right, truth.patient[film])


def _sample(right: np.ndarray, patient: np.ndarray, films: np.ndarray) -> Sample | None:
    if not films.any():
        return None
    values = means(right[films].astype(np.float64), patient[films])
    return Sample(values, len(values) == films.sum())
