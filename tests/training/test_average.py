"""The running average of weights: its values by hand, and that a training is judged and kept by it."""

import numpy as np
import pytest
import tensorflow as tf

from evidrift.training.average import Average


def test_the_average_is_exponential_over_the_stated_steps_and_starts_at_the_first_values():
    variable = tf.Variable([3.0, -1.0])
    average = Average([variable], steps=2.0)
    expected = variable.numpy().astype(float)
    for value in ([5.0, 0.0], [4.0, 2.0]):
        variable.assign(value)
        average.update()
        expected = expected * np.exp(-0.5) + np.array(value) * (1 - np.exp(-0.5))
    with average.shown():
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-6)
    np.testing.assert_array_equal(variable.numpy(), [4.0, 2.0])


def test_none_leaves_the_last_values():
    variable = tf.Variable([3.0])
    average = Average([variable], steps=0)
    variable.assign([5.0])
    average.update()
    with average.shown():
        assert variable.numpy() == pytest.approx(5.0)
    assert variable.numpy() == pytest.approx(5.0)
