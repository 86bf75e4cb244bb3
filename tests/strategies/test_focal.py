"""Focal distillation against its formula in numpy, and what its parameters refuse."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.base.section import validate
from evidrift.strategies.focal import Params, focal_distillation

OLD = np.array([[2.0, 0.0, 1.0], [0.5, 1.5, -1.0]])
NEW = np.array([[1.0, 1.0, 0.0], [-0.5, 3.0, 0.0]])
LABELS = np.array([1, 1], np.int32)  # tl is wrong on the first, right on the second


def term(new=NEW, old=OLD, **params):
    values = {"base": 1.0, "focus": 5.0, "temperature": 2.0} | params
    return focal_distillation(tf.constant(LABELS), tf.constant(new), tf.constant(old), Params(**values))


def distances(temperature, new=NEW, old=OLD):
    log_old, log_new = log_softmax(old / temperature, -1), log_softmax(new / temperature, -1)
    return temperature**2 * np.sum(np.exp(log_old) * (log_old - log_new), -1)


def test_each_image_has_its_own_weight():
    wrong, right = distances(2)
    assert float(term()) == pytest.approx((1 * wrong + 6 * right) / 2, rel=1e-12)
    assert float(term(base=0.0)) == pytest.approx(5 * right / 2, rel=1e-12)
    # every image with the batch's mean weight, as in the authors' code, is another number
    assert float(term()) != pytest.approx(3.5 * (wrong + right) / 2, rel=0.01)


def test_its_gradient_by_the_logits_is_the_difference_of_the_softened_probabilities():
    new = tf.constant(NEW)
    with tf.GradientTape() as tape:
        tape.watch(new)
        value = term(new)
    weights = np.array([[1], [6]])
    expected = (
        weights * 2 * (softmax(NEW / 2, -1) - softmax(OLD / 2, -1)) / 2
    )  # t times the difference, mean of two
    np.testing.assert_allclose(tape.gradient(value, new), expected, rtol=1e-12)


def test_at_a_high_temperature_it_is_half_the_variance_of_the_logits_difference():
    half = np.var(NEW - OLD, axis=-1) / 2
    assert float(term(temperature=1000.0)) == pytest.approx((half[0] + 6 * half[1]) / 2, rel=2e-3)


def test_single_precision_loses_nothing_at_the_papers_temperature():
    single = term(NEW.astype(np.float32), OLD.astype(np.float32), temperature=100.0)
    assert single.dtype == tf.float32
    assert float(single) == pytest.approx(float(term(temperature=100.0)), rel=1e-6)


def test_what_is_added_to_all_logits_does_not_count():
    assert float(term(NEW + np.array([[3.0], [-2.0]]))) == pytest.approx(float(term()), rel=1e-12)


def test_a_penalty_of_nothing_is_refused():
    with pytest.raises(UserError, match="base and focus are both 0, which is plain fine-tuning"):
        validate({"base": 0.0, "focus": 0.0, "temperature": 1.0}, Params, "")
