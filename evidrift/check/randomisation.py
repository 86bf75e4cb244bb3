"""Sanity: does a network with random weights still draw this image's map?

The question is that of Adebayo et al. (2018, arXiv 1810.03292). All maps of a method have something in
common, with random weights too: where lungs lie, how a grid ends. So it is not whether the two maps of an
image are alike, but whether they are more so than one patient's original and the random network's map of
another.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.check.cascade import cascade, weights_kept
from evidrift.check.faithfulness import labelled
from evidrift.check.originals import Originals
from evidrift.measures.areas import in_order
from evidrift.measures.canvas import OK, STATUSES, draw
from evidrift.measures.patterns import average_ranks, standardised

if TYPE_CHECKING:
    from evidrift.attribution.network import Network
    from evidrift.images.store import Images

Rows = dict[str, np.ndarray]

# In a class of two patients the two values are one another's mirror: a t-test of them is wrong too often.
MIN_PATIENTS = 3


@dataclass(frozen=True)
class _Patterns:
    """Canvases as standardised ranks, (n, cells), and their status, (n,)."""

    ranks: np.ndarray
    status: np.ndarray


def randomisation(
    classifier: keras.Model,
    families: list[tuple[Family, "Network"]],
    originals: list[Originals],
    images: "Images",
    depths: int,
    names: tuple[str | int, ...],
    progress: Progress,
    memo: Memo = NOTHING,
    name: str = "randomisation",
) -> Rows:
    """Likeness of one checkpoint's maps to those of the same network with random weights.

    It is Spearman's correlation of canvases (`measures.canvas`), on which a map without evidence is equal
    everywhere. `chance_level` says what it would be did the random network's map hold nothing of the image.

    Args:
        classifier: with the checkpoint's weights, which it has again afterwards.
        families: each with the classifier as the network that it explains, at the layers to check.
        originals: their maps of the checkpoint, in the same order, each of its own images.
        images: of the test split.
        depths: steps of the cascade.
        names: of the random weights.
        progress: moved on by one an image and depth.
        memo: of depths that were done before.
        name: of this work in it.

    Returns:
        Columns with a row per layer, method, image and depth, in this order: layer, method, image (position),
        depth, share (of the weights that are random), status (the worse of both maps'), and float32
        similarity and chance, NaN where they cannot be had.
    """
    size = images.pixels.shape[1]
    methods = {key: family for family in originals for key in family.signed}
    before = {
        key: _patterns(family.signed[key], images.content[family.images], size)
        for key, family in methods.items()
    }
    keys = sorted(methods)

    def make(share: float) -> Arrays:
        """Columns of all keys, as the classifier's weights are now: `<number of the key>-<column>`."""
        made: dict[str, np.ndarray] = {}
        for (family, network), original in zip(families, originals, strict=True):
            content = images.content[original.images]
            maps = explain(network, family, images.pixels[original.images], original.targets)
            for label, layer in maps.layers.items():
                for method, signed in layer.methods.items():
                    key = label, method
                    rows = _compare(before[key], _patterns(signed, content, size), images, original)
                    rows["share"] = np.full(len(original.images), share, np.float32)
                    made |= {f"{keys.index(key)}-{column}": values for column, values in rows.items()}
        return made

    found: list[Arrays] = []
    with weights_kept(classifier):
        for made in memo.each(name, cascade(classifier, depths, *names), make):
            found.append(made)
            progress.update(max(len(family.images) for family in originals))
    # by image first, then by depth
    columns = {
        column: np.concatenate(
            [
                np.stack([made[f"{number}-{column}"] for made in found], axis=1).ravel()
                for number in range(len(keys))
            ]
        )
        for column in ("share", "status", "similarity", "chance")
    }
    columns["depth"] = np.tile(np.arange(depths, dtype=np.int8), len(columns["share"]) // depths)
    return {name: np.repeat(values, depths) for name, values in labelled(methods).items()} | columns


def _compare(before: _Patterns, after: _Patterns, images: "Images", original: Originals) -> Rows:
    """Status, similarity and chance of each image's two maps."""
    status = np.maximum(before.status, after.status)
    likeness = np.clip(before.ranks @ after.ranks.T, -1, 1)
    likeness[status != OK] = likeness[:, status != OK] = np.nan
    # images of one class that were explained by another have maps of another kind
    kind = np.stack([images.labels[original.images], original.targets])
    alike = (kind[:, :, None] == kind[:, None]).all(axis=0)
    chance = chance_level(likeness, alike, images.patient_ids[original.images])
    return {
        "status": np.array(STATUSES)[status],
        "similarity": np.diagonal(likeness),
        "chance": chance.astype(np.float32),
    }


def _patterns(signed: np.ndarray, content: np.ndarray, size: int) -> _Patterns:
    canvases = draw(signed, content, size)
    ascending, order = in_order(canvases.values.reshape(len(signed), -1))
    return _Patterns(standardised(average_ranks(ascending, order)), canvases.status)


def chance_level(likeness: np.ndarray, alike: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """What the likeness of each image's two maps would be, had they nothing of the image in common.

    From pairs of different patients of one group: what this original has in common with the others' random
    maps, and this random map with the others' originals, each as far as it departs from the group's mean. So
    the difference to an image's own likeness has mean zero, and its values are nearly independent, where the
    random network's maps are exchangeable between patients (the rows and columns of a two-way layout; in the
    words of Efron and Stein 1981, the differences are the jackknife's pseudo-values of their mean).

    Args:
        likeness: of original i and random map j, (n, n); NaN where either cannot be used.
        alike: whether two images are of one group, (n, n) bool.
        patients: of the images, (n,).

    Returns:
        (n,) in the same units; NaN for a group of fewer than three patients.
    """
    pairs = alike & (patients[:, None] != patients) & np.isfinite(likeness)
    of_pairs = np.where(pairs, likeness, 0)

    def means(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)

    originals = means(of_pairs.sum(axis=1), pairs.sum(axis=1))
    random = means(of_pairs.sum(axis=0), pairs.sum(axis=0))
    group = means(alike @ of_pairs.sum(axis=1), alike @ pairs.sum(axis=1))
    known = np.diagonal(np.isfinite(likeness))
    n_patients = np.array([len(set(patients[row & known])) for row in alike])
    return np.where(n_patients >= MIN_PATIENTS, originals + random - group, np.nan)
