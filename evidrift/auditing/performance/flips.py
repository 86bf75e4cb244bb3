"""Films that one of two models gets right and the other wrong, and whether chance could share them out so."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binomtest

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.compare.record import Flips


def flips(truth: Truth, scores: Mapping[str, Scores], pairs: Sequence[tuple[str, str]]) -> tuple[Flips, ...]:
    """Of each pair of models, over all labels; where a film can have several, of each label as well.

    Args:
        truth: of the films.
        scores: by the models' parts.
        pairs: parts, reference and candidate.
    """
    labels: list[int | None] = [None] if truth.exclusive else [None, *range(len(truth.labels))]
    return tuple(
        _flips(truth, pair, label, *(truth.right(scores[part], label) for part in pair))
        for pair in pairs
        for label in labels
    )


def _flips(
    truth: Truth, pair: tuple[str, str], label: int | None, before: np.ndarray, after: np.ndarray
) -> Flips:
    ids = truth.ids.tolist()
    net = np.bincount(truth.patient, before.astype(float) - after)
    worse, better = int((net > 0).sum()), int((net < 0).sum())
    return Flips(
        reference=pair[0],
        candidate=pair[1],
        label=None if label is None else truth.labels[label],
        negative=tuple(name for name, flipped in zip(ids, before & ~after, strict=True) if flipped),
        positive=tuple(name for name, flipped in zip(ids, after & ~before, strict=True) if flipped),
        unit="films" if len(net) == len(ids) else "patients",
        n_negative=worse,
        n_positive=better,
        p=mcnemar(worse, better),
    )


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided p-value of as uneven a split, were either side as likely (McNemar 1947); 1 of none."""
    return round(float(binomtest(worse, worse + better).pvalue), 6) if worse + better else 1.0
