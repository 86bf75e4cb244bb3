"""A classifier made ready for explaining: its scores, and their gradients at target layers and pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from evidrift.base.errors import UserError
from evidrift.networks.target.graph import articulations, trace
from evidrift.networks.target.layers import TargetLayer

Score = Literal["centred", "raw"]
PREDICTED = -1  # a target: the class that the classifier itself predicts
CLASSES = tf.TensorSpec([None], tf.int32)


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
    """Runs a classifier and differentiates its score.

    For the CAM family, `run`: the trunk up to the earliest target layer runs without a tape; only the rest is
    differentiated, once for all layers. Each function is compiled at its first use and serves batches of any
    size. Dropout and batch statistics are off.

    Args:
        classifier: network input -> logits, one functional graph.
        layers: where to differentiate, from `layers.resolve` of the same classifier.
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input; affine in each channel.
        score: of the target class c: `centred`, z_c - mean_j z_j, or `raw`, z_c. With a single sigmoid
            output z both are +z for class 1 and -z for class 0.

    Example:
        >>> from evidrift.networks.target.layers import resolve
        >>> layers = resolve(classifier, ["penultimate", "last"])
        >>> network = Network(classifier, layers, prepare, "centred")
        >>> network.run(pixels, targets).gradients["penultimate"].shape
        (7, 8, 8, 6)
    """

    def __init__(
        self,
        classifier: keras.Model,
        layers: Sequence[TargetLayer],
        prepare: Callable[[np.ndarray], Any],
        score: Score,
    ):
        self.layers = tuple(layers)
        self._classifier = classifier
        self._prepare = prepare
        self._score = score
        self._from: dict[str, Any] = {}

    def grid(self, label: str) -> tuple[int, int]:
        """Height and width of a target layer's output."""
        _, height, width, _ = self._layer(label).output.shape
        return height, width

    def run(self, pixels: np.ndarray, targets: np.ndarray) -> Pass:
        """Activations and gradients of images at their target classes.

        Args:
            pixels: (n, H, W) uint8.
            targets: (n,) class indices, or PREDICTED.
        """
        logits, activations, gradients = self._cam_pass(self._prepare(pixels), _classes(targets))
        labels = [layer.label for layer in self.layers]
        return Pass(
            logits.numpy(),
            {label: tensor.numpy() for label, tensor in zip(labels, activations, strict=True)},
            {label: tensor.numpy() for label, tensor in zip(labels, gradients, strict=True)},
        )

    def inputs(self, pixels: np.ndarray) -> np.ndarray:
        """The network's input, (n, H, W, channels) float32, of pixels (n, H, W) in 0..255."""
        return np.asarray(self._prepare(pixels), np.float32)

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Logits, (n, classes) float32, of network inputs."""
        return self._forward(inputs).numpy()

    def scores(self, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The score of each network input at its target class, (n,) float32."""
        return _score(self._forward(inputs), _classes(targets), self._score).numpy()

    def input_gradients(self, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Derivatives of the score by the network input, (n, H, W, channels) float32."""
        return self._backward(inputs, _classes(targets)).numpy()

    def scores_from(self, label: str, activations: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The score that changed activations of a target layer would give.

        Args:
            label: of a target layer.
            activations: in place of its own, (n, h, w, channels).
            targets: (n,) class indices.

        Raises:
            UserError: a path from the image to the logits goes around that layer.
        """
        if label not in self._from:
            self._from[label] = self._compile_rest(self._layer(label))
        return self._from[label](activations, _classes(targets)).numpy()

    def _layer(self, label: str) -> TargetLayer:
        return next(layer for layer in self.layers if layer.label == label)

    @cached_property
    def _cam_pass(self) -> Any:
        return _compile_cam_pass(self._classifier, self.layers, self._score)

    @cached_property
    def _forward(self) -> Any:
        return tf.function(
            lambda inputs: self._classifier(inputs, training=False), input_signature=[self._image]
        )

    @cached_property
    def _backward(self) -> Any:
        def gradients(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(inputs)
                scores = _score(self._classifier(inputs, training=False), targets, self._score)
            return tape.gradient(scores, inputs)

        return tf.function(gradients, input_signature=[self._image, CLASSES])

    @property
    def _image(self) -> tf.TensorSpec:
        return tf.TensorSpec(self._classifier.inputs[0].shape, tf.float32)

    def _compile_rest(self, layer: TargetLayer) -> Any:
        if layer.position not in articulations(trace(self._classifier)):
            raise UserError(
                f"Layer {layer.name} of {self._classifier.name} is not passed by every path from the image "
                "to the logits, so they cannot be computed from it alone. Choose `penultimate` or `last`."
            )
        rest = keras.Model(layer.output, self._classifier.outputs[0])

        def run(activations: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            return _score(rest(activations, training=False), targets, self._score)

        return tf.function(run, input_signature=[tf.TensorSpec(layer.output.shape, tf.float32), CLASSES])


def _classes(targets: np.ndarray) -> tf.Tensor:
    return tf.constant(targets, tf.int32)


def _compile_cam_pass(classifier: keras.Model, layers: tuple[TargetLayer, ...], score: Score) -> Any:
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
            scores = _score(logits, tf.where(targets == PREDICTED, _predicted(logits), targets), score)
        at = dict(zip([start, *beyond], [at_start, *outputs], strict=True))
        activations = [at[layer.position] for layer in layers]
        # images do not mix, so the gradient of the sum holds each image's own
        return logits, activations, tape.gradient(scores, activations)

    image = tf.TensorSpec(classifier.inputs[0].shape, tf.float32)
    return tf.function(run, input_signature=[image, CLASSES])


def _predicted(logits: tf.Tensor) -> tf.Tensor:
    """`scores.predicted_classes`, (n,) int32."""
    return tf.argmax(_of_classes(logits), axis=1, output_type=tf.int32)


def _score(logits: tf.Tensor, targets: tf.Tensor, score: Score) -> tf.Tensor:
    """`scores.centred_logits` at the target, differentiable; (n,)."""
    logits = _of_classes(logits)
    if score == "centred":
        logits = logits - tf.reduce_mean(logits, axis=1, keepdims=True)
    return tf.gather(logits, targets, batch_dims=1)


def _of_classes(logits: tf.Tensor) -> tf.Tensor:
    """A single sigmoid output z as those of its two classes, -z and +z, whose mean is 0."""
    return tf.concat([-logits, logits], axis=1) if logits.shape[-1] == 1 else logits
