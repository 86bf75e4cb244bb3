"""A target layer within a training, and the label's gradient there."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.networks.target.layers import resolve
from evidrift.networks.target.tap import label_gradients, tap
from tests.attribution.small import prepare, small_classifier, small_pixels, small_targets


def at(model, label):
    """The layer's activations of the small images, and the label's gradient there."""
    found = tap(model, label)
    activations = keras.Model(model.inputs[0], found.output)(prepare(small_pixels()), training=False)
    return activations, label_gradients(found.rest, activations, tf.constant(small_targets()))


def test_before_the_pooling_the_gradient_is_the_heads_centred_weights_over_the_places():
    model = small_classifier()
    activations, gradients = at(model, "last")
    kernel = model.get_layer("logits").get_weights()[0]
    centred = kernel - kernel.mean(axis=1, keepdims=True)
    height, width = activations.shape[1:3]
    expected = np.broadcast_to(
        centred.T[small_targets()][:, None, None] / (height * width), activations.shape
    )
    np.testing.assert_allclose(gradients, expected, rtol=1e-5, atol=1e-8)


def test_the_gradient_is_that_of_the_attribution_maps():
    """Though dropout and batch normalisation are there."""
    model = small_classifier()
    network = Network(model, resolve(model, ["penultimate"]), prepare, "centred")
    result = network.run(small_pixels(), small_targets())
    activations, gradients = at(model, "penultimate")
    np.testing.assert_allclose(activations, result.activations["penultimate"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradients, result.gradients["penultimate"], rtol=1e-4, atol=1e-6)


def test_a_network_without_penultimate_is_told_that_the_strategy_may_take_last():
    inputs = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
    shallow = keras.Model(inputs, keras.layers.Dense(3)(pooled), name="shallow")
    with pytest.raises(UserError) as raised:
        tap(shallow, "penultimate")
    told = "shallow has no layer `penultimate`, so the strategy cannot be used there: take `layer: last`."
    assert str(raised.value) == told
    assert tap(shallow, "last").output.shape == (None, 6, 6, 4)
