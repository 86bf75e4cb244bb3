"""A penalty on a small network, called as the epoch loop calls it, in double precision."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from evidrift.networks.classifier import build_classifier, set_batchnorm
from evidrift.training.examples import Examples
from evidrift.training.strategy import find_strategy
from evidrift.training.treatment import Seen, Setting

SIDE, CLASSES, N = 8, 3, 6


@contextmanager
def double_precision() -> Iterator[None]:
    """Layers made inside compute in float64."""
    try:
        _compute_in("float64")
        yield
    finally:
        _compute_in("float32")


def _compute_in(dtype: str) -> None:
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)  # follows by itself only before a process makes its first layer


def toy(seed: int = 0) -> keras.Model:
    """Convolution, batch normalisation, ReLU (`penultimate`); convolution, ReLU (`last`); pooling; head.

    Its weights, statistics too, are random, drawn from the seed.
    """
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False, name="stem")(inputs)
    x = keras.layers.BatchNormalization(name="stem_bn")(x)
    x = keras.layers.ReLU(name="stem_relu")(x)
    x = keras.layers.Conv2D(5, 3, name="top")(x)
    x = keras.layers.ReLU(name="top_relu")(x)
    model = build_classifier(keras.Model(inputs, x), CLASSES, dropout=0.0)
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.normal(scale=0.5, size=weight.shape)
        is_factor = weight.name in ("gamma", "moving_variance")
        weight.assign(np.exp(values) if is_factor else values)
    return model


def images(seed: int = 1) -> Examples:
    """A few images of noise."""
    pixels = np.random.default_rng(seed).normal(size=(N, SIDE, SIDE, 3))
    return Examples(np.arange(N) % CLASSES, 0, lambda rows, views: pixels[rows])


class Penalised:
    """A strategy's penalty on one batch, as a function of the trained weights."""

    def __init__(self, strategy: str, params: dict) -> None:
        """Treat the toy network with the strategy, at tl."""
        with double_precision():
            self.classifier, training = toy(), images()
            setting = Setting(self.classifier, self.classifier.get_weights())
            module = find_strategy(strategy)
            self.penalty = module.treat(setting, module.Params(**params)).penalty
            self.variables = set_batchnorm(self.classifier, "inference")
            taps = list(self.penalty.taps)
            self.whole = keras.Model(self.classifier.inputs, [*taps, self.classifier.outputs[0]])
            rows = np.arange(N)
            self.inputs = tf.constant(training.plain(rows))
            self.labels = tf.constant(training.labels.astype(np.int32))
            self.teacher: list[tf.Tensor] = []
            if self.penalty.teacher:
                self.teacher = list(self.penalty.teacher(self.inputs, self.labels))

    @property
    def in_head(self) -> list[bool]:
        """Of each trained variable, whether it is the head's."""
        head = set(map(id, self.classifier.get_layer("logits").weights))
        return [id(variable) in head for variable in self.variables]

    def move(self, direction: list[np.ndarray], step: float) -> None:
        """Add a multiple of the direction to the trained weights."""
        for variable, way in zip(self.variables, direction, strict=True):
            variable.assign_add(step * way)

    def random_direction(self, seed: int) -> list[np.ndarray]:
        """Normal numbers for all trained weights."""
        generator = np.random.default_rng(seed)
        return [generator.normal(size=variable.shape) for variable in self.variables]

    def value(self) -> float:
        """The penalty at the present weights."""
        return float(self._term())

    def gradient(self) -> list[np.ndarray]:
        """Its gradient by the trained weights."""
        trained = [variable.value for variable in self.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trained)
            term = self._term()
        zero = tf.UnconnectedGradients.ZERO
        return [each.numpy() for each in tape.gradient(term, trained, unconnected_gradients=zero)]

    def _term(self) -> tf.Tensor:
        *taps, logits = tf.nest.flatten(self.whole(self.inputs, training=True))
        return self.penalty.loss(Seen(self.labels, logits, taps, self.teacher))
