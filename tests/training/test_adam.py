"""The fused Adam against Keras's own."""

import keras
import numpy as np
import tensorflow as tf

from evidrift.training.adam import Adam


def test_three_steps_equal_keras_adam():
    start = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
    gradients = [np.array([[0.1, -1.0], [2.0, 0.0]], np.float32) * scale for scale in (1, -0.5, 3)]

    ours = tf.Variable(start)
    adam = Adam([ours])
    theirs = keras.Variable(start)
    optimizer = keras.optimizers.Adam(learning_rate=0.01)
    optimizer.build([theirs])
    for gradient in gradients:
        adam.apply([tf.constant(gradient)], tf.constant(0.01))
        optimizer.apply([tf.constant(gradient)])

    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
    assert not np.allclose(ours.numpy(), start)
