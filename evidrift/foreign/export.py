"""A classifier of the zoo as an ordinary Keras model: films in as grey levels 0 to 255, probabilities out.

With evidence, it gives a map a class in the same pass. At the layer that feeds the pooling a map needs no
gradient: pooling hands the head's weights back to every place alike, so that LayerCAM (Jiang et al. 2021,
eq. 7) is a 1x1 convolution with the positive parts of the head's weights.
"""

from types import ModuleType

import keras
import numpy as np

from evidrift.networks.classifier import LOGITS, POOL


def exported(classifier: keras.Model, zoo: ModuleType, evidence: bool = False) -> keras.Model:
    """The classifier with its preprocessing before it and softmax behind, in Keras's own layers.

    Args:
        classifier: from `build_classifier`, (size, size, 3) to logits.
        zoo: the architecture's module, whose `preprocess` is affine in each channel.
        evidence: give maps too.

    Returns:
        (n, size, size, 3) grey levels 0 to 255 -> probabilities (n, classes); with evidence a dictionary of
        `probabilities` and `evidence` (n, h, w, classes), float32: LayerCAM of each class's centred logit at
        the layer `last`, on its grid. The mean of a map over its places is what speaks for the class in its
        centred logit.
    """
    inputs = keras.Input(classifier.inputs[0].shape[1:], name="film")
    scaled, softmax = _scaled(inputs, zoo), keras.layers.Softmax(name="probabilities")
    if not evidence:
        return keras.Model(inputs, softmax(classifier(scaled, training=False)), name="evidrift")
    both = keras.Model(classifier.input, [classifier.output, _evidence(classifier)], name=classifier.name)
    logits, maps = both(scaled, training=False)
    return keras.Model(inputs, {"probabilities": softmax(logits), "evidence": maps}, name="evidrift")


def _evidence(classifier: keras.Model) -> keras.KerasTensor:
    """LayerCAM of every class at the layer that feeds the pooling, (n, h, w, classes)."""
    activations = classifier.get_layer(POOL).input
    kernel, _ = classifier.get_layer(LOGITS).get_weights()
    centred = kernel - kernel.mean(axis=1, keepdims=True)
    layer = keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False, activation="relu", name="evidence")
    maps = layer(activations)
    layer.set_weights([np.maximum(centred, 0)[np.newaxis, np.newaxis]])
    return maps


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
