"""The strategy `maps`: keep the label's map."""

import numpy as np
import pytest
import tensorflow as tf

from evidrift.strategies import maps
from tests.strategies.tiny import LABELS, Treated


def treated(layer="penultimate", gamma=1.0, every=4):
    return Treated(maps, gamma=gamma, layer=layer, every=every)


def test_a_map_by_hand():
    """Sums of gradients 2 and -1: 2 A1 - A2 at each place, and nothing below 0."""
    activations = tf.constant([[[[1.0, 1.0], [1.0, 3.0], [2.0, 0.0]]]])
    gradients = tf.constant([[[[1.0, -3.0], [1.0, 1.0], [0.0, 1.0]]]])
    assert maps.grad_cam(activations, gradients).numpy().tolist() == [[[1, 0, 4]]]


def test_the_penalty_and_its_gradient_by_hand():
    """m = (3, 4), m_tl = (1, 0): cos 0.6; d cos / dm = (m_tl - cos m / 5) / 5 = (0.128, -0.096)."""
    now, of_tl = tf.constant([[[3.0, 4.0]], [[2.0, 0.0]]]), tf.constant([[[1.0, 0.0]], [[7.0, 0.0]]])
    with tf.GradientTape() as tape:
        tape.watch(now)
        loss = maps.unlike(now, of_tl)
    assert float(loss) == pytest.approx((0.4 + 0) / 2)
    expected = np.array([[[-0.128, 0.096]], [[0, 0]]]) / 2
    np.testing.assert_allclose(tape.gradient(loss, now), expected, atol=1e-7)


def loss_and_gradient(now, of_tl):
    """Of one map of two places, from what stands before its ReLU."""
    before = tf.constant([[now]], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(before)
        loss = maps.unlike(tf.nn.relu(before), tf.constant([[of_tl]], tf.float32))
    return float(loss), tape.gradient(loss, before).numpy().ravel()


def test_a_map_that_is_blank_under_tl_has_no_penalty_and_no_gradient():
    for now in ([0.0, 0.0], [2.0, 1.0]):
        loss, gradient = loss_and_gradient(now, [0.0, 0.0])
        assert loss == 0
        assert gradient.tolist() == [0, 0]


def test_a_map_that_has_gone_blank_costs_all_and_gives_no_gradient():
    loss, gradient = loss_and_gradient([-1.0, 0.0], [3.0, 4.0])
    assert loss == 1
    assert gradient.tolist() == [0, 0]


def test_the_gradient_stays_bounded_where_a_map_fades():
    for size in (1e-3, 1e-12, 1e-30):
        _, gradient = loss_and_gradient([4 * size, 3 * size], [3.0, 4.0])
        assert 0 < np.abs(gradient).max() <= 1 / (maps.FADED * 5)


def test_the_size_of_a_map_does_not_matter():
    assert loss_and_gradient([2.0, 1.0], [3.0, 4.0])[0] == pytest.approx(
        loss_and_gradient([200.0, 100.0], [0.03, 0.04])[0]
    )


def test_before_the_pooling_a_map_is_the_heads_centred_weights_times_the_channels():
    strategy = treated("last")
    activations = strategy.whole(strategy.inputs)[0].numpy()
    kernel = strategy.model.get_layer("logits").get_weights()[0]
    of_label = (kernel - kernel.mean(axis=1, keepdims=True)).T[LABELS]
    expected = np.maximum(np.einsum("bijk,bk->bij", activations, of_label), 0)
    assert expected.any(axis=(1, 2)).tolist() == [True, True, False, True]  # one is blank under tl
    np.testing.assert_allclose(strategy.of_tl[0], expected, atol=1e-12)


def test_at_penultimate_a_map_is_the_familys_grad_cam():
    """The family's is the mean of the gradients in place of their sum, before the ReLU."""
    from evidrift.attribution.network import Network
    from evidrift.families.cam import grad_cam
    from evidrift.networks.target.layers import resolve

    strategy = treated()
    model = strategy.model
    model64 = Network(model, resolve(model, ["penultimate"]), lambda pixels: pixels, "centred")
    result = model64.run(strategy.inputs.numpy().astype(np.float32), LABELS)
    family = grad_cam(result.activations["penultimate"], result.gradients["penultimate"])
    np.testing.assert_allclose(
        strategy.of_tl[0], np.maximum(family, 0) * np.prod(family.shape[1:]), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_it_is_zero_at_tl_and_then_agrees_with_finite_differences(layer):
    strategy = treated(layer, gamma=2.0)
    assert float(strategy.loss()) == pytest.approx(0, abs=1e-12)
    strategy.move()
    assert float(strategy.loss()) > 0.01
    for path, said, measured in strategy.slopes():
        assert said == pytest.approx(measured, rel=1e-5, abs=1e-9), path


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_its_gradient_is_in_backbone_and_head_through_the_weights_and_the_activations_both(layer):
    """LwM's reference code makes the map from detached tensors: its loss is a constant to the network.

    Behind the layer there is no way but through the weights, before it none but through the activations (the
    network is piecewise linear, so that the weights' own second derivative along the activations is 0).
    """
    strategy = treated(layer)
    strategy.move()
    gradients = strategy.gradients()
    constant = {
        path for path, gradient in gradients.items() if gradient is None or not gradient.numpy().any()
    }
    # a bias behind the layer moves no gradient, hence no map: only a kink's place, which has none
    behind = {"penultimate": {"second/bias", "logits/bias"}, "last": {"logits/bias"}}[layer]
    assert constant == behind


def test_a_step_against_its_gradient_lessens_it():
    strategy = treated()
    strategy.move()
    before, gradients = float(strategy.loss()), strategy.gradients()
    for variable in strategy.model.trainable_variables:
        if gradients[variable.path] is not None:
            variable.assign_sub(0.1 * gradients[variable.path])
    assert float(strategy.loss()) < 0.99 * before


def test_every_so_many_batches():
    assert treated(every=3).penalty.every == 3
