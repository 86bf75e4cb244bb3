"""A ResNet V2 (He et al. 2016, https://arxiv.org/abs/1603.05027) of 275,000 parameters.

Pre-activation bottleneck blocks and layer names as in keras.applications; 12, 24, 40 and 56 filters in
stages of 2, 2, 3 and 2 blocks. As in the paper, and unlike keras.applications, a stage's first block halves
the grid: so the rectified input of the last stage, which every path passes, has twice the last grid's side.
"""

from typing import TYPE_CHECKING, Any

from evidrift.networks.preprocessing import symmetric

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32
IMAGENET = None
preprocess = symmetric
STAGES = ((12, 2), (24, 2), (40, 3), (56, 2))


def build(size: int, weights: None) -> "keras.Model":
    """The trunk up to `post_relu`, (size / 32, size / 32, 224)."""
    import keras

    inputs = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(24, 7, strides=2, padding="same", name="conv1_conv")(inputs)
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="pool1_pool")(x)
    for stage, (filters, blocks) in enumerate(STAGES, start=2):
        for block in range(1, blocks + 1):
            first = block == 1
            stride = 2 if first and stage > 2 else 1
            x = _residual(x, filters, stride, first, f"conv{stage}_block{block}")
    return keras.Model(inputs, _rectified(x, "post"), name="resnetv2_mini")


def _rectified(x: Any, name: str) -> Any:
    """Batch normalisation, then ReLU."""
    import keras

    # Momentum 0.9: a fine-tuning of a few hundred steps must be able to move the statistics.
    x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1.001e-5, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def _residual(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    """A bottleneck of 1x1, 3x3 and 1x1 convolutions beside the identity, or beside a projection."""
    import keras

    preact = _rectified(x, f"{name}_preact")
    shortcut = (
        keras.layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(preact) if project else x
    )
    y = keras.layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(preact)
    y = _rectified(y, f"{name}_1")
    y = keras.layers.Conv2D(
        filters, 3, strides=stride, padding="same", use_bias=False, name=f"{name}_2_conv"
    )(y)
    y = _rectified(y, f"{name}_2")
    y = keras.layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)
    return keras.layers.Add(name=f"{name}_out")([shortcut, y])
