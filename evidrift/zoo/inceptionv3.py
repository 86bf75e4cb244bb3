"""Inception V3: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, from keras.applications."""

from typing import TYPE_CHECKING

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 75
IMAGENET: dict = {}
preprocess = symmetric


def build(size: int, weights: str | None) -> "keras.Model":
    """The trunk up to `mixed10`, which enters global pooling.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
    """
    import keras

    return keras.applications.InceptionV3(include_top=False, weights=weights, input_shape=(size, size, 3))
