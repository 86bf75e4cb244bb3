"""The strategy `features`: keep what the label's map is made of. Its gradient: `test_penalties`."""

import numpy as np
import pytest
import tensorflow as tf

from evidrift.strategies import features
from tests.strategies.tester import Penalised


def penalised(layer, beta=1.0):
    return Penalised("features", {"beta": beta, "layer": layer})


def test_the_penalty_of_two_channels_by_hand():
    """Weights 1 and 3: half of 1 (1 + 4) + 3 (4 + 0), over 1 (1 + 4) + 3 (9 + 1)."""
    of_tl = tf.constant([[[[1.0, 3.0], [2.0, 1.0]]]])  # one image, one row of two places, two channels
    now = tf.constant([[[[2.0, 1.0], [0.0, 1.0]]]])
    weights = features.worth(of_tl, tf.constant([[[[-0.5, 1.0], [0.5, 2.0]]]]))
    assert weights.numpy() == pytest.approx(np.array([[1, 3]]) / 35)
    assert float(features.moved(now, of_tl, weights)) == pytest.approx(0.5 * 17 / 35)


def test_its_gradient_by_hand():
    """q_k (A - A_tl) over the number of images."""
    of_tl, now = tf.constant([[[[1.0, 3.0]]], [[[0.0, 1.0]]]]), tf.constant([[[[2.0, 1.0]]], [[[1.0, 1.0]]]])
    with tf.GradientTape() as tape:
        tape.watch(now)
        loss = features.moved(now, of_tl, tf.constant([[0.1, 0.3], [0.2, 0.4]]))
    expected = np.array([[0.1, -0.6], [0.2, 0]]) / 2
    np.testing.assert_allclose(tape.gradient(loss, now)[:, 0, 0], expected, rtol=1e-6)


def test_an_image_that_tl_sees_nothing_in_has_no_penalty_and_no_gradient():
    nothing, ones = tf.zeros((2, 1, 1, 2)), tf.ones((2, 1, 1, 2))
    with tf.GradientTape() as tape:
        tape.watch(ones)
        loss = features.moved(ones, nothing, features.worth(nothing, ones))
    assert float(loss) == 0
    assert not tape.gradient(loss, ones).numpy().any()


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_losing_all_features_costs_half_of_beta(layer):
    strategy = penalised(layer, beta=3.0)
    strategy.move([variable.numpy() for variable in strategy.variables], -1)
    assert strategy.value() == pytest.approx(1.5)


def test_before_the_pooling_the_weights_are_the_heads_centred_ones():
    strategy = penalised("last")
    activations, weights = (each.numpy() for each in strategy.teacher)
    kernel = strategy.classifier.get_layer("logits").get_weights()[0]
    of_label = np.abs(kernel - kernel.mean(axis=1, keepdims=True)).T[strategy.labels]
    size = np.einsum("bijk,bk->b", activations**2, of_label)
    np.testing.assert_allclose(weights, of_label / size[:, None])


def test_ten_times_the_logits_are_held_as_tightly():
    gradients = tf.random.stateless_normal((3, 2, 2, 4), seed=(1, 2))
    activations = tf.nn.relu(tf.random.stateless_normal((3, 2, 2, 4), seed=(3, 4)))
    weights = features.worth(activations, gradients)
    np.testing.assert_allclose(features.worth(activations, 10 * gradients), weights, rtol=1e-5)
