"""The strategy `maps`: keep the label's map. Its gradient as a whole: `test_penalties`."""

import numpy as np
import pytest
import tensorflow as tf

from evidrift.attribution.network import Network
from evidrift.families.cam import grad_cam
from evidrift.networks.target.layers import resolve
from evidrift.networks.target.tap import label_gradients, tap
from evidrift.strategies import maps
from tests.strategies.tester import Penalised


def penalised(layer, every=4):
    return Penalised("maps", {"gamma": 1.0, "layer": layer, "every": every})


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


@pytest.mark.parametrize("size", [1e-12, 1e-2, 1e12])
def test_the_size_of_a_map_does_not_matter(size):
    """cos((2, 1), (3, 4)) = 10 / (5 sqrt(5))."""
    loss, _ = loss_and_gradient([2 * size, size], [3 * size, 4 * size])
    assert loss == pytest.approx(1 - 2 / np.sqrt(5))


def test_before_the_pooling_a_map_is_the_heads_centred_weights_times_the_channels():
    strategy = penalised("last")
    activations = strategy.whole(strategy.inputs)[0].numpy()
    kernel = strategy.classifier.get_layer("logits").get_weights()[0]
    of_label = (kernel - kernel.mean(axis=1, keepdims=True)).T[strategy.labels]
    expected = np.maximum(np.einsum("bijk,bk->bij", activations, of_label), 0)
    assert expected.any(axis=(1, 2)).sum() > 3
    np.testing.assert_allclose(strategy.teacher[0], expected, atol=1e-12)


def test_at_penultimate_a_map_is_the_familys_grad_cam_with_the_sum_for_the_mean():
    strategy = penalised("penultimate")
    network = Network(
        strategy.classifier, resolve(strategy.classifier, ["penultimate"]), lambda pixels: pixels, "centred"
    )
    result = network.run(strategy.inputs.numpy().astype(np.float32), strategy.labels)
    family = grad_cam(result.activations["penultimate"], result.gradients["penultimate"])
    expected = np.maximum(family, 0) * np.prod(family.shape[1:])
    np.testing.assert_allclose(strategy.teacher[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["penultimate", "last"])
def test_its_gradient_goes_through_the_weights_and_through_the_activations(layer):
    """LwM's reference code makes the map of detached tensors: its loss is a constant to the network.

    By the product rule the gradient is that with the activations held plus that with the weights held.
    """
    strategy = penalised(layer)
    strategy.move(strategy.random_direction(seed=2), 0.05)
    trained = [variable.value for variable in strategy.variables]
    rest = tap(strategy.classifier, layer).rest
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(trained)
        activations = tf.nest.flatten(strategy.whole(strategy.inputs))[0]
        gradients = label_gradients(rest, activations, strategy.labels)
        held = tf.stop_gradient
        through_weights = maps.unlike(maps.grad_cam(held(activations), gradients), *strategy.teacher)
        through_activations = maps.unlike(maps.grad_cam(activations, held(gradients)), *strategy.teacher)
    parts = [
        [each.numpy() for each in tape.gradient(part, trained, unconnected_gradients="zero")]
        for part in (through_weights, through_activations)
    ]
    kernel = next(at for at, variable in enumerate(strategy.variables) if variable.path == "logits/kernel")
    assert np.abs(parts[0][kernel]).max() > 1e-6
    assert not parts[1][kernel].any()
    assert np.abs(parts[1][0]).max() > 1e-6  # the first convolution's kernel
    for whole, first, second in zip(strategy.gradient(), *parts, strict=True):
        np.testing.assert_allclose(first + second, whole, rtol=1e-6, atol=1e-12)


def test_it_asks_for_a_map_every_so_many_batches():
    assert penalised("last", every=3).penalty.every == 3
