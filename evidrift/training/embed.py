"""Pooled features of a frozen backbone: the one forward pass that transfer learning needs."""

from types import ModuleType

import keras
import numpy as np

from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.images.store import Images
from evidrift.images.views import augment
from evidrift.networks.classifier import network_input
from evidrift.training.features import Features
from evidrift.training.loop import Forward


def pooled(backbone: keras.Model) -> keras.Model:
    """The backbone with global average pooling: preprocessed images -> features, (n, channels)."""
    return keras.Model(backbone.inputs, keras.layers.GlobalAveragePooling2D()(backbone.output))


def embed(
    features: Forward,
    zoo: ModuleType,
    images: Images,
    views: int,
    batch_size: int,
    memo: Memo = NOTHING,
    name: str = "features",
) -> Features:
    """Features of every image and of `views` augmented copies of each.

    Args:
        features: the compiled pooled backbone.
        zoo: the architecture's module, for its preprocessing.
        images: one split.
        views: copies beside the image itself.
        batch_size: images per forward pass.
        memo: of batches that were done before.
        name: of this split's in it.
    """
    n = len(images.ids)
    jobs = [(row, view) for view in range(1 + views) for row in range(n)]
    parts = [jobs[start : start + batch_size] for start in range(0, len(jobs), batch_size)]

    def make(part: list[tuple[int, int]]) -> Arrays:
        rows, numbers = map(np.array, zip(*part, strict=True))
        return {"values": features(network_input(view_pixels(images, rows, numbers), zoo)).numpy()}

    batches = []
    with Progress(total=len(jobs), desc="embed", unit="image") as progress:
        for made in memo.each(name, parts, make):
            batches.append(made["values"])
            progress.update(len(made["values"]))
    by_view = np.concatenate(batches).reshape(1 + views, n, -1)
    return Features(images.ids, images.labels, by_view.swapaxes(0, 1), images.classes)


def view_pixels(images: Images, rows: np.ndarray, views: np.ndarray) -> np.ndarray:
    """The chosen view of each of the chosen rows, (len(rows), size, size) uint8."""
    return np.stack(
        [
            augment(pixels, str(images.ids[row]), int(view))
            for pixels, row, view in zip(images.pixels[rows], rows, views, strict=True)
        ]
    )
