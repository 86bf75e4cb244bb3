"""How good a model is that calls findings, each by itself, by the names of a training stage's metrics."""

from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.training.evaluation import calibration_error


def evaluate_findings(scores: Scores, truth: Truth) -> dict[str, Any]:
    """The metrics of one model; what is not known of a film does not count.

    Args:
        scores: what it says of n films.
        truth: of these.

    Returns:
        n, `accuracy` (share of the right calls, over all findings and films), `auc` (mean over the findings
        that some films have and some have not), `calibration_error` (`finding_calibration`), and `per_class`
        sensitivity and specificity of each finding; `_low` and `_high` are 95 % Wilson intervals.
    """
    right = scores.called == truth.truth
    own = list(zip(truth.labels, truth.truth.T, truth.known.T, right.T, strict=True))
    areas = [
        roc_auc_score(has[known], scores.probability[known, at])
        for at, (_, has, known, _) in enumerate(own)
        if len(np.unique(has[known])) == 2
    ]
    return {
        "n": len(right),
        **_proportion("accuracy", right[truth.known]),
        "auc": float(np.mean(areas)) if areas else None,
        "calibration_error": finding_calibration(scores, truth),
        "per_class": {
            name: {
                "n": int((has & known).sum()),
                **_proportion("sensitivity", good[has & known]),
                **_proportion("specificity", good[~has & known]),
            }
            for name, has, known, good in own
        },
    }


def finding_calibration(scores: Scores, truth: Truth) -> float:
    """Expected calibration error of all calls, each a choice between a finding and none, 0 to 1."""
    p = scores.probability[truth.known]
    return calibration_error(np.stack([1 - p, p], axis=1), truth.truth[truth.known].astype(int))


def _proportion(name: str, right: np.ndarray) -> dict[str, float | None]:
    hits, n = int(right.sum()), len(right)
    if n == 0:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return {name: hits / n, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}
