"""Bounds of paired differences against their distribution, and many bounds at once against single ones."""

import numpy as np
import pytest
from scipy import stats

from evidrift.auditing.performance.shares import difference_bounds, many_mean_bounds, n_for_difference
from evidrift.base.interval import mean_bounds


def test_a_difference_of_shares_by_hand():
    """Three of 40 got worse, one better: Clopper and Pearson's bounds at 4 % and 1 %."""
    found = difference_bounds(3, 1, 40)
    assert found.value == pytest.approx(0.05)
    assert found.high == pytest.approx(stats.beta.ppf(0.96, 4, 37) - stats.beta.ppf(0.01, 1, 40))
    assert found.low == pytest.approx(stats.beta.ppf(0.01, 3, 38) - stats.beta.ppf(0.96, 2, 39))


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize(("worse", "better"), [(0.05, 0.0), (0.1, 0.1), (0.3, 0.1), (0.02, 0.4)])
def test_its_upper_bound_fails_in_at_most_a_twentieth_of_all_samples(n, worse, better):
    """Over every sample there is, with its probability."""
    failing = 0.0
    for more in range(n + 1):
        for less in range(n + 1 - more):
            p = stats.multinomial.pmf([more, less, n - more - less], n, [worse, better, 1 - worse - better])
            if p > 1e-9 and difference_bounds(more, less, n).high < worse - better - 1e-12:
                failing += p
    assert failing <= 0.05


def test_how_many_would_tell():
    n = n_for_difference(0.02, 0.01, 0.05)
    assert (
        difference_bounds(0.02 * n, 0.01 * n, n).high
        <= 0.05
        < difference_bounds(0.02 * 40, 0.01 * 40, 40).high
    )
    assert n_for_difference(0.06, 0.01, 0.05) is None


@pytest.mark.parametrize("lowest", [0.0, -1.0])
def test_many_bounds_at_once_are_the_single_ones(lowest):
    random = np.random.default_rng(0)
    samples = [random.integers(int(2 * lowest), 3, n) / 2 for n in (1, 5, 60)] + [np.zeros(9), np.ones(4)]
    for found, each in zip(many_mean_bounds(samples, lowest, 0.025), samples, strict=True):
        assert found == pytest.approx(mean_bounds(each, lowest, 1.0, 0.025, 0.025), abs=1e-9)
