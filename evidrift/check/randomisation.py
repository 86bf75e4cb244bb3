"""Sanity: do maps change when the network's weights are random? (Adebayo et al. 2018, arXiv 1810.03292)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
from tqdm import tqdm

from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.check.cascade import cascade, weights_kept
from evidrift.check.originals import Originals
from evidrift.measures.areas import in_order
from evidrift.measures.canvas import OK, STATUSES, draw
from evidrift.measures.patterns import average_ranks, correlation, standardised

if TYPE_CHECKING:
    from evidrift.attribution.network import Network
    from evidrift.images.store import Images

Rows = dict[str, np.ndarray]


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
    chosen: np.ndarray,
    depths: int,
    names: tuple[str | int, ...],
    progress: tqdm,
) -> Rows:
    """Likeness of one checkpoint's maps to those of the same network with random weights.

    It is Spearman's correlation of canvases (`measures.canvas`), on which a map without evidence is equal
    everywhere. Its chance level is the mean correlation with the original maps of other patients of the same
    class: what maps of this method have in common without regard to the image.

    Args:
        classifier: with the checkpoint's weights, which it has again afterwards.
        families: each with the classifier as the network that it explains, at the layers to check.
        originals: their maps of the checkpoint, in the same order.
        images: of the test split.
        chosen: positions of the n images that the maps are of.
        depths: steps of the cascade.
        names: of the random weights.
        progress: moved on by one an image and depth.

    Returns:
        Columns with a row per layer, method, image and depth, in this order: layer, method, image (position),
        depth, share (of the weights that are random), status (the worse of both maps'), and float32
        similarity and chance, NaN where they cannot be had.
    """
    content, size = images.content[chosen], images.pixels.shape[1]
    before = {
        key: _patterns(signed, content, size) for family in originals for key, signed in family.signed.items()
    }
    keys = sorted(before)
    shape = (len(keys), len(chosen), depths)
    shares = np.empty(depths, np.float32)
    status = np.empty(shape, np.int8)
    similarity = np.empty(shape, np.float32)
    with weights_kept(classifier):
        for depth, share in enumerate(cascade(classifier, depths, *names)):
            shares[depth] = share
            after: dict[tuple[str, str], np.ndarray] = {}
            for (family, network), original in zip(families, originals, strict=True):
                maps = explain(network, family, images.pixels[chosen], original.targets)
                after |= {
                    (label, method): signed
                    for label, layer in maps.layers.items()
                    for method, signed in layer.methods.items()
                }
            for at, key in enumerate(keys):
                patterns = _patterns(after[key], content, size)
                status[at, :, depth] = np.maximum(before[key].status, patterns.status)
                similarity[at, :, depth] = _similarity(before[key], patterns)
            progress.update(len(chosen))
    chance = [_chance(before[key], images.labels[chosen], images.patient_ids[chosen]) for key in keys]
    key, image, depth = (index.ravel() for index in np.indices(shape))
    layer, method = np.array(keys, dtype=str).reshape(-1, 2)[key].T
    return {
        "layer": layer,
        "method": method,
        "image": chosen[image],
        "depth": depth.astype(np.int8),
        "share": shares[depth],
        "status": np.array(STATUSES)[status.ravel()],
        "similarity": similarity.ravel(),
        "chance": np.array(chance, np.float32).reshape(shape[:2])[key, image],
    }


def _patterns(signed: np.ndarray, content: np.ndarray, size: int) -> _Patterns:
    canvases = draw(signed, content, size)
    ascending, order = in_order(canvases.values.reshape(len(signed), -1))
    return _Patterns(standardised(average_ranks(ascending, order)), canvases.status)


def _similarity(before: _Patterns, after: _Patterns) -> np.ndarray:
    """Spearman's correlation of each map with its counterpart, (n,); NaN unless both are `ok`."""
    n = len(before.ranks)
    both = np.concatenate([before.ranks, after.ranks])
    ok = np.maximum(before.status, after.status) == OK
    return np.where(ok, correlation(both, np.arange(n), n + np.arange(n)), np.float32(np.nan))


def _chance(patterns: _Patterns, labels: np.ndarray, patient_ids: np.ndarray) -> np.ndarray:
    """Each map's mean correlation with those of other patients of its class, (n,); NaN without any."""
    ok = patterns.status == OK
    pairs = (labels[:, None] == labels) & (patient_ids[:, None] != patient_ids) & ok[:, None] & ok
    every = np.where(pairs, np.clip(patterns.ranks @ patterns.ranks.T, -1, 1), 0)
    count = pairs.sum(axis=1)
    return np.where(count > 0, every.sum(axis=1) / np.maximum(count, 1), np.nan).astype(np.float32)
