"""Kinds of image classifiers that people bring, each beside the same network built flat, to its logits.

Networks are made of the same few parts, whatever holds them together. A layer's weights depend on its place
among the layers that have any, so the two of a kind have the same without one being copied from the other.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from evidrift.base.seeds import stream

kl = keras.layers
ops = keras.ops

SIZE = 16
SHAPE = (SIZE, SIZE, 3)
CLASSES = 3


class Kind(NamedTuple):
    """A kind of classifier.

    Attributes:
        build: the model as someone would write it.
        flat: the same network as one functional graph that ends in logits.
        penultimate: name of that target layer in `flat`, and `last` that of the other.
        ending: what the model's output is of the logits.
        formats: in which Keras can save and load it.
    """

    build: Callable[[], keras.Model]
    flat: Callable[[], keras.Model]
    penultimate: str = "before"
    last: str = "after"
    ending: Callable[[Any], Any] = lambda logits: logits
    formats: tuple[str, ...] = ("keras", "h5")


def images(n: int = 4) -> np.ndarray:
    """Network inputs, (n, SIZE, SIZE, 3) float32 in 0..1."""
    return stream("kinds").uniform(0, 1, (n, *SHAPE)).astype(np.float32)


def leaves(model: keras.Model) -> Iterator[Any]:
    """The layers of all levels."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


def with_weights(model: keras.Model) -> keras.Model:
    """Give every layer weights of its own: none at its trivial start, variances and scales positive."""
    for place, layer in enumerate(leaf for leaf in leaves(model) if leaf.count_params()):
        for number, variable in enumerate(layer.weights):
            draw = stream("kinds", place, number)
            if variable.name in ("gamma", "moving_variance"):
                variable.assign(draw.uniform(0.5, 1.5, variable.shape))
            elif variable.dtype == "float32":  # not the state of a random stream
                fan_in = max(1, np.prod(variable.shape[:-1]))
                variable.assign(draw.normal(0, 1.5 / np.sqrt(fan_in), variable.shape))
    return model


def model_of(part: Callable[[Any], Any], shape: tuple = SHAPE, name: str | None = None) -> keras.Model:
    """A functional model from an input of this shape."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, part(inputs), name=name)


def trunk(x: Any) -> Any:
    """Residual and rectified, as in ResNetV2: (16, 16, 3) to `before`, (8, 8, 6), to `after`, (8, 8, 8)."""
    x = kl.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="stem")(x)
    x = kl.BatchNormalization(name="before_bn")(x)
    x = kl.Activation("relu", name="before")(x)
    y = kl.Conv2D(5, 3, padding="same", activation="relu", name="branch")(x)
    y = kl.Conv2D(8, 3, padding="same", name="residual")(y)
    x = kl.Add(name="sum")([kl.Conv2D(8, 1, name="shortcut")(x), y])
    return kl.ReLU(name="after")(kl.BatchNormalization(name="after_bn")(x))


def row() -> list[Any]:
    """A trunk without branches, as layers in a row."""
    return [
        kl.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="before"),
        kl.Conv2D(8, 3, padding="same", use_bias=False, name="conv"),
        kl.BatchNormalization(name="after_bn"),
        kl.ReLU(name="after"),
    ]


def head(activation: str | None = None, classes: int = CLASSES) -> list[Any]:
    """Average pooling, dropout and the classes."""
    return [
        kl.GlobalAveragePooling2D(name="pool"),
        kl.Dropout(0.5, name="dropout"),
        kl.Dense(classes, activation=activation, name="logits"),
    ]


def run(layers: list[Any], x: Any) -> Any:
    """Call layers in a row."""
    for layer in layers:
        x = layer(x)
    return x


def residual(classes: int = CLASSES) -> keras.Model:
    """Trunk and head."""
    return model_of(lambda x: run(head(classes=classes), trunk(x)))


def ending_in(layer: Callable[[Any], Any]) -> Callable[[], keras.Model]:
    """Trunk and head, and something behind the logits."""
    return lambda: model_of(lambda x: layer(run(head(), trunk(x))))


def reduced_by(*reduce: Callable[[Any], Any]) -> Callable[[], keras.Model]:
    """The trunk, a way of one's own to get from its grid to a vector, and the classes."""
    return lambda: model_of(lambda x: kl.Dense(CLASSES, name="logits")(run(list(reduce), trunk(x))))


def nested(part: Callable[[Any], Any], name: str = "backbone", shape: tuple = SHAPE) -> Callable[[Any], Any]:
    """A part as a model that is called as one layer, the way of Keras's guide to transfer learning."""
    return lambda x: model_of(part, shape, name)(x, training=False)


def backbone_with(pooling: type) -> keras.Model:
    """Pooling inside the nested backbone, as `pooling="avg"` does in keras.applications."""
    backbone = nested(lambda x: pooling(name="pool")(trunk(x)))
    return model_of(lambda x: run(head()[1:], backbone(x)))


def two_levels() -> keras.Model:
    """The trunk in a feature extractor in a classifier."""

    def extractor(x: Any) -> Any:
        return kl.Dropout(0.1)(nested(trunk, "inner")(kl.Rescaling(1.0)(x)))

    return model_of(lambda x: run(head(), nested(extractor, "outer")(x)))


def sequential_of_models() -> keras.Model:
    """A Sequential of a functional backbone and a Sequential head."""
    top = keras.Sequential([keras.Input((8, 8, 8)), *head()], name="top")
    return keras.Sequential([keras.Input(SHAPE), model_of(trunk, name="backbone"), top])


def sequential_in_functional() -> keras.Model:
    """A Sequential trunk in a functional model."""
    return model_of(lambda x: run(head(), keras.Sequential([keras.Input(SHAPE), *row()], name="trunk")(x)))


def names_shared() -> keras.Model:
    """Two nested models and the one around them that call their layers alike."""
    inner = keras.Sequential([keras.Input((8, 8, 6)), conv("conv", 5), kl.ReLU(name="relu")], name="inner")
    backbone = nested(lambda x: inner(kl.ReLU(name="relu")(conv("conv", 6, strides=2)(x))))
    return model_of(lambda x: run([conv("conv", 8), kl.ReLU(name="relu"), *head()], backbone(x)))


def names_apart() -> keras.Model:
    """The same with names of their own."""
    first = [conv("conv_a", 6, strides=2), kl.ReLU(name="a")]
    then = [conv("conv_b", 5), kl.ReLU(name="b"), conv("conv_c", 8), kl.ReLU(name="c")]
    return model_of(lambda x: run([*first, *then, *head()], x))


def conv(name: str, filters: int, **options: Any) -> Any:
    """A 3x3 convolution of the same grid."""
    return kl.Conv2D(filters, 3, padding="same", name=name, **options)


def with_preprocessing(part: Callable[[Any], Any]) -> keras.Model:
    """Augmentation, which is inert in inference, and scaling inside the classifier."""
    augmentation = [kl.RandomRotation(0.1), kl.RandomZoom(0.2), kl.RandomContrast(0.2), kl.GaussianNoise(0.1)]
    return model_of(lambda x: run(head(), part(run([*augmentation, *scaling()], x))))


def scaling() -> list[Any]:
    """0..1 to about -1..1."""
    return [kl.Rescaling(2.0), kl.Normalization(mean=[1.0, 1.1, 0.9], variance=[0.3, 0.3, 0.3])]


def one_gate() -> keras.Model:
    """One sigmoid layer both inside, as a gate, and at the end."""
    sigmoid = kl.Activation("sigmoid", name="sigmoid")
    return model_of(lambda x: sigmoid(gated(x, sigmoid)))


def gated(x: Any, sigmoid: Any) -> Any:
    """The trunk's channels gated by themselves, then the head with a single output."""
    x = trunk(x)
    return run(head(classes=1), kl.Multiply(name="gated")([x, sigmoid(conv("gate", 8)(x))]))


def smooth(x: Any) -> Any:
    """Two blocks with swish and squeeze-and-excitation and a top, as in EfficientNetV2."""
    x = conv("stem", 8, strides=2, activation="swish")(x)
    for block in ("block1", "block2"):
        y = conv(f"{block}_expand", 16, activation="swish")(x)
        y = kl.Multiply(name=f"{block}_excite")([y, squeezed(y, 16, block)])
        y = kl.BatchNormalization(name=f"{block}_bn")(kl.Conv2D(8, 1, name=f"{block}_project")(y))
        x = kl.Add(name=f"{block}_add")([kl.Dropout(0.2, noise_shape=(None, 1, 1, 1))(y), x])
    top = kl.BatchNormalization(name="top_bn")(kl.Conv2D(12, 1, use_bias=False, name="top_conv")(x))
    return kl.Activation("swish", name="top_activation")(top)


def squeezed(x: Any, channels: int, name: str) -> Any:
    """The gate of squeeze-and-excitation, (batch, 1, 1, channels)."""
    gate = kl.Reshape((1, 1, channels))(kl.GlobalAveragePooling2D()(x))
    gate = kl.Conv2D(4, 1, activation="swish", name=f"{name}_reduce")(gate)
    return kl.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_gate")(gate)


def transformer(x: Any) -> Any:
    """Two blocks of a vision transformer whose tokens stay on their (4, 4) grid."""
    x = kl.Conv2D(8, 4, strides=4, name="patches")(x)
    for block in ("block1", "block2"):
        y = kl.LayerNormalization(name=f"{block}_norm1")(x)
        y = kl.MultiHeadAttention(2, 4, attention_axes=(1, 2), name=f"{block}_attention")(y, y)
        x = kl.Add(name=f"{block}_add1")([x, y])
        y = kl.Dense(16, activation="gelu", name=f"{block}_mlp1")(
            kl.LayerNormalization(name=f"{block}_norm2")(x)
        )
        x = kl.Add(name=f"{block}_add2")([x, kl.Dense(8, name=f"{block}_mlp2")(y)])
    return kl.LayerNormalization(name="norm")(x)


def both_poolings(x: Any) -> Any:
    """Average and maximum side by side."""
    return kl.Concatenate()([kl.GlobalAveragePooling2D()(x), kl.GlobalMaxPooling2D()(x)])


KINDS = {
    "functional": Kind(residual, residual),
    "sequential": Kind(
        lambda: keras.Sequential([keras.Input(SHAPE), *row(), *head()]),
        lambda: model_of(lambda x: run([*row(), *head()], x)),
    ),
    "nested": Kind(lambda: model_of(lambda x: run(head(), nested(trunk)(x))), residual),
    "nested, any size": Kind(
        lambda: model_of(lambda x: run(head(), nested(trunk, shape=(None, None, 3))(x))), residual
    ),
    "nested, average pooling inside": Kind(lambda: backbone_with(kl.GlobalAveragePooling2D), residual),
    "nested, maximum pooling inside": Kind(
        lambda: backbone_with(kl.GlobalMaxPooling2D), reduced_by(kl.GlobalMaxPooling2D())
    ),
    "two levels": Kind(two_levels, residual),
    "sequential of models": Kind(sequential_of_models, residual),
    "sequential in functional": Kind(
        sequential_in_functional, lambda: model_of(lambda x: run([*row(), *head()], x))
    ),
    "names shared between levels": Kind(names_shared, names_apart, "b", "c"),
    "preprocessing inside": Kind(
        lambda: with_preprocessing(nested(trunk)),
        lambda: model_of(lambda x: run(head(), trunk(run(scaling(), x)))),
    ),
    "flatten": Kind(reduced_by(kl.Flatten()), reduced_by(kl.Flatten())),
    "flatten, hidden layer": Kind(
        lambda: model_of(
            lambda x: run([kl.Flatten(), kl.Dense(9, "relu"), kl.Dense(CLASSES)], nested(trunk)(x))
        ),
        lambda: model_of(lambda x: run([kl.Flatten(), kl.Dense(9, "relu"), kl.Dense(CLASSES)], trunk(x))),
    ),
    "average pooling of the whole grid": Kind(
        reduced_by(kl.AveragePooling2D(8), kl.Flatten()), reduced_by(kl.AveragePooling2D(8), kl.Flatten())
    ),
    "average pooling of the whole grid, step 1": Kind(
        reduced_by(kl.AveragePooling2D(8, strides=1), kl.Flatten()), residual
    ),
    "adaptive average pooling to one place": Kind(
        reduced_by(kl.AdaptiveAveragePooling2D(1), kl.Flatten()), residual
    ),
    "mean over space": Kind(reduced_by(lambda x: ops.mean(x, axis=(1, 2))), residual, formats=("keras",)),
    "mean over space, dimensions kept": Kind(
        reduced_by(lambda x: ops.mean(x, axis=[-3, -2], keepdims=True), kl.Flatten()),
        residual,
        formats=("keras",),
    ),
    "maximum over space": Kind(
        reduced_by(lambda x: ops.max(x, axis=(1, 2))),
        reduced_by(kl.GlobalMaxPooling2D()),
        formats=("keras",),
    ),
    "pooling with dimensions kept, 1x1 convolution": Kind(
        lambda: model_of(
            lambda x: run(
                [kl.GlobalAveragePooling2D(keepdims=True), kl.Conv2D(CLASSES, 1), kl.Flatten()], trunk(x)
            )
        ),
        residual,
    ),
    "mean of tokens": Kind(reduced_by(kl.Reshape((64, 8)), kl.GlobalAveragePooling1D()), residual),
    "both poolings": Kind(reduced_by(both_poolings), reduced_by(both_poolings)),
    "dense softmax": Kind(
        lambda: model_of(lambda x: run(head("softmax"), nested(trunk)(x))), residual, ending=ops.softmax
    ),
    "softmax activation": Kind(ending_in(kl.Activation("softmax")), residual, ending=ops.softmax),
    "softmax layer": Kind(ending_in(kl.Softmax()), residual, ending=ops.softmax),
    "softmax function": Kind(ending_in(ops.softmax), residual, ending=ops.softmax, formats=("keras",)),
    "logarithm of softmax": Kind(ending_in(kl.Activation("log_softmax")), residual, ending=ops.log_softmax),
    "softmax in a nested model": Kind(
        lambda: keras.Sequential([keras.Input(SHAPE), ending_in(kl.Softmax())(), kl.Activation("linear")]),
        residual,
        ending=ops.softmax,
    ),
    "softmax of a 1x1 convolution": Kind(
        lambda: model_of(
            lambda x: run(
                [
                    kl.GlobalAveragePooling2D(keepdims=True),
                    kl.Conv2D(CLASSES, 1, activation="softmax"),
                    kl.Reshape((CLASSES,)),
                ],
                trunk(x),
            )
        ),
        residual,
        ending=ops.softmax,
    ),
    "sigmoid": Kind(
        lambda: model_of(lambda x: run(head("sigmoid", 1), trunk(x))), lambda: residual(1), ending=ops.sigmoid
    ),
    "sigmoid shared with a gate": Kind(
        one_gate,
        lambda: model_of(lambda x: gated(x, kl.Activation("sigmoid"))),
        "after",
        "gated",
        ending=ops.sigmoid,
    ),
    "swish": Kind(
        lambda: model_of(lambda x: run(head(), nested(smooth)(x))),
        lambda: model_of(lambda x: run(head(), smooth(x))),
        "block2_add",
        "top_activation",
    ),
    "transformer": Kind(
        lambda: model_of(lambda x: run(head("softmax"), nested(transformer)(x))),
        lambda: model_of(lambda x: run(head(), transformer(x))),
        "block2_add2",
        "norm",
        ending=ops.softmax,
    ),
}
