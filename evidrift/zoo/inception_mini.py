"""An Inception V3 (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567) of 281,000 parameters.

Its block types in its order: a convolutional stem, blocks of 1x1, 5x5 and double 3x3 branches (the paper's
figure 5), a reduction, blocks of factorised 1x7 and 7x1 convolutions (figure 6), a reduction. The last block
is a reduction, so that `mixed3` before it has twice the last grid's side.
"""

from typing import TYPE_CHECKING, Any

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = None
preprocess = symmetric


def build(size: int, weights: None) -> "keras.Model":
    """The trunk up to `mixed4`, (size / 32, size / 32, 256)."""
    import keras

    inputs = keras.Input((size, size, 3))
    x = _conv(inputs, 16, 3, "stem1", strides=2)
    x = _conv(x, 24, 3, "stem2")
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pool")(x)
    x = _conv(x, 32, 3, "stem3", strides=2)
    x = _block(x, 24, 16, 16, "mixed0")
    x = _reduction(x, 40, 24, "mixed1")
    x = _factorised(x, 32, 24, "mixed2")
    x = _factorised(x, 32, 32, "mixed3")
    x = _reduction(x, 64, 48, "mixed4")
    return keras.Model(inputs, x, name="inception_mini")


def _conv(x: Any, filters: int, kernel: int | tuple[int, int], name: str, strides: int = 1) -> Any:
    """Convolution, batch normalisation without scale, ReLU."""
    import keras

    x = keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    # Momentum 0.9: a fine-tuning of a few hundred steps must be able to move the statistics.
    x = keras.layers.BatchNormalization(scale=False, momentum=0.9, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def _joined(branches: list, name: str) -> Any:
    import keras

    return keras.layers.Concatenate(name=name)(branches)


def _pooled(x: Any, filters: int, name: str) -> Any:
    import keras

    x = keras.layers.AveragePooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    return _conv(x, filters, 1, name)


def _block(x: Any, wide: int, narrow: int, pooled: int, name: str) -> Any:
    """Branches of 1x1, 5x5 and two 3x3 convolutions and of average pooling (figure 5)."""
    b1 = _conv(x, wide, 1, f"{name}_1x1")
    b5 = _conv(_conv(x, narrow, 1, f"{name}_5x5_1"), wide, 5, f"{name}_5x5_2")
    b3 = _conv(x, narrow, 1, f"{name}_3x3dbl_1")
    b3 = _conv(_conv(b3, wide, 3, f"{name}_3x3dbl_2"), wide, 3, f"{name}_3x3dbl_3")
    return _joined([b1, b5, b3, _pooled(x, pooled, f"{name}_pool")], name)


def _factorised(x: Any, wide: int, narrow: int, name: str) -> Any:
    """Branches of 1x1, of 1x7 and 7x1 once and twice, and of average pooling (figure 6)."""
    b1 = _conv(x, wide, 1, f"{name}_1x1")
    b7 = _conv(x, narrow, 1, f"{name}_7x7_1")
    b7 = _conv(_conv(b7, narrow, (1, 7), f"{name}_7x7_2"), wide, (7, 1), f"{name}_7x7_3")
    bd = _conv(x, narrow, 1, f"{name}_7x7dbl_1")
    bd = _conv(_conv(bd, narrow, (7, 1), f"{name}_7x7dbl_2"), narrow, (1, 7), f"{name}_7x7dbl_3")
    bd = _conv(_conv(bd, narrow, (7, 1), f"{name}_7x7dbl_4"), wide, (1, 7), f"{name}_7x7dbl_5")
    return _joined([b1, b7, bd, _pooled(x, wide, f"{name}_pool")], name)


def _reduction(x: Any, wide: int, narrow: int, name: str) -> Any:
    """Half the grid: 3x3 and double 3x3 convolutions with stride 2 beside maximum pooling (figure 10)."""
    import keras

    b3 = _conv(_conv(x, narrow, 1, f"{name}_3x3_1"), wide, 3, f"{name}_3x3_2", strides=2)
    bd = _conv(x, narrow, 1, f"{name}_3x3dbl_1")
    bd = _conv(_conv(bd, wide, 3, f"{name}_3x3dbl_2"), wide, 3, f"{name}_3x3dbl_3", strides=2)
    pool = keras.layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_max")(x)
    return _joined([b3, bd, pool], name)
