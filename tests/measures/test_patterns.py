import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr
from skimage.metrics import structural_similarity

from evidrift.measures.areas import in_order
from evidrift.measures.patterns import average_ranks, correlation, local_statistics, ssim, standardised
from tests.drift.maps import canvases_of, random_maps

BEFORE, AFTER = np.array([0, 1, 2, 3, 0]), np.array([4, 5, 6, 7, 0])


def values_of(seed: int = 0) -> np.ndarray:
    return canvases_of(*random_maps(8, seed=seed)).values


def test_correlation_is_scipy_s_pearson():
    values = values_of()
    flat = values.reshape(8, -1)
    found = correlation(standardised(flat), BEFORE, AFTER)
    expected = [
        pearsonr(flat[i].astype(float), flat[j].astype(float))[0] for i, j in zip(BEFORE, AFTER, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_spearman_is_scipy_s_with_ties():
    flat = values_of().reshape(8, -1)
    assert (flat == 0).sum() > 100
    found = correlation(standardised(average_ranks(*in_order(flat))), BEFORE, AFTER)
    expected = [spearmanr(flat[i], flat[j])[0] for i, j in zip(BEFORE, AFTER, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_average_ranks_are_scipy_s():
    flat = np.round(values_of().reshape(8, -1) * 5e3).astype(np.float32)
    np.testing.assert_array_equal(average_ranks(*in_order(flat)), rankdata(flat, axis=1))


def test_ssim_is_scikit_image_s_of_maps_over_their_maxima():
    values = values_of()
    scaled = values / values.max(axis=(1, 2), keepdims=True)
    found = ssim(local_statistics(values), BEFORE, AFTER)
    expected = [
        structural_similarity(scaled[i].astype(float), scaled[j].astype(float), data_range=1.0)
        for i, j in zip(BEFORE, AFTER, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found[-1] == pytest.approx(1, abs=1e-6)


def test_more_pairs_than_a_batch_give_what_each_gives_alone():
    values = values_of()
    before, after = (index.ravel() for index in np.indices((8, 8)))
    before, after = np.tile(before, 3), np.tile(after, 3)
    patterns, local = standardised(values.reshape(8, -1)), local_statistics(values)
    together = correlation(patterns, before, after), ssim(local, before, after)
    for k in (0, 63, 64, 130, 191):
        one = before[k : k + 1], after[k : k + 1]
        assert together[0][k] == pytest.approx(correlation(patterns, *one)[0], abs=1e-6)
        assert together[1][k] == pytest.approx(ssim(local, *one)[0], abs=1e-6)


def test_a_row_without_spread_correlates_with_nothing():
    assert not standardised(np.full((1, 64), 0.25, dtype=np.float32)).any()
