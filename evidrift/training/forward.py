"""A model as one compiled function of its inputs."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

Forward = Callable[[np.ndarray], tf.Tensor]


def compile_forward(model: keras.Model) -> Forward:
    """The model without dropout, for batches of any size: traced once."""
    signature = [tf.TensorSpec(model.inputs[0].shape, tf.float32)]
    return tf.function(lambda inputs: model(inputs, training=False), input_signature=signature)
