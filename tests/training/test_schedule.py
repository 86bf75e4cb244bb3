"""The learning rate over the steps of a training."""

import pytest

from evidrift.training.adam import learning_rate
from evidrift.training.params import Training


def params(**changes):
    values = {
        "epochs": 5,
        "batch_size": 4,
        "learning_rate": 0.1,
        "warmup_epochs": 1,
        "dropout": 0.0,
        "checkpoint": "last",
    }
    return Training(**{**values, **changes})


def test_it_rises_linearly_in_the_warm_up():
    rates = [learning_rate(step, 3, params()) for step in range(3)]
    assert rates == pytest.approx([0.025, 0.05, 0.075])


def test_it_peaks_after_the_warm_up_is_half_way_down_in_the_middle_and_ends_near_zero():
    assert learning_rate(3, 3, params()) == pytest.approx(0.1)
    assert learning_rate(9, 3, params()) == pytest.approx(0.05)
    assert 0 < learning_rate(14, 3, params()) < 0.005


def test_without_warm_up_it_starts_at_the_peak():
    assert learning_rate(0, 3, params(warmup_epochs=0)) == pytest.approx(0.1)
