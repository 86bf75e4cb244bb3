"""The C-Score: how alike one checkpoint's maps are within a class, with interval and area correction.

Elangovan and Ting 2026 (arXiv 2604.08502) call C-Score a "confidence-weighted" mean of "intensity-emphasised
pairwise soft IoU across correctly classified instances" of a class. docs/trajectory.md says what of it is
theirs, and where evidrift had to choose. Needs no TensorFlow.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import softmax

from evidrift.base.interval import t_quantile
from evidrift.measures.soft import LEVELS, overlap_by_chance, relative, soft_overlap

CONFIDENCE, CONSISTENCY, BY_CHANCE = "confidence", "consistency", "consistency_chance"
COLUMNS = (CONFIDENCE, CONSISTENCY, BY_CHANCE)
LEAST = 3  # patients of a class: with one left out, there is a pair
LEAST_KNOWN = 5  # patients of every class that counts, for an interval: fewer say too little of the error
UNIFORM = 1 - 1 / LEVELS  # a chance above that is 1, to the precision with which it is known


class CScore(NamedTuple):
    """One checkpoint's C-Score under one method; NaN where no class has three patients.

    Attributes:
        score: mean over classes of the confidence-weighted mean soft overlap of two patients' maps, 0 to 1.
        score_low, score_high: its 95 % interval over patients; NaN where a class that counts has fewer than
            five.
        chance: the same of maps as large and as peaked that know nothing of one another.
        beyond: (score - chance) / (1 - chance): 0 by chance, 1 for identical maps. NaN where chance is 1
            (above 1 - 1/256), of maps that are uniform: they agree, but point nowhere.
        beyond_low, beyond_high: its 95 % interval over patients; NaN as of the score, and where without one
            patient all maps are uniform.
        n_images: rightly classified, with a map that is `ok`, of the classes that count.
        n_classes: that have three patients of such images; the others are left out.
    """

    score: float
    score_low: float
    score_high: float
    chance: float
    beyond: float
    beyond_low: float
    beyond_high: float
    n_images: int
    n_classes: int


NAN = float("nan")
NOTHING = CScore(NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0)


def consistency(
    values: np.ndarray, ok: np.ndarray, logits: np.ndarray, labels: np.ndarray, patient_ids: np.ndarray
) -> dict[str, np.ndarray]:
    """How alike each image's map is to those of other patients of its class, under one checkpoint.

    Args:
        values: non-negative maps, (n, h, w), on one grid.
        ok: which of them can be used, (n,).
        logits: (n, classes).
        labels: (n,) class indices.
        patient_ids: (n,) text.

    Returns:
        Columns (n,) float32. `confidence`: probability of the label. `consistency`: mean soft overlap with
        the maps of other patients of the class, weighted by these images' confidence; NaN where the image is
        not rightly classified, its map is not `ok`, or there is no such patient. `consistency_chance`: the
        same of the overlap by chance.
    """
    n = len(labels)
    confidence = softmax(logits.astype(np.float64), axis=1)[np.arange(n), labels].astype(np.float32)
    right = ok & (logits.argmax(axis=1) == labels)
    columns = {CONFIDENCE: confidence, CONSISTENCY: np.full(n, np.nan), BY_CHANCE: np.full(n, np.nan)}
    for label in np.unique(labels):
        at = np.flatnonzero(right & (labels == label))
        maps, patients = relative(values[at]), np.asarray(patient_ids)[at]
        weights = confidence[at].astype(np.float64) * (patients[:, None] != patients)
        total = weights.sum(axis=1)
        for name, alike in ((CONSISTENCY, soft_overlap(maps)), (BY_CHANCE, overlap_by_chance(maps))):
            mean = np.divide(
                (weights * alike).sum(axis=1), total, out=np.full(len(at), np.nan), where=total > 0
            )
            columns[name][at] = mean
    return {name: column.astype(np.float32) for name, column in columns.items()}


def c_score(rows: pd.DataFrame) -> CScore:
    """The C-Score of one checkpoint and method, from its images' rows.

    Per class, the mean over pairs of images of two patients, a pair weighted by the product of the two
    images' confidence; then the mean over classes. The interval is the jackknife's over patients (Efron and
    Stein 1981), who stand in many pairs each: every patient of a class is left out in turn, with all their
    pairs there. Each class's patients are a part of the squared error with degrees of freedom of its own, as
    in `claims.estimate`: the half width is the root of the sum over classes of t(df)^2 times the part, so
    that a small class borrows nothing from a large one beside it. A patient with images of two classes counts
    in each as if there were two.

    Args:
        rows: columns patient_id and label and those of `consistency`.
    """
    known = rows[rows[CONSISTENCY].notna()]
    known = known[known.groupby("label", observed=True)["patient_id"].transform("nunique") >= LEAST]
    if known.empty:
        return NOTHING
    label = pd.factorize(known["label"])[0]
    unit = known.groupby(["label", "patient_id"], observed=True).ngroup().to_numpy()  # a patient of a class
    weight, alike, chance = (known[name].to_numpy(np.float64) for name in COLUMNS)
    parts = _partners(weight, label, unit) * weight  # of each image, in the sum of its class's pairs
    sums = np.stack([parts, parts * alike, parts * chance])
    class_of = np.zeros(unit.max() + 1, int)
    class_of[unit] = label
    n_classes = int(label.max()) + 1
    whole = np.stack([np.bincount(label, values) for values in sums])
    own = np.zeros((3, len(class_of), n_classes))
    own[:, np.arange(len(class_of)), class_of] = [np.bincount(unit, values) for values in sums]
    # the two images of a pair are of two patients: leaving one out takes the pair from both
    score, chance_score, beyond = _scores(whole)
    reach, _, reach_beyond = _reach(_scores(whole[:, None] - 2 * own), class_of)
    return CScore(
        score=float(score),
        score_low=float(score - reach),
        score_high=float(score + reach),
        chance=float(chance_score),
        beyond=float(beyond),
        beyond_low=float(beyond - reach_beyond),
        beyond_high=float(beyond + reach_beyond),
        n_images=len(known),
        n_classes=n_classes,
    )


def _partners(weight: np.ndarray, label: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Confidence of all images of each image's class but its own patient's, (n,)."""
    return np.bincount(label, weight)[label] - np.bincount(unit, weight)[unit]


def _reach(without: np.ndarray, class_of: np.ndarray) -> np.ndarray:
    """Half width of the 95 % interval of each score; NaN where a class has fewer than five patients.

    Args:
        without: scores with one patient left out, (scores, patients).
        class_of: class index of each, (patients,).
    """
    sizes = np.bincount(class_of)
    if (sizes < LEAST_KNOWN).any():
        return np.full(len(without), np.nan)
    squares = np.zeros(len(without))
    for at, n in enumerate(sizes):
        above = without[:, class_of == at]
        above = above - above.mean(axis=1, keepdims=True)
        squares += t_quantile(n - 1) ** 2 * (n - 1) / n * (above**2).sum(axis=1)
    return np.sqrt(squares)


def _scores(sums: np.ndarray) -> np.ndarray:
    """Score, chance and what is beyond it, (3, ...), from sums of weights, overlaps and chance by class."""
    score, chance = (sums[1:] / sums[0]).mean(axis=-1)
    beyond = np.divide(score - chance, 1 - chance, out=np.full_like(score, np.nan), where=chance < UNIFORM)
    return np.stack([score, chance, beyond])
