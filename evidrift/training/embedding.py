"""Pooled features of a frozen backbone: the one forward pass that transfer learning needs."""

import sys
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from evidrift.images.store import Images
from evidrift.images.views import augment
from evidrift.models.classifier import network_input
from evidrift.training.features import Features


def embed(backbone: keras.Model, zoo: ModuleType, images: Images, views: int, batch_size: int) -> Features:
    """Features of every image and of `views` augmented copies of each.

    Args:
        backbone: preprocessed images -> (n, h, w, channels).
        zoo: the architecture's module, for its preprocessing.
        images: one split.
        views: copies beside the image itself.
        batch_size: images per forward pass.
    """
    forward = tf.function(
        lambda inputs: tf.reduce_mean(backbone(inputs, training=False), axis=(1, 2)), reduce_retracing=True
    )
    n = len(images.ids)
    values = np.empty((n, 1 + views, backbone.output.shape[-1]), np.float32)
    jobs = [(row, view) for view in range(1 + views) for row in range(n)]
    with tqdm(total=len(jobs), desc="embed", unit="image", disable=None, file=sys.stderr) as progress:
        for start in range(0, len(jobs), batch_size):
            rows, numbers = map(np.array, zip(*jobs[start : start + batch_size], strict=True))
            pixels = view_pixels(images, rows, numbers)
            values[rows, numbers] = forward(network_input(pixels, zoo)).numpy()
            progress.update(len(rows))
    return Features(images.ids, images.labels, values, images.classes)


def view_pixels(images: Images, rows: np.ndarray, views: np.ndarray) -> np.ndarray:
    """The chosen view of each of the chosen rows, (len(rows), size, size) uint8."""
    return np.stack(
        [
            augment(images.pixels[row], str(images.ids[row]), int(view))
            for row, view in zip(rows, views, strict=True)
        ]
    )
