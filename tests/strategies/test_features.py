"""The strategy `features`: keep what the label's map is made of."""

import numpy as np
import pytest
import tensorflow as tf

from evidrift.strategies import features
from tests.strategies.tiny import LABELS, Treated


def treated(layer="penultimate", beta=1.0):
    return Treated(features, beta=beta, layer=layer)


def test_the_penalty_of_two_channels_by_hand():
    """Weights 1 and 3: 0.5 (1 x (1 + 4) + 3 x 4) over 1 x (1 + 4) + 3 x (9 + 1)."""
    of_tl = tf.constant([[[[1.0, 3.0], [2.0, 1.0]]]])  # one image, one row of two places, two channels
    now = tf.constant([[[[2.0, 1.0], [0.0, 1.0]]]])
    gradients = tf.constant([[[[-0.5, 1.0], [0.5, 2.0]]]])
    weights = features.worth(of_tl, gradients)
    assert weights.numpy() == pytest.approx(np.array([[1, 3]]) / 35)
    assert float(features.moved(now, of_tl, weights)) == pytest.approx(0.5 * 17 / 35)


def test_an_image_that_tl_sees_nothing_in_has_no_penalty_and_no_gradient():
    nothing, ones = tf.zeros((2, 1, 1, 2)), tf.ones((2, 1, 1, 2))
    with tf.GradientTape() as tape:
        tape.watch(ones)
        loss = features.moved(ones, nothing, features.worth(nothing, ones))
    assert float(loss) == 0
    assert not tape.gradient(loss, ones).numpy().any()


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_losing_all_features_costs_half_of_beta(layer):
    strategy = treated(layer, beta=3.0)
    strategy.model.set_weights([np.zeros_like(w) for w in strategy.model.get_weights()])
    assert float(strategy.loss()) == pytest.approx(1.5)


def test_before_the_pooling_the_weights_are_the_heads_centred_ones():
    strategy = treated("last")
    activations, weights = (each.numpy() for each in strategy.of_tl)
    kernel = strategy.model.get_layer("logits").get_weights()[0]
    of_label = np.abs(kernel - kernel.mean(axis=1, keepdims=True)).T[LABELS]
    size = np.einsum("bijk,bk->b", activations**2, of_label)
    np.testing.assert_allclose(weights, of_label / size[:, None])


def test_before_the_pooling_the_gradient_is_the_formulas():
    """d/dA of the mean over images of 1/2 sum_k q_k sum_ij (A - A_tl)^2, with q from above."""
    strategy = treated("last", beta=2.0)
    strategy.move()
    of_tl, weights = strategy.of_tl
    now = strategy.whole(strategy.inputs)[0]
    with tf.GradientTape() as tape:
        tape.watch(now)
        loss = 2.0 * features.moved(now, of_tl, weights)
    expected = 2 * weights.numpy()[:, None, None] * (now - of_tl).numpy() / len(LABELS)
    np.testing.assert_allclose(tape.gradient(loss, now), expected)


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_it_is_zero_at_tl_and_then_agrees_with_finite_differences(layer):
    strategy = treated(layer)
    assert float(strategy.loss()) == 0
    strategy.move()
    assert float(strategy.loss()) > 0.01
    for path, said, measured in strategy.slopes():
        assert said == pytest.approx(measured, rel=1e-5, abs=1e-9), path


@pytest.mark.parametrize(("layer", "behind"), [("penultimate", ("second", "logits")), ("last", ("logits",))])
def test_its_gradient_is_in_every_layer_up_to_the_target_layer_and_in_none_behind_it(layer, behind):
    strategy = treated(layer)
    strategy.move()
    for path, gradient in strategy.gradients().items():
        is_behind = path.split("/")[0] in behind
        assert (gradient is None) if is_behind else np.abs(gradient).max() > 1e-4, path


def test_a_step_against_its_gradient_lessens_it():
    strategy = treated()
    strategy.move()
    before, gradients = float(strategy.loss()), strategy.gradients()
    for variable in strategy.model.trainable_variables:
        if gradients[variable.path] is not None:
            variable.assign_sub(0.1 * gradients[variable.path])
    assert float(strategy.loss()) < 0.99 * before


def test_ten_times_the_logits_are_held_as_tightly():
    gradients = tf.random.stateless_normal((3, 2, 2, 4), seed=(1, 2))
    activations = tf.nn.relu(tf.random.stateless_normal((3, 2, 2, 4), seed=(3, 4)))
    weights = features.worth(activations, gradients)
    np.testing.assert_allclose(features.worth(activations, 10 * gradients), weights, rtol=1e-5)
