"""Student's interval, against numbers worked out by hand and against scipy's own."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evidrift.base.interval import t_interval


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
