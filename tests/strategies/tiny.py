"""A network of two convolutions in float64 and a penalty's loss on it, for finite differences."""

import keras
import numpy as np
import tensorflow as tf

from evidrift.base.seeds import stream
from evidrift.training.examples import Examples
from evidrift.training.treatment import Seen, Setting

LABELS = np.array([0, 1, 2, 1], np.int32)


def tiny_classifier():
    """`first` is `penultimate`, `second` is `last`."""
    layers, wide = keras.layers, {"dtype": "float64"}
    inputs = keras.Input((6, 5, 2), dtype="float64")
    x = layers.Conv2D(3, 3, padding="same", activation="relu", name="first", **wide)(inputs)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="second", **wide)(x)
    x = layers.GlobalAveragePooling2D(name="pool", **wide)(x)
    model = keras.Model(inputs, layers.Dense(3, name="logits", **wide)(x))
    model.set_weights(drawn(model, "tiny"))
    return model


def drawn(model, name):
    """Weights that make about half of all units positive."""
    return [stream(name, number).normal(0, 0.4, w.shape) for number, w in enumerate(model.get_weights())]


def tiny_inputs():
    return stream("tiny inputs").normal(0, 1, (len(LABELS), 6, 5, 2))


class Treated:
    """A classifier that still holds the weights of tl, and the penalty of a strategy on one batch."""

    def __init__(self, module, **params):
        self.model, self.inputs = tiny_classifier(), tf.constant(tiny_inputs())
        examples = Examples(LABELS, 0, lambda rows, views: tiny_inputs()[rows])
        setting = Setting(self.model, self.model.get_weights(), examples)
        self.penalty = module.treat(setting, module.Params(**params)).penalty
        self.of_tl = list(self.penalty.teacher(self.inputs, tf.constant(LABELS)))
        self.whole = keras.Model(self.model.inputs[0], [*self.penalty.taps, self.model.outputs[0]])

    def move(self, size=0.3):
        """Away from tl, as a training would have done it."""
        steps = drawn(self.model, "moved")
        self.model.set_weights([w + size * d for w, d in zip(self.model.get_weights(), steps, strict=True)])

    def loss(self):
        *taps, logits = self.whole(self.inputs, training=True)
        return self.penalty.loss(Seen(tf.constant(LABELS), logits, taps, self.of_tl))

    def gradients(self):
        """By variable's path; None where the loss does not depend on it."""
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.loss()
        return dict(
            zip(
                [each.path for each in variables],
                tape.gradient(loss, [each.value for each in variables]),
                strict=True,
            )
        )

    def slopes(self, step=1e-6):
        """Along one random direction in each variable: what the gradient says, and finite differences."""
        gradients = self.gradients()
        for variable in self.model.trainable_variables:
            start = variable.numpy()
            direction = stream("direction", variable.path).normal(size=start.shape)
            values = []
            for sign in (1, -1):
                variable.assign(start + sign * step * direction)
                values.append(float(self.loss()))
            variable.assign(start)
            gradient = gradients[variable.path]
            said = 0.0 if gradient is None else float(np.sum(gradient.numpy() * direction))
            yield variable.path, said, (values[0] - values[1]) / (2 * step)
