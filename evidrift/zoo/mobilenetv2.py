"""MobileNetV2: Sandler et al. 2018, https://arxiv.org/abs/1801.04381, from keras.applications."""

from typing import TYPE_CHECKING

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = {"alpha": (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)}
preprocess = symmetric


def build(size: int, weights: str | None, alpha: float = 1.0) -> "keras.Model":
    """The trunk up to `out_relu`, which enters global pooling.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
        alpha: width of all layers but the last, as a share of the paper's.
    """
    import keras

    return keras.applications.MobileNetV2(
        include_top=False, weights=weights, input_shape=(size, size, 3), alpha=alpha
    )
