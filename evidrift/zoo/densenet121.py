"""DenseNet-121: Huang et al. 2017, https://arxiv.org/abs/1608.06993, from keras.applications."""

from typing import TYPE_CHECKING

from evidrift.networks.preprocessing import standardised

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET: dict = {}
preprocess = standardised


def build(size: int, weights: str | None) -> "keras.Model":
    """The trunk up to `relu`, which enters global pooling.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
    """
    import keras

    return keras.applications.DenseNet121(include_top=False, weights=weights, input_shape=(size, size, 3))
