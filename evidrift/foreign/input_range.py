"""What brings grey levels to the input of a network that other people trained."""

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from evidrift.base.errors import UserError
from evidrift.networks.catalogue import find, names
from evidrift.networks.preprocessing import standardised, symmetric

# Mean of ImageNet's pixels, blue, green, red, in 0..255 (Keras: mode "caffe").
CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)
RANGES: dict[str, Callable[[Any], Any]] = {
    "none": lambda images: images,
    "unit": lambda images: images / np.float32(255),
    "tf": symmetric,
    "torch": standardised,
    "caffe": lambda images: images[..., ::-1] - CAFFE_MEAN,
}
OF_COLOURS = ("torch", "caffe")


def prepare_for(preprocessing: str, channels: int) -> Callable[[np.ndarray], np.ndarray]:
    """The function from grey pixels, (n, h, w) uint8, to a network's input, (n, h, w, channels) float32.

    Args:
        preprocessing: `none`, `unit`, `tf`, `torch`, `caffe`, or an architecture of the zoo.
        channels: 1, or 3 of equal grey.

    Raises:
        UserError: there is no such preprocessing, or it is of colours and the network takes grey.
    """
    if preprocessing in RANGES:
        scale = RANGES[preprocessing]
    elif preprocessing in names():
        scale = find(preprocessing).preprocess
    else:
        known = [*RANGES, *names()]
        close = difflib.get_close_matches(preprocessing, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise UserError(f"{preprocessing} is no preprocessing. {hint}There are: {', '.join(known)}.")
    if channels == 1 and (preprocessing in OF_COLOURS or preprocessing in names()):
        raise UserError(
            f"The preprocessing {preprocessing} is of three colours, but the model takes one channel. Choose "
            "none, unit or tf."
        )

    def prepare(pixels: np.ndarray) -> np.ndarray:
        grey = pixels.astype(np.float32)[..., np.newaxis]
        return np.asarray(scale(np.repeat(grey, channels, axis=-1)), np.float32)

    return prepare
