import numpy as np
import pytest
from scipy import stats

from evidrift.claims.estimate import estimate, moderated
from evidrift.claims.orders import DRAWS, covariance, draws, order_table, tau_table
from tests.claims.made import quantity

METHODS = ("grad_cam", "layer_cam")


def table(mean: float, stream: int, between_seeds: float = 0.05) -> np.ndarray:
    """Ten patients and three seeds around a mean, with noise of patients, seeds and both."""
    random = np.random.default_rng(stream)
    parts = [random.normal(scale=between_seeds, size=(1, 3)), random.normal(scale=0.03, size=(10, 1))]
    values = sum(parts) + random.normal(scale=0.02, size=(10, 3))
    return mean + values - values.mean()


def three(means=(0.1, 0.4, 0.9), other=(0.9, 0.4, 0.1)):
    """Three architectures in one order under Grad-CAM and in the opposite one under LayerCAM."""
    return {
        (arch, method): quantity(table(mean, 10 * number + at))
        for number, (method, values) in enumerate(zip(METHODS, (means, other), strict=True))
        for at, (arch, mean) in enumerate(zip("abc", values, strict=True))
    }


def test_the_diagonal_is_the_recipes_variance_with_the_seeds_noise_moderated():
    quantities = three()
    found = np.diag(covariance(quantities))
    for value, each in zip(found, moderated(quantities).values(), strict=True):
        assert value == pytest.approx(estimate([each], "recipe").error ** 2)


def test_differences_have_the_variance_of_their_estimate_between_and_within_architectures():
    one, two = table(0.1, 1), table(0.4, 2)
    both = np.array([1, -1])
    quantities = {("a", "m"): quantity(one), ("b", "m"): quantity(two)}
    between = covariance(quantities)
    first, second = moderated(quantities).values()
    assert both @ between @ both == pytest.approx(estimate([first, -second], "recipe").error ** 2)
    # one architecture's methods share their trainings, so these cancel in a difference
    here, there = quantity(one), quantity(one + table(0, 8, between_seeds=0.2))
    within = covariance({("a", "m"): here, ("a", "n"): there})
    assert both @ within @ both == pytest.approx(estimate([here - there], "recipe").error ** 2)


def test_less_noise_between_seeds_than_none_leaves_the_patients_covariance():
    alike = table(0.3, 4)
    alike = alike - alike.mean(axis=0)
    found = covariance({("a", "m"): quantity(alike)})
    assert found[0, 0] == pytest.approx(estimate([quantity(alike)], "these checkpoints").error ** 2)


def test_the_draws_have_the_estimates_mean_and_the_spread_of_the_least_sure_t():
    quantities = {("a", "m"): quantity(table(0.3, 5))}
    drawn = draws(quantities)
    found = estimate([quantities["a", "m"]], "recipe")
    assert drawn.shape == (DRAWS, 1)
    assert np.median(drawn) == pytest.approx(0.3, abs=0.1 * found.error)
    low, high = np.quantile(drawn, [0.025, 0.975])
    half = stats.t.ppf(0.975, 2) * found.error  # three seeds
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.2 * found.error)


def test_the_probabilities_of_a_methods_orders_sum_to_one():
    orders = order_table(three((0.1, 0.12, 0.14), (0.1, 0.1, 0.1)), METHODS, draws(three()))
    for _, own in orders.groupby("method"):
        assert own["probability"].sum() == pytest.approx(1)
        assert own["probability"].is_monotonic_decreasing


def test_an_order_that_lies_far_apart_is_sure():
    quantities = three((0.0, 10.0, 20.0), (20.0, 10.0, 0.0))
    orders = order_table(quantities, METHODS, draws(quantities))
    assert orders.groupby("method")["order"].first().to_dict() == {
        "grad_cam": "a < b < c",
        "layer_cam": "c < b < a",
    }
    assert orders.groupby("method")["probability"].first().min() > 0.99


def test_a_tie_is_as_likely_one_way_as_the_other():
    quantities = {("a", "m"): quantity(table(0.3, 6)), ("b", "m"): quantity(table(0.3, 7))}
    orders = order_table(quantities, ["m"], draws(quantities)).set_index("order")["probability"]
    assert set(orders.index) == {"a < b", "b < a"}
    assert orders["a < b"] == pytest.approx(0.5, abs=0.02)


def test_methods_in_the_opposite_order_have_a_tau_of_minus_one():
    quantities = three((0.0, 10.0, 20.0), (20.0, 10.0, 0.0))
    row = tau_table(quantities, METHODS, draws(quantities)).iloc[0]
    assert (row["method"], row["other_method"]) == METHODS
    assert (row["tau_low"], row["tau_high"]) == (-1, -1)
    assert row["same_order"] < 0.01


def test_identical_methods_agree_in_every_draw():
    same = {arch: table(0.3, 20 + at) for at, arch in enumerate("abc")}
    quantities = {(arch, method): quantity(same[arch]) for method in METHODS for arch in "abc"}
    row = tau_table(quantities, METHODS, draws(quantities)).iloc[0]
    assert (row["tau_low"], row["tau_high"], row["same_order"]) == (1, 1, 1)


def test_kendalls_tau_of_each_draw_by_hand():
    quantities = three()  # columns: a, b, c under grad_cam, then under layer_cam
    # the same order; one pair of three turned; all turned
    drawn = np.array([[1, 2, 3, 1, 2, 3], [1, 2, 3, 2, 1, 3], [1, 2, 3, 3, 2, 1]], dtype=float)
    row = tau_table(quantities, METHODS, drawn).iloc[0]
    assert (row["tau_low"], row["tau_high"]) == (-1, 1)
    assert row["same_order"] == pytest.approx(1 / 3)
    turned = tau_table(quantities, METHODS, drawn[[1]]).iloc[0]
    assert turned["tau_low"] == turned["tau_high"] == pytest.approx(1 / 3)


def test_two_architectures_have_a_tau_with_its_interval():
    quantities = three()
    for method in METHODS:
        del quantities["c", method]
    # columns: a, b under grad_cam, then under layer_cam; the same order three times, the opposite one once
    drawn = np.array([[1, 2, 1, 2], [2, 1, 2, 1], [1, 2, 3, 4], [1, 2, 2, 1]], dtype=float)
    row = tau_table(quantities, METHODS, drawn).iloc[0]
    assert (row["tau_low"], row["tau_high"], row["same_order"]) == (-1, 1, 0.75)
    agreeing = tau_table(quantities, METHODS, drawn[:3]).iloc[0]
    assert (agreeing["tau_low"], agreeing["tau_high"], agreeing["same_order"]) == (1, 1, 1)


def test_methods_without_two_common_architectures_have_no_tau():
    quantities = three()
    for arch in "bc":
        del quantities[arch, "layer_cam"]
    assert tau_table(quantities, METHODS, draws(quantities)).empty


def test_the_same_study_gives_the_same_draws():
    assert draws(three()).tobytes() == draws(three()).tobytes()
