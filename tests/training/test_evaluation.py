"""Accuracy, AUC, calibration and intervals of one checkpoint, worked out by hand."""

import math

import numpy as np
import pytest

from evidrift.training.evaluation import calibration_error, evaluate_logits

CLASSES = ("a", "b")


def test_rates_of_a_small_case_by_hand():
    # predictions a a b b for labels a b b b: one b is missed
    logits = np.log([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    metrics = evaluate_logits(logits, np.array([0, 1, 1, 1]), CLASSES)
    assert metrics["accuracy"] == 3 / 4
    assert metrics["per_class"]["a"]["sensitivity"] == 1
    assert metrics["per_class"]["a"]["specificity"] == pytest.approx(2 / 3)
    assert metrics["per_class"]["b"]["sensitivity"] == pytest.approx(2 / 3)
    assert metrics["per_class"]["b"]["specificity"] == 1
    assert metrics["auc"] == 1  # every b is more probable as b than the one a


def test_auc_is_the_share_of_pairs_in_the_right_order():
    probability_of_b = np.array([0.1, 0.4, 0.35, 0.8])  # labels a a b b: 3 of 4 pairs in order
    logits = np.log(np.stack([1 - probability_of_b, probability_of_b], -1))
    assert evaluate_logits(logits, np.array([0, 0, 1, 1]), CLASSES)["auc"] == pytest.approx(3 / 4)


def test_the_interval_is_wilsons():
    logits = np.zeros((10, 2))
    logits[:, 0] = 1
    labels = np.array([0] * 8 + [1] * 2)  # 8 of 10 right
    z, n, p = 1.959964, 10, 0.8
    centre, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    metrics = evaluate_logits(logits, labels, CLASSES)
    assert metrics["accuracy_low"] == pytest.approx((centre - half) / (1 + z**2 / n), abs=1e-6)
    assert metrics["accuracy_high"] == pytest.approx((centre + half) / (1 + z**2 / n), abs=1e-6)


def test_calibration_error_by_hand():
    # bin (0.867, 0.933]: two at 0.9, one right: gap |0.5 - 0.9|
    # bin (0.6, 0.667]: one at 0.65, right: gap 0.35
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.35, 0.65]])
    labels = np.array([0, 1, 1])
    assert calibration_error(probabilities, labels) == pytest.approx((2 * 0.4 + 0.35) / 3)


def test_a_class_absent_from_the_split_has_no_auc_and_no_sensitivity():
    metrics = evaluate_logits(np.array([[1.0, 0.0]]), np.array([0]), CLASSES)
    assert metrics["auc"] is None
    assert metrics["per_class"]["b"]["sensitivity"] is None
