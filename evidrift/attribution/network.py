"""A classifier made ready for explaining: activations and gradients at its target layers in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from evidrift.attribution.graph import articulations, trace
from evidrift.attribution.layers import TargetLayer

Score = Literal["centred", "raw"]


@dataclass(frozen=True)
class Pass:
    """One forward and backward pass over n images.

    Attributes:
        logits: (n, classes) float32.
        activations: of each target layer by label, (n, h, w, channels).
        gradients: d score / d activations, same keys and shapes.
    """

    logits: np.ndarray
    activations: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]


class Network:
    """Runs a classifier and differentiates its score at target layers.

    The trunk up to the earliest target layer runs without a tape; only the rest is differentiated, once
    for all layers. One compiled function serves batches of any size. Dropout and batch statistics are off.

    Args:
        classifier: network input -> logits, one functional graph.
        layers: where to differentiate, from `layers.resolve` of the same classifier.
        prepare: brings pixels, (n, size, size) uint8, to the network's input.
        score: of the target class c: `centred`, z_c - mean_j z_j, or `raw`, z_c. With a single sigmoid
            output z both are +z for class 1 and -z for class 0.

    Example:
        network = Network(classifier, resolve(classifier, ["penultimate", "last"]), prepare, "centred")
        gradients = network.run(pixels, targets).gradients["penultimate"]
    """

    def __init__(
        self,
        classifier: keras.Model,
        layers: Sequence[TargetLayer],
        prepare: Callable[[np.ndarray], Any],
        score: Score,
    ):
        self.layers = tuple(layers)
        self._prepare = prepare
        self._run = _compile(classifier, self.layers, score)

    def run(self, pixels: np.ndarray, targets: np.ndarray) -> Pass:
        """Explain images at their target classes.

        Args:
            pixels: (n, size, size) uint8.
            targets: (n,) class indices.
        """
        logits, activations, gradients = self._run(self._prepare(pixels), tf.constant(targets, tf.int32))
        labels = [layer.label for layer in self.layers]
        return Pass(
            logits.numpy(),
            {label: tensor.numpy() for label, tensor in zip(labels, activations, strict=True)},
            {label: tensor.numpy() for label, tensor in zip(labels, gradients, strict=True)},
        )


def _compile(classifier: keras.Model, layers: tuple[TargetLayer, ...], score: Score) -> Any:
    """The function (network input, targets) -> (logits, activations, gradients), lists by layer."""
    steps = trace(classifier)
    earliest = min(layer.position for layer in layers)
    # from a tensor that every path passes, all that follows can be computed
    start = max(position for position in articulations(steps) if position <= earliest)
    beyond = sorted({layer.position for layer in layers} - {start})
    trunk = keras.Model(classifier.inputs, steps[start].output)
    rest = keras.Model(steps[start].output, [*(steps[at].output for at in beyond), classifier.outputs[0]])

    def run(images: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], list[tf.Tensor]]:
        at_start = trunk(images, training=False)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(at_start)
            *outputs, logits = tf.nest.flatten(rest(at_start, training=False))
            scores = _score(logits, targets, score)
        at = dict(zip([start, *beyond], [at_start, *outputs], strict=True))
        activations = [at[layer.position] for layer in layers]
        # images do not mix, so the gradient of the sum holds each image's own
        return logits, activations, tape.gradient(scores, activations)

    image = tf.TensorSpec(classifier.inputs[0].shape, tf.float32)
    return tf.function(run, input_signature=[image, tf.TensorSpec([None], tf.int32)])


def _score(logits: tf.Tensor, targets: tf.Tensor, score: Score) -> tf.Tensor:
    """`scores.centred_logits` at the target, differentiable; (n,)."""
    if logits.shape[-1] == 1:
        logits = tf.concat([-logits, logits], axis=1)
    elif score == "centred":
        logits = logits - tf.reduce_mean(logits, axis=1, keepdims=True)
    return tf.gather(logits, targets, batch_dims=1)
