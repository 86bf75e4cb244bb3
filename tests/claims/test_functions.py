import numpy as np
import pytest

from evidrift.claims.estimate import estimate
from evidrift.claims.functions import mean_over, ratio, weighted_sum
from tests.claims.made import quantity


def test_a_weighted_sum_is_that_of_the_cells():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 30, 4))
    found, expected = (
        weighted_sum([(2.0, quantity(one)), (-0.5, quantity(other))]),
        quantity(2 * one - other / 2),
    )
    assert found.value == pytest.approx(expected.value)
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-12)
    for estimand in ("recipe", "these checkpoints"):
        np.testing.assert_allclose(
            estimate([found], estimand).interval(), estimate([expected], estimand).interval()
        )


def test_patients_of_a_sum_are_those_of_all_its_terms():
    values = np.arange(12.0).reshape(6, 2)
    usable = np.array([True, True, False, True, True, True])
    part = mean_over(values, np.arange(6), usable, known=True)
    whole = mean_over(values, np.arange(6), np.ones(6, bool), known=False)
    found = weighted_sum([(1.0, part), (1.0, whole)])
    assert found.n_patients == 5
    assert found.n_images == 5
    assert not found.seeds_known


def test_a_ratios_error_is_that_of_leaving_patients_out():
    """Against the jackknife over patients."""
    random = np.random.default_rng(1)
    above, below = 1 + random.normal(size=(2, 200, 1)) / 5
    found = estimate([ratio(quantity(above), quantity(below))], "these checkpoints")
    n = len(above)
    without = np.array([np.delete(above, at).mean() / np.delete(below, at).mean() for at in range(n)])
    jackknife = np.sqrt((n - 1) * np.var(without))
    assert found.value == pytest.approx(above.mean() / below.mean())
    assert found.error == pytest.approx(jackknife, rel=0.01)


def test_there_is_no_ratio_to_nothing():
    assert ratio(quantity(np.ones((3, 2))), quantity(np.zeros((3, 2)))) is None


def test_a_patients_images_count_together():
    values, patients = np.array([[0.0], [2.0], [4.0]]), np.array([0, 0, 1])
    found = mean_over(values, patients, np.ones(3, bool), known=True)
    assert found.value == 2
    np.testing.assert_allclose(found.weights, [[-2 / 3], [2 / 3]])  # (-2 + 0) / 3 and 2 / 3
