"""A DenseNet (Huang et al. 2017, https://arxiv.org/abs/1608.06993) of 160,000 parameters.

The block types and layer names are those of keras.applications; growth 12, blocks of 3, 4, 6 and 4 layers.
"""

from typing import TYPE_CHECKING, Any

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = None
preprocess = symmetric
GROWTH = 12
BLOCKS = (3, 4, 6, 4)


def build(size: int, weights: None) -> "keras.Model":
    """The trunk up to `relu`, (size / 32, size / 32, 103); `pool4_relu` lies one transition before it."""
    import keras

    inputs = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(2 * GROWTH, 7, strides=2, padding="same", use_bias=False, name="conv1_conv")(
        inputs
    )
    x = _rectified(x, "conv1")
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    for stage, depth in enumerate(BLOCKS, start=2):
        if stage > 2:
            x = _transition(x, f"pool{stage - 1}")
        for block in range(1, depth + 1):
            x = _dense_layer(x, f"conv{stage}_block{block}")
    return keras.Model(inputs, _rectified(x, ""), name="densenet_mini")


def _rectified(x: Any, name: str) -> Any:
    """Batch normalisation, then ReLU."""
    import keras

    prefix = f"{name}_" if name else ""
    # Momentum 0.9: a fine-tuning of a few hundred steps must be able to move the statistics.
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return keras.layers.Activation("relu", name=f"{prefix}relu")(x)


def _dense_layer(x: Any, name: str) -> Any:
    import keras

    y = _rectified(x, f"{name}_0")
    y = keras.layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = _rectified(y, f"{name}_1")
    y = keras.layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return keras.layers.Concatenate(name=f"{name}_concat")([x, y])


def _transition(x: Any, name: str) -> Any:
    """Halve the channels and the grid; its ReLU is on every path."""
    import keras

    x = _rectified(x, name)
    x = keras.layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return keras.layers.AveragePooling2D(2, name=f"{name}_pool")(x)
