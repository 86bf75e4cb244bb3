"""How well a linear model predicts the class from a table of features, cross-validated by patient."""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from evidrift.base.interval import t_quantile
from evidrift.base.progress import Progress
from evidrift.probe.results import Prediction, Unjudged

FOLDS = 5
# Fixed rather than tuned: one fit a fold, and the same model in every study. On cxr5 and on the default
# phantoms the accuracies of 0.03 to 1 lie within 3 points of each other; smaller ones fit less.
C = 0.03


def linear_model() -> Pipeline:
    """Standardised features, then multinomial logistic regression with a fixed ridge penalty."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


def predict(
    name: str, features: np.ndarray, labels: np.ndarray, patients: np.ndarray, classes: Sequence[str]
) -> Prediction | Unjudged:
    """Predict each image's class by a model that was fitted on other patients.

    Five folds, fewer where a class has fewer patients; all images of a patient lie in one fold.

    Args:
        name: of the probe, for the progress bar.
        features: (n, features).
        labels: index into `classes`, (n,).
        patients: (n,) str.
        classes: names.
    """
    n_patients = [len(np.unique(patients[labels == at])) for at in range(len(classes))]
    if min(n_patients) < 2:
        few = classes[int(np.argmin(n_patients))]
        patients_of = f"{min(n_patients)} patient{'s' * (min(n_patients) != 1)}"
        return Unjudged(f"class {few} has {patients_of}; two are needed to hold one out")
    if not np.ptp(features, axis=0).any():
        return Unjudged("all images are alike in it")
    folds = StratifiedGroupKFold(min(FOLDS, *n_patients))
    splits = list(folds.split(features, labels, patients))
    predicted = np.empty_like(labels)
    # one thread: the same rounding whatever the number of cores, and faster on tables this small
    with threadpool_limits(1):
        for fitted, held_out in Progress(splits, f"probe {name}", unit="fold"):
            model = linear_model().fit(features[fitted], labels[fitted])
            predicted[held_out] = model.predict(features[held_out])
    right = predicted == labels
    low, high = interval(right, patients)
    return Prediction(
        accuracy=float(right.mean()),
        low=low,
        high=high,
        baseline=float(np.bincount(labels).max() / len(labels)),
        n_images=len(labels),
        n_patients=len(np.unique(patients)),
        sensitivity={label: float(right[labels == at].mean()) for at, label in enumerate(classes)},
    )


def interval(right: np.ndarray, patients: np.ndarray) -> tuple[float, float]:
    """95 % interval of an accuracy whose images come in clusters, the patients.

    Wilson's score interval (1927), with Student's t of n_patients - 1 degrees of freedom in place of the
    normal quantile and the effective number of images in place of their number (Dean and Pagano 2015).
    That is p (1 - p) / v, with v the variance of a share in cluster sampling (Cochran 1977, section 3.12);
    never more than the number of images. Where all images are right, or none is, nothing shows how alike
    images of one patient are, and it is the number of patients.

    Args:
        right: (n,) bool.
        patients: (n,) str, two different ones at least.

    Returns:
        Its ends, in [0, 1].
    """
    n, p = len(right), float(right.mean())
    cluster = np.unique(patients, return_inverse=True)[1]
    sums = np.bincount(cluster, weights=right - p)
    n_patients = len(sums)
    variance = n_patients / (n_patients - 1) * float(np.square(sums).sum()) / n**2
    known = 0 < p < 1
    effective = p * (1 - p) / max(variance, p * (1 - p) / n) if known else n_patients
    t = float(t_quantile(n_patients - 1))
    centre = p + t**2 / (2 * effective)
    reach = t * float(np.sqrt(p * (1 - p) / effective + (t / (2 * effective)) ** 2))
    low, high = ((centre + sign * reach) / (1 + t**2 / effective) for sign in (-1, 1))
    return min(max(low, 0.0), p), max(min(high, 1.0), p)  # rounding must not leave p outside
