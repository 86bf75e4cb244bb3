"""L2-SP by hand; its selective form against Adam with SPD written anew in numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.base.section import validate
from evidrift.strategies import l2_sp
from evidrift.strategies.l2_sp import pulled_back
from evidrift.training.adam import BETA_1, BETA_2, EPSILON, learning_rate
from evidrift.training.examples import Examples
from evidrift.training.loop import fit
from evidrift.training.params import Training
from evidrift.training.treatment import PLAIN, Setting
from tests.strategies.tester import Penalised

RECIPE = Training(epochs=12, batch_size=8, learning_rate=0.3, warmup_epochs=0, dropout=0.0, checkpoint="last")


def test_the_term_and_its_gradient_by_hand():
    penalised = Penalised("l2_sp", {"alpha": 0.1, "selective": False})
    way = penalised.random_direction(seed=5)
    penalised.move(way, 1.0)
    assert penalised.value() == pytest.approx(0.05 * sum(np.sum(each**2) for each in way), rel=1e-12)
    for gradient, each in zip(penalised.gradient(), way, strict=True):
        np.testing.assert_allclose(gradient, 0.1 * each, rtol=1e-9, atol=1e-15)


def test_statistics_of_batch_normalisation_are_no_weights():
    penalised = Penalised("l2_sp", {"alpha": 0.1, "selective": False})
    layer = penalised.classifier.get_layer("stem_bn")
    layer.moving_mean.assign_add([1.0] * 4)
    layer.moving_variance.assign_add([1.0] * 4)
    assert penalised.value() == 0


@pytest.mark.parametrize(
    ("before", "after", "gradient", "alpha", "expected"),
    [
        # the loss falls on the way back, yet the step leads from distance 5 to 10: back to the sphere of 5
        ([3, 4], [6, 8], [1, 0], 1.0, [3, 4]),
        # half of that way
        ([3, 4], [6, 8], [1, 0], 0.5, [4.5, 6]),
        # the loss falls further out: the step stands
        ([3, 4], [6, 8], [-1, 0], 1.0, [6, 8]),
        # the step leads nearer: it stands
        ([6, 8], [3, 4], [1, 0], 1.0, [3, 4]),
        # at the start nothing is against it, and 0 is not divided by 0
        ([0, 0], [3, 4], [1, 0], 1.0, [3, 4]),
        ([3, 4], [0, 0], [1, 0], 1.0, [0, 0]),
    ],
)
def test_a_step_is_pulled_back_where_it_leads_away_against_the_gradient(
    before, after, gradient, alpha, expected
):
    start = np.array([1.0, -2.0])
    arguments = [tf.constant(np.add(each, start)) for each in (after, before)]
    result = pulled_back(*arguments, tf.constant(gradient, tf.float64), tf.constant(start), alpha)
    np.testing.assert_allclose(result, np.add(expected, start), rtol=1e-12)


def test_a_share_of_the_way_back_is_at_most_1():
    with pytest.raises(UserError, match=r"alpha is 1\.5; with selective: true it is a share, at most 1"):
        validate({"alpha": 1.5, "selective": True}, l2_sp.Params, "")
    assert validate({"alpha": 1.5, "selective": False}, l2_sp.Params, "").alpha == 1.5


def linear_task():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(8, 5)).astype(np.float32)
    labels = generator.integers(3, size=8)
    return features, labels


def trained_by_the_loop(alpha):
    features, labels = linear_task()
    examples = Examples(labels, 0, lambda rows, views: features[rows])
    inputs = keras.Input((5,))
    kernel = keras.initializers.GlorotUniform(seed=7)
    model = keras.Model(inputs, keras.layers.Dense(3, kernel_initializer=kernel)(inputs))
    setting = Setting(model, model.get_weights())
    treatment = l2_sp.treat(setting, l2_sp.Params(alpha=alpha, selective=True)) if alpha else PLAIN
    fit(model, model.trainable_variables, examples, examples, RECIPE, 1, "test", treatment=treatment)
    return setting.start, model.get_weights()


def trained_by_hand(start, alpha):
    """Softmax regression on one batch an epoch, by Adam; and in how many steps a variable was pulled back."""
    features, labels = (each.astype(np.float64) for each in linear_task())
    truth = np.eye(3)[labels.astype(int)]
    weights = [each.astype(np.float64) for each in start]
    first, second = [np.zeros_like(each) for each in weights], [np.zeros_like(each) for each in weights]
    pulled = 0
    for step in range(RECIPE.epochs):
        error = (softmax(features @ weights[0] + weights[1], -1) - truth) / len(labels)
        gradients = [features.T @ error, error.sum(0)]
        rate = learning_rate(step, 1, RECIPE) * np.sqrt(1 - BETA_2 ** (step + 1)) / (1 - BETA_1 ** (step + 1))
        for k, gradient in enumerate(gradients):
            first[k] = BETA_1 * first[k] + (1 - BETA_1) * gradient
            second[k] = BETA_2 * second[k] + (1 - BETA_2) * gradient**2
            stepped = weights[k] - rate * first[k] / (np.sqrt(second[k]) + EPSILON)
            if -np.sum(gradient * (weights[k] - start[k])) < 0:
                now, then = np.linalg.norm(stepped - start[k]), np.linalg.norm(weights[k] - start[k])
                ratio = min(max((now - then) / now, 0), 1)
                stepped = stepped - alpha * ratio * (stepped - start[k])
                pulled += ratio > 0
            weights[k] = stepped
    return weights, pulled


def test_a_selective_training_is_adam_with_spd():
    start, weights = trained_by_the_loop(0.9)
    expected, pulled = trained_by_hand(start, 0.9)
    assert pulled >= 2
    for found, by_hand in zip(weights, expected, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-5)
    _, plain = trained_by_the_loop(0)
    assert max(np.abs(a - b).max() for a, b in zip(weights, plain, strict=True)) > 0.01
