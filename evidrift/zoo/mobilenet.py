"""MobileNet: Howard et al. 2017, https://arxiv.org/abs/1704.04861, from keras.applications."""

from typing import TYPE_CHECKING

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = {"alpha": (0.25, 0.5, 0.75, 1.0)}
preprocess = symmetric


def build(size: int, weights: str | None, alpha: float = 1.0) -> "keras.Model":
    """The trunk up to `conv_pw_13_relu`, which enters global pooling.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
        alpha: width of all layers, as a share of the paper's.
    """
    import keras

    return keras.applications.MobileNet(
        include_top=False, weights=weights, input_shape=(size, size, 3), alpha=alpha
    )
