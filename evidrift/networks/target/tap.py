"""A target layer within a training: its tensor, what follows it, and the label's gradient there."""

from typing import NamedTuple

import keras
import tensorflow as tf

from evidrift.base.errors import UserError
from evidrift.networks.target.layers import resolve


class Tap(NamedTuple):
    """A target layer that every path passes.

    Attributes:
        output: its tensor, (None, h, w, channels).
        rest: from that tensor to the logits, with the network's own layers.
    """

    output: keras.KerasTensor
    rest: keras.Model


def tap(network: keras.Model, label: str) -> Tap:
    """The target layer `penultimate` or `last` of a network.

    Raises:
        UserError: it has no such layer.
    """
    try:
        output = resolve(network, [label])[0].output
    except UserError:  # its advice is to name another layer to explain; a strategy takes these two alone
        mend = "take `layer: last`" if label == "penultimate" else "take a strategy without a layer"
        raise UserError(
            f"{network.name} has no layer `{label}`, so the strategy cannot be used there: {mend}."
        ) from None
    return Tap(output, keras.Model(output, network.outputs[0]))


def label_gradients(rest: keras.Model, activations: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Gradient of each image's centred logit of its label, z_y - mean_c z_c, at a target layer.

    Dropout is off and batch normalisation uses its moving statistics, so images do not mix and the gradient
    is the one that attribution maps are made of. It may be differentiated again, with respect to the
    activations and to the weights of `rest`.

    Args:
        rest: from the layer to the logits.
        activations: the layer's, (b, h, w, channels).
        labels: (b,) int32.

    Returns:
        Same shape as the activations.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(activations)
        logits = rest(activations, training=False)
        centred = logits - tf.reduce_mean(logits, axis=1, keepdims=True)
        scores = tf.gather(centred, labels, batch_dims=1)
    return tape.gradient(scores, activations)
