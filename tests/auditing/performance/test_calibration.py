"""Calibration errors against the training stage's, and bounds that are wider than what chance makes."""

import numpy as np
import pytest

from evidrift.auditing.performance.calibration import (
    calibration_bounds,
    calibration_difference,
    gaps,
    n_for_calibration,
)
from evidrift.training.evaluation import calibration_error


def sample(n=80, seed=0, sharper=1.0):
    """Probabilities of three classes, calibrated, then sharpened."""
    random = np.random.default_rng(seed)
    logits = random.normal(scale=2, size=(n, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(3, p=row) for row in p])
    sharp = p**sharper / (p**sharper).sum(axis=1, keepdims=True)
    return sharp, labels


def found(sharp, labels, patients=None):
    top = sharp.max(axis=1)
    return gaps(top, sharp.argmax(axis=1) == labels, np.arange(len(top)) if patients is None else patients)


@pytest.mark.parametrize("sharper", [1.0, 4.0])
def test_it_is_the_calibration_error_of_training(sharper):
    sharp, labels = sample(sharper=sharper)
    assert found(sharp, labels).value == pytest.approx(calibration_error(sharp, labels))


def test_patients_count_once():
    """Three films of one patient, called with 0.9, wrong; one of another, right with 0.9: one bin."""
    each = gaps(np.full(4, 0.9), np.array([False, False, False, True]), np.array([0, 0, 0, 1]))
    assert each.value == pytest.approx((0.9 - 0.1) / 2)


def test_a_calibrated_model_is_not_shown_to_be_wrong_and_an_overconfident_one_is():
    assert calibration_bounds(found(*sample(400))).low < 0.01
    sharp = calibration_bounds(found(*sample(400, sharper=4.0)))
    assert 0.05 < sharp.low < sharp.value < sharp.high


def test_twenty_sure_and_right_calls_show_no_calibration():
    """Were the model wrong in 13 % of all films, all 20 would be right in one sample of twenty."""
    assert calibration_bounds(gaps(np.full(20, 0.999), np.ones(20, dtype=bool), np.arange(20))).high > 0.13


def test_a_difference_makes_room_for_what_chance_makes_of_either():
    (one, labels), (other, _) = sample(60), sample(60, sharper=4.0)
    before, after = found(one, labels), found(other, labels)
    bounds = calibration_difference(after, before)
    assert bounds.value == pytest.approx(after.value - before.value)
    assert bounds.high - bounds.value > before.chance > 0.05


def test_how_many_would_tell():
    each = found(*sample(80))
    n = n_for_calibration(each, 0.15)
    assert n > 80
    times = -(-n // 80)
    more = each._replace(signed=np.tile(each.signed, times), plain=np.tile(each.plain, times))
    assert calibration_bounds(more).high <= 0.15 < calibration_bounds(each).high
    assert n_for_calibration(each, each.value) is None
