"""EfficientNetV2-B0: Tan and Le 2021, https://arxiv.org/abs/2104.00298, from keras.applications.

Nothing in it is rectified (swish), and while it is trained whole residual branches are dropped.
"""

from typing import TYPE_CHECKING

from evidrift.networks.preprocessing import standardised

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET: dict = {}
preprocess = standardised


def build(size: int, weights: str | None) -> "keras.Model":
    """The trunk up to `top_activation`, (size / 32, size / 32, 1280).

    Keras's own preprocessing, layers without weights, is left to `preprocess`.

    Args:
        size: side of the input, px.
        weights: "imagenet", or None for random ones.
    """
    import keras

    return keras.applications.EfficientNetV2B0(
        include_top=False, include_preprocessing=False, weights=weights, input_shape=(size, size, 3)
    )
