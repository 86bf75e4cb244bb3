"""Intervals and bounds, against numbers worked out by hand and against independent implementations."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evidrift.base.interval import mean_bounds, n_for_mean, n_for_share, share_bounds, t_interval


def test_four_values_by_hand():
    """Values 1, 2, 3, 6: mean 3, variance 14 / 3, error sqrt(14 / 12); t of 3 df at 0.975 is 3.182446."""
    low, high = t_interval(3.0, (14 / 12) ** 0.5, 3)
    assert (low, high) == pytest.approx((3 - 3.4374, 3 + 3.4374), abs=1e-4)


@pytest.mark.parametrize("n", [2, 5, 40])
def test_it_is_the_interval_of_scipys_t_test(n):
    values = np.random.default_rng(n).normal(1, 2, n)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    found = t_interval(values.mean(), values.std(ddof=1) / np.sqrt(n), n - 1)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_many_at_once_and_what_is_not_known_is_nan():
    index = pd.Index(["known", "one value", "no error"])
    mean, error, df = (
        pd.Series(values, index) for values in ([1.0, 2.0, 3.0], [1.0, 1.0, np.nan], [1, 0, 5])
    )
    low, high = t_interval(mean, error, df)
    assert low["known"] == pytest.approx(1 - 12.7062, abs=1e-4)
    assert high["known"] == pytest.approx(1 + 12.7062, abs=1e-4)
    assert low[["one value", "no error"]].isna().all()
    assert high[["one value", "no error"]].isna().all()


def test_none_of_twenty_may_still_be_a_seventh():
    """A share s gives 0 of 20 with probability (1 - s)^20, which is 5 % at 0.1391."""
    found = share_bounds(0, 20)
    assert found == pytest.approx((0, 0, 1 - 0.05 ** (1 / 20)))
    assert share_bounds(20, 20) == pytest.approx((1, 0.05 ** (1 / 20), 1))


@pytest.mark.parametrize(("count", "n"), [(0, 7), (3, 60), (59, 60), (8, 150)])
def test_bounds_of_a_share_are_scipys_exact_ones(count, n):
    found = share_bounds(count, n, low_error=0.01)
    low = stats.binomtest(count, n, alternative="greater").proportion_ci(0.99).low
    high = stats.binomtest(count, n, alternative="less").proportion_ci(0.95).high
    assert found == pytest.approx((count / n, low, high), abs=1e-9)


def test_the_bounds_of_a_single_value_by_hand():
    """Bets of 1, 1/2, 1/4, 1/8 on y = 1 against the mean m leave 1 - 15/32 + 15/32 / m: 20 at 15/623."""
    assert mean_bounds(np.array([0.0])) == pytest.approx((0, 0, 1 - 15 / 623))
    assert mean_bounds(np.array([1.0])) == pytest.approx((1, 15 / 623, 1))
    assert mean_bounds(np.array([3.0]), -1, 3) == pytest.approx((3, -1 + 4 * 15 / 623, 3))


@pytest.mark.parametrize("n", [5, 40])
def test_the_bounds_of_a_mean_are_where_the_bets_reach_one_in_twenty(n):
    """Against every mean on a grid, one after the other."""
    values = np.random.default_rng(n).beta(2, 5, n)
    grid = np.linspace(0.0005, 0.9995, 1000)
    rejected = {}
    for name, y in (("low", values), ("high", 1 - values)):
        wealth = [np.mean([np.prod(1 - b + b * y / m) for b in (1, 0.5, 0.25, 0.125)]) for m in grid]
        rejected[name] = grid[np.array(wealth) >= 20].max()
    found = mean_bounds(values)
    assert found.low == pytest.approx(rejected["low"], abs=0.001)
    assert found.high == pytest.approx(1 - rejected["high"], abs=0.001)


@pytest.mark.parametrize("n", [20, 60])
def test_rare_harm_is_missed_in_at_most_one_of_twenty_samples(n):
    """5 % of the patients have the value 1, all others 0.2. Student's interval misses in a third at 20."""
    random = np.random.default_rng(n)
    samples = np.where(random.random((400, n)) < 0.05, 1.0, 0.2)
    missed = np.mean([mean_bounds(each).high < 0.24 for each in samples])
    assert missed <= 0.05
    student = np.mean([each.mean() + 1.65 * each.std(ddof=1) / n**0.5 < 0.24 for each in samples])
    assert student > missed + 0.1


def test_the_order_of_the_values_does_not_matter():
    values = np.random.default_rng(1).random(30)
    assert mean_bounds(values) == pytest.approx(mean_bounds(np.sort(values)))


def test_of_nothing_nothing_is_known():
    assert np.isnan(share_bounds(0, 0)).all()
    assert np.isnan(mean_bounds(np.empty(0))).all()


def test_how_many_it_takes():
    assert n_for_share(0, 0.05) == 59  # 0.95^59 is the first power below 0.05
    assert n_for_share(0.1, 0.1) is None
    values = np.random.default_rng(3).beta(2, 8, 50)
    n = n_for_mean(values, 0.25)
    again = np.tile(values, -(-n // 50))[:n]
    assert 50 < n < 500
    assert mean_bounds(again).high <= 0.25 + 0.01
    assert n_for_mean(values, values.mean()) is None
