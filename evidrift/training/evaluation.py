"""How good a checkpoint is on the test split: accuracy, AUC, calibration, per-class rates with intervals."""

from typing import Any

import numpy as np
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

CALIBRATION_BINS = 15


def evaluate_logits(logits: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    """The metrics of one checkpoint.

    Args:
        logits: (n, classes).
        labels: (n,) class indices.
        classes: names, in the order of the logits.

    Returns:
        n, accuracy, macro one-against-rest `auc` (None where a class is absent), `calibration_error`, and
        `per_class` sensitivity and specificity; `_low` and `_high` are 95 % Wilson intervals.
    """
    probabilities = softmax(logits.astype(np.float64), axis=-1)
    predicted = logits.argmax(-1)
    return {
        "n": len(labels),
        **_proportion("accuracy", predicted == labels),
        "auc": _macro_auc(probabilities, labels, len(classes)),
        "calibration_error": calibration_error(probabilities, labels),
        "per_class": {
            name: {
                "n": int(np.sum(labels == index)),
                **_proportion("sensitivity", predicted[labels == index] == index),
                **_proportion("specificity", predicted[labels != index] != index),
            }
            for index, name in enumerate(classes)
        },
    }


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017, eq. 3): 15 bins of equal width over the top probability.

    Args:
        probabilities: (n, classes), rows sum to 1.
        labels: (n,) class indices.

    Returns:
        Mean gap between confidence and accuracy, 0 (calibrated) to 1.
    """
    confidence = probabilities.max(-1)
    right = probabilities.argmax(-1) == labels
    # bins are open below and closed above, as in the paper
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, right - confidence, CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def _macro_auc(probabilities: np.ndarray, labels: np.ndarray, n_classes: int) -> float | None:
    if len(np.unique(labels)) < n_classes:
        return None
    areas = [roc_auc_score(labels == index, probabilities[:, index]) for index in range(n_classes)]
    return float(np.mean(areas))


def _proportion(name: str, right: np.ndarray) -> dict[str, float | None]:
    hits, n = int(right.sum()), len(right)
    if n == 0:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return {name: hits / n, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}
