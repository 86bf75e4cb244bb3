"""Kinds of model that this Keras saves: each a small network with random weights.

To add one, write what builds it into KINDS.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

kl = keras.layers
ops = keras.ops

SIDE = 32
SHAPE = (SIDE, SIDE, 3)


class Made(NamedTuple):
    """A file of a kind.

    Attributes:
        path: of the file.
        outputs: what its maker gave of `film`, (outputs); empty where it gives nothing.
        logits: whether they are logits.
    """

    path: Path
    outputs: np.ndarray
    logits: bool

    @property
    def probabilities(self) -> np.ndarray:
        """Of each class; of each finding, where they are independent."""
        if self.logits:
            raised = np.exp(self.outputs - self.outputs.max())
            return raised / raised.sum()
        return np.array([1 - self.outputs[0], self.outputs[0]]) if len(self.outputs) == 1 else self.outputs


class Kind(NamedTuple):
    """A kind of model file.

    Attributes:
        name: in the table.
        group: the table's heading.
        made_with: what saves it.
        make: writes it into a folder.
        half: whether it is computed in half precision where it was made.
    """

    name: str
    group: str
    made_with: str
    make: Callable[[Path], Made]
    half: bool = False


def film(height: int = SIDE, width: int = SIDE, channels: int = 3) -> np.ndarray:
    """Grey levels, (1, height, width, channels) float32, as in tests/foreign/reading/files/make_keras2.py."""
    levels = (np.arange(height * width) * 37 % 251).reshape(1, height, width, 1)
    return np.repeat(levels, channels, axis=-1).astype(np.float32)


def model(part: Callable[[Any], Any], shape: tuple[int | None, ...] = SHAPE, **of_input: Any) -> keras.Model:
    """A functional model from an input of this shape."""
    inputs = keras.Input(shape, **of_input)
    return keras.Model(inputs, part(inputs))


def scaled(x: Any) -> Any:
    """Grey levels to 0..1."""
    return kl.Rescaling(1 / 255)(x)


def features(x: Any) -> Any:
    """A trunk with its pooling."""
    x = kl.BatchNormalization()(kl.Conv2D(4, 3, padding="same", activation="relu")(x))
    return kl.GlobalAveragePooling2D()(kl.Conv2D(6, 3, activation="relu")(kl.MaxPooling2D()(x)))


def dense(x: Any, n: int = 3, activation: Any = "softmax") -> Any:
    """A head whose probabilities are neither equal nor certain."""
    return kl.Dense(n, activation=activation, kernel_initializer=keras.initializers.RandomNormal(stddev=0.7))(
        x
    )


def whole(x: Any) -> Any:
    """The plain classifier."""
    return dense(features(scaled(x)))


def backbone() -> keras.Model:
    """A network without a head, depthwise and residual."""

    def part(x: Any) -> Any:
        x = kl.ReLU(6.0)(kl.BatchNormalization()(kl.Conv2D(5, 3, strides=2, use_bias=False)(x)))
        y = kl.ReLU(6.0)(kl.BatchNormalization()(kl.DepthwiseConv2D(3, padding="same", use_bias=False)(x)))
        return kl.Add()([x, kl.Conv2D(5, 1)(y)])

    return model(part)


def stacked() -> keras.Model:
    """The commonest file of transfer learning."""
    return keras.Sequential([backbone(), kl.GlobalAveragePooling2D(), kl.Dense(3, activation="softmax")])


def of_policy(policy: str, part: Callable[[Any], Any]) -> keras.Model:
    """A network under another policy of number types."""
    keras.config.set_dtype_policy(policy)
    try:
        return model(part)
    finally:
        keras.config.set_dtype_policy("float32")


def quantised() -> keras.Model:
    """Dense layers in 8 bit."""
    made = model(lambda x: dense(kl.Dense(8, "relu")(features(scaled(x)))))
    made.quantize("int8")
    return made


def compiled(**how: Any) -> keras.Model:
    """The plain classifier, compiled."""
    made = model(whole)
    made.compile("adam", **how)
    return made


class OwnLoss(keras.losses.Loss):
    """A loss of one's own."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean square."""
        return ops.mean((y_true - y_pred) ** 2)


@keras.saving.register_keras_serializable(package="theirs")
class OwnRegulariser(keras.regularizers.Regularizer):
    """A regulariser of one's own."""

    def __call__(self, x: Any) -> Any:
        """Sum of squares."""
        return ops.sum(x**2)

    def get_config(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}


def own_metric(y_true: Any, y_pred: Any) -> Any:
    """A metric of one's own."""
    return ops.mean(y_pred)


def named_in() -> keras.Model:
    """An input by name."""
    inputs = keras.Input(SHAPE, name="image")
    return keras.Model({"image": inputs}, whole(inputs))


def named_out() -> keras.Model:
    """An output by name."""
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, {"label": whole(inputs)})


def two_outputs() -> keras.Model:
    """Classes and a box."""
    inputs = keras.Input(SHAPE)
    found = features(scaled(inputs))
    return keras.Model(inputs, [dense(found), kl.Dense(4, name="box")(found)])


def two_inputs() -> keras.Model:
    """Two views."""
    views = [keras.Input(SHAPE, name=name) for name in ("front", "side")]
    return keras.Model(views, whole(kl.Add()(views)))


def ensemble(x: Any) -> Any:
    """The mean of two classifiers' probabilities."""
    return kl.Average()([model(whole)(x), model(whole)(x)])


def complementary(x: Any) -> Any:
    """[1 - p, p] of one sigmoid."""
    p = dense(features(scaled(x)), 1, "sigmoid")
    return kl.Concatenate()([1 - p, p])


def normalised(x: Any) -> Any:
    """Sigmoids divided by their sum."""
    p = dense(features(scaled(x)), 3, "sigmoid")
    return p / ops.sum(p, -1, keepdims=True)


@keras.saving.register_keras_serializable(package="theirs")
class OwnLayer(keras.Layer):
    """A layer of one's own."""

    def call(self, x: Any) -> Any:
        """As it is."""
        return x


@keras.saving.register_keras_serializable(package="theirs")
class Subclassed(keras.Model):
    """Layers called by Python code."""

    def __init__(self) -> None:
        super().__init__()
        self.end = kl.Dense(3, activation="softmax")

    def call(self, x: Any) -> Any:
        """Class probabilities."""
        return self.end(ops.mean(x, axis=(1, 2)))

    def get_config(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}


KINDS: dict[str, Callable[[], keras.Model]] = {
    "functional": lambda: model(whole),
    "functional, .h5": lambda: model(whole),
    "Sequential": lambda: keras.Sequential(
        [keras.Input(SHAPE), kl.Rescaling(1 / 255), kl.Conv2D(4, 3), kl.Flatten(), kl.Dense(2, "softmax")]
    ),
    "backbone nested in a Sequential": stacked,
    "backbone nested in a Sequential, .h5": stacked,
    "backbone nested in a functional model": lambda: model(
        lambda x: dense(kl.GlobalAveragePooling2D()(backbone()(scaled(x), training=False)))
    ),
    "augmentation inside": lambda: model(
        lambda x: whole(keras.Sequential([kl.RandomFlip(), kl.RandomRotation(0.1)])(x))
    ),
    "one sigmoid": lambda: model(lambda x: dense(features(scaled(x)), 1, "sigmoid")),
    "independent sigmoids (findings)": lambda: model(lambda x: dense(features(scaled(x)), 4, "sigmoid")),
    "logits": lambda: model(lambda x: 5 * dense(features(scaled(x)), 3, None)),
    "temperature before the softmax": lambda: model(
        lambda x: ops.softmax(dense(features(scaled(x)), 3, None) / 2.0)
    ),
    "BatchNormalization before the softmax": lambda: model(
        lambda x: kl.Softmax()(kl.BatchNormalization()(dense(features(scaled(x)), 3, None)))
    ),
    "BatchNormalization behind the softmax": lambda: model(lambda x: kl.BatchNormalization()(whole(x))),
    "clip behind the softmax": lambda: model(lambda x: ops.clip(whole(x), 1e-7, 1 - 1e-7)),
    "ensemble: mean of two models": lambda: model(ensemble),
    "[1 - p, p]": lambda: model(complementary),
    "sigmoids divided by their sum": lambda: model(normalised),
    "sparsemax": lambda: model(lambda x: dense(features(scaled(x)), 3, "sparsemax")),
    "tanh": lambda: model(lambda x: dense(features(scaled(x)), 1, "tanh")),
    "hard sigmoid": lambda: model(lambda x: dense(features(scaled(x)), 1, "hard_sigmoid")),
    "tf.nn.softmax as activation": lambda: model(lambda x: dense(features(scaled(x)), 3, tf.nn.softmax)),
    "tf.nn.relu as activation": lambda: model(lambda x: dense(kl.Dense(8, tf.nn.relu)(features(scaled(x))))),
    "own loss": lambda: compiled(loss=OwnLoss()),
    "own metric": lambda: compiled(loss="mse", metrics=[own_metric]),
    "own metric, .h5": lambda: compiled(loss="mse", metrics=[own_metric]),
    "Keras's own loss as a function": lambda: compiled(loss=keras.losses.binary_crossentropy),
    "own regulariser": lambda: model(
        lambda x: whole(kl.Conv2D(3, 1, kernel_regularizer=OwnRegulariser())(x))
    ),
    "mixed_float16": lambda: of_policy(
        "mixed_float16",
        lambda x: kl.Activation("softmax", dtype="float32")(dense(features(scaled(x)), 3, None)),
    ),
    "mixed_bfloat16": lambda: of_policy("mixed_bfloat16", whole),
    "quantised to int8": quantised,
    "grey": lambda: model(whole, (SIDE, SIDE, 1)),
    "grey made colour inside": lambda: model(lambda x: whole(kl.Concatenate()([x, x, x])), (SIDE, SIDE, 1)),
    "rectangular": lambda: model(whole, (24, 40, 3)),
    "whole numbers as input (uint8)": lambda: model(whole, dtype="uint8"),
    "a fixed batch": lambda: model(whole, batch_size=4),
    "input by name": named_in,
    "output by name": named_out,
    "caffe preprocessing inside": lambda: model(
        lambda x: dense(features(0.02 * keras.applications.resnet.preprocess_input(x)))
    ),
    "arithmetic on the input": lambda: model(
        lambda x: dense(features((ops.cast(x, "float32") - 127.5) / 50.0))
    ),
    "Normalization": lambda: model(
        lambda x: dense(features(kl.Normalization(mean=[120.0] * 3, variance=[900.0] * 3)(x)))
    ),
    "Resizing inside": lambda: model(lambda x: whole(kl.Resizing(24, 24)(x))),
    "CenterCrop inside": lambda: model(lambda x: whole(kl.CenterCrop(28, 28)(x))),
    "RandomCrop inside": lambda: model(lambda x: whole(kl.RandomCrop(28, 28)(x))),
    "two inputs": two_inputs,
    "two outputs": two_outputs,
    "images of any size": lambda: model(whole, (None, None, 3)),
    "five channels": lambda: model(whole, (SIDE, SIDE, 5)),
    "channels_first": lambda: model(
        lambda x: dense(kl.GlobalAveragePooling2D(data_format="channels_first")(scaled(x))), (3, SIDE, SIDE)
    ),
    "one class under a softmax": lambda: model(lambda x: dense(features(x), 1)),
    "Lambda": lambda: model(lambda x: whole(kl.Lambda(lambda y: y / 255, name="scale")(x))),
    "own layer, registered": lambda: model(lambda x: whole(OwnLayer(name="swirl")(x))),
    "subclassed model": Subclassed,
}
HALF = ("mixed_float16", "mixed_bfloat16", "quantised to int8")


def kinds() -> Iterator[Kind]:
    """Every kind that this Keras saves."""
    for name in KINDS:

        def make(folder: Path, name: str = name) -> Made:
            keras.backend.clear_session()
            keras.utils.set_random_seed(1)
            built = KINDS[name]()
            path = folder / ("model.h5" if name.endswith(".h5") else "model.keras")
            outputs = _outputs(built)
            built.save(path)
            return Made(path, outputs, logits=name == "logits")

        yield Kind(name, f"Keras {keras.__version__}", f"Keras {keras.__version__}", make, name in HALF)


def _outputs(built: keras.Model) -> np.ndarray:
    """What a model gives of the film; of several, the first."""
    shapes = [each.shape for each in built.inputs] if built.built else [(None, *SHAPE)]
    films: Any = [film(height or SIDE, width or SIDE, channels) for _, height, width, channels in shapes]
    named = isinstance(built, keras.Model) and isinstance(getattr(built, "_inputs_struct", None), dict)
    given = built({"image": films[0]} if named else films if len(films) > 1 else films[0], training=False)
    first = given["label"] if isinstance(given, dict) else given[0] if isinstance(given, list) else given
    return np.asarray(first, np.float64).ravel()
