import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from evidrift.measures.of_pairs import entropy, gini

ALL = np.ones((1, 2, 2), dtype=bool)


def test_gini_of_one_two_three_four_is_a_quarter():
    # Mean absolute difference of all pairs of 1, 2, 3, 4 is 20 / 16; over twice the mean 2.5 that is 0.25.
    assert gini(np.array([[[3.0, 1], [4, 2]]]), ALL)[0] == pytest.approx(0.25)


def test_gini_is_zero_for_even_and_near_one_for_a_single_cell():
    assert gini(np.full((1, 2, 2), 7.0), ALL)[0] == pytest.approx(0)
    assert gini(np.array([[[0.0, 0], [5, 0]]]), ALL)[0] == pytest.approx(3 / 4)


def test_gini_equals_the_mean_absolute_difference():
    maps = np.random.default_rng(0).random((3, 5, 7))
    for one, found in zip(maps, gini(maps, np.ones(maps.shape, dtype=bool)), strict=True):
        cells = one.ravel()
        assert found == pytest.approx(np.abs(cells[:, None] - cells).mean() / (2 * cells.mean()))


def test_cells_outside_the_image_do_not_count():
    inside = np.zeros((1, 4, 4), dtype=bool)
    inside[:, :, 1:3] = True
    native = np.random.default_rng(1).random((1, 4, 4)) * inside
    alone, everywhere = native[:, :, 1:3], np.ones((1, 4, 2), dtype=bool)
    assert gini(native, inside) == pytest.approx(gini(alone, everywhere))
    assert entropy(native, inside) == pytest.approx(entropy(alone, everywhere))


def test_entropy_is_scipy_s_over_that_of_an_even_map():
    maps = np.maximum(np.random.default_rng(2).normal(size=(4, 7, 7)), 0)
    found = entropy(maps, np.ones(maps.shape, dtype=bool))
    np.testing.assert_allclose(found, [scipy_entropy(one.ravel()) / np.log(49) for one in maps])
    assert entropy(np.full((1, 2, 2), 3.0), ALL)[0] == pytest.approx(1)
    assert entropy(np.array([[[0.0, 2], [0, 0]]]), ALL)[0] == 0


def test_an_empty_map_has_no_concentration():
    assert np.isnan(gini(np.zeros((1, 2, 2)), ALL)[0])
    assert np.isnan(entropy(np.zeros((1, 2, 2)), ALL)[0])
