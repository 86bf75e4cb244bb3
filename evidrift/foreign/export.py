"""A classifier of the zoo as an ordinary Keras model: films in as grey levels 0 to 255, probabilities out."""

from types import ModuleType

import keras
import numpy as np


def exported(classifier: keras.Model, zoo: ModuleType) -> keras.Model:
    """The classifier with its preprocessing before it and softmax behind, in Keras's own layers.

    Args:
        classifier: (size, size, 3) to logits.
        zoo: the architecture's module, whose `preprocess` is affine in each channel.
    """
    inputs = keras.Input(classifier.inputs[0].shape[1:], name="film")
    logits = classifier(_scaled(inputs, zoo), training=False)
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(logits), name="evidrift")


def _scaled(inputs: keras.KerasTensor, zoo: ModuleType) -> keras.KerasTensor:
    """The zoo's preprocessing as a layer, from what it makes of black and of white."""
    ends = np.repeat(np.array([0, 255], np.float32), 3).reshape(2, 1, 1, 3)
    black, white = np.asarray(zoo.preprocess(ends), np.float64).reshape(2, 3)
    scale = (white - black) / 255
    if np.ptp(scale) == 0 and np.ptp(black) == 0:
        return keras.layers.Rescaling(float(scale[0]), float(black[0]), name="scaling")(inputs)
    layer = keras.layers.Normalization(
        mean=(-black / scale).tolist(), variance=(1 / scale**2).tolist(), name="scaling"
    )
    return layer(inputs)
