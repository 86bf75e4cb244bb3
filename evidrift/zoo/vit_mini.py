"""A vision transformer (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929) of 250,000 parameters.

As in Beyer et al. 2022 (https://arxiv.org/abs/2205.01580): pre-norm blocks, a fixed 2-D sine and cosine
position embedding, and the mean of all tokens in place of a class token. As in Xiao et al. 2021
(https://arxiv.org/abs/2106.14881) a few small convolutions cut the image into tokens, which trains better on
few images than one convolution of a patch's size; batch normalisation after each. The tokens stay a grid
throughout: attention runs over both its axes. Positions are scaled to 0.3, not to drown them.

Nothing in it is rectified (GELU, layer normalisation).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = None
preprocess = symmetric
STEM = ((16, 2), (32, 2), (32, 1), (48, 2), (48, 1))  # filters and strides
CHANNELS = 64
HEADS = 4
BLOCKS = 4
MLP = 3  # times as wide as the tokens
POSITIONS = 0.3


def build(size: int, weights: None) -> "keras.Model":
    """The trunk up to `norm`, (size / 16, size / 16, 64)."""
    import keras

    inputs = keras.Input((size, size, 3))
    x = inputs
    for number, (filters, strides) in enumerate(STEM, start=1):
        x = keras.layers.Conv2D(filters, 3, strides=strides, padding="same", name=f"stem{number}_conv")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"stem{number}_bn")(x)
        x = keras.layers.Activation("gelu", name=f"stem{number}_gelu")(x)
    x = keras.layers.Conv2D(CHANNELS, 3, strides=2, padding="same", name="tokens")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name="tokens_bn")(x)
    x = keras.layers.Rescaling(1.0, offset=POSITIONS * position(*x.shape[1:]), name="position")(x)
    for block in range(1, BLOCKS + 1):
        x = _block(x, f"block{block}")
    return keras.Model(inputs, _norm(x, "norm"), name="vit_mini")


def position(height: int, width: int, channels: int) -> np.ndarray:
    """Sines and cosines of column and row at frequencies falling from 1 to 1/10,000 (Beyer et al. 2022).

    Returns:
        (height, width, channels) float32, in -1..1: a quarter of the channels each for sin and cos of the
        column, sin and cos of the row.
    """
    frequencies = 10_000.0 ** -np.linspace(0, 1, channels // 4)
    row, column = np.mgrid[:height, :width, :1][:2] * frequencies
    waves = [np.sin(column), np.cos(column), np.sin(row), np.cos(row)]
    return np.concatenate(waves, axis=-1).astype(np.float32)


def _norm(x: Any, name: str) -> Any:
    import keras

    return keras.layers.LayerNormalization(epsilon=1e-6, name=name)(x)


def _block(x: Any, name: str) -> Any:
    """Attention of every token to every token, then two dense layers on each, both beside the identity."""
    import keras

    y = _norm(x, f"{name}_attention_norm")
    # of each head's own size, as Glorot's would be for a square matrix over all heads
    start = keras.initializers.RandomNormal(stddev=CHANNELS**-0.5)
    attention = keras.layers.MultiHeadAttention(
        HEADS, CHANNELS // HEADS, kernel_initializer=start, name=f"{name}_attention"
    )
    y = attention(y, y)
    x = keras.layers.Add(name=f"{name}_attention_add")([x, y])
    y = _norm(x, f"{name}_mlp_norm")
    y = keras.layers.Dense(MLP * CHANNELS, activation="gelu", name=f"{name}_mlp_1")(y)
    y = keras.layers.Dense(CHANNELS, name=f"{name}_mlp_2")(y)
    return keras.layers.Add(name=f"{name}_mlp_add")([x, y])
