"""Areas under ROC curves against scikit-learn, DeLong's variance by its definition, and bounds that hold."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from evidrift.auditing.performance.areas import area_bounds, n_for_area, places, reach

ONE = 1.6448536269514722  # 95th percentile of the normal distribution


def sample(seed=0, n=40, levels=8):
    """Scores with ties, of a third positive films."""
    random = np.random.default_rng(seed)
    positive = np.arange(n) % 3 == 0
    return np.round(levels * (random.normal(size=n) + positive)) / levels, positive, np.arange(n)


def test_an_area_is_scikit_learns_whatever_the_ties():
    score, positive, patient = sample()
    assert places(score, positive, patient).value == pytest.approx(roc_auc_score(positive, score), abs=1e-12)


def test_its_variance_is_delongs():
    score, positive, patient = sample(1)
    up, down = score[positive], score[~positive]
    wins = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    variance = wins.mean(axis=1).var(ddof=1) / len(up) + wins.mean(axis=0).var(ddof=1) / len(down)
    found = area_bounds([places(score, positive, patient)], 0.0)
    area, further = wins.mean(), ONE**2 / 2
    # as if 1.35 positive patients more lay above all others; the positive ones are fewer, so that tells
    error = np.sqrt(variance + further * len(up) * (1 - area) ** 2 / (len(up) + further) ** 3)
    assert found.high == pytest.approx(area + further * (1 - area) / (len(up) + further) + ONE * error)


def test_patients_count_once():
    """Two films of one patient, of which one lies above all others and one below."""
    score = np.array([0.9, 0.1, 0.8, 0.5, 0.4])
    positive, patient = np.array([True, True, True, False, False]), np.array([0, 0, 1, 2, 3])
    found = places(score, positive, patient)
    assert found.above.tolist() == [0.5, 1.0]
    assert found.value == found.below.mean() == 0.75


def test_a_difference_of_areas_has_delongs_paired_variance():
    (one, positive, patient), (other, *_) = sample(2), sample(3)
    found = places(one, positive, patient).less(places(other, positive, patient))
    assert found.value == pytest.approx(roc_auc_score(positive, one) - roc_auc_score(positive, other))
    bounds = area_bounds([found], -1.0)
    wins = [
        (s[positive][:, None] > s[~positive]) + 0.5 * (s[positive][:, None] == s[~positive])
        for s in (one, other)
    ]
    away = wins[0] - wins[1]
    variance = (
        away.mean(axis=1).var(ddof=1) / positive.sum() + away.mean(axis=0).var(ddof=1) / (~positive).sum()
    )
    assert bounds.low < found.value - norm.ppf(0.95) * np.sqrt(variance)  # wider, by the further patients
    assert bounds.low == pytest.approx(reach(found.value, variance, positive.sum(), -1 - found.value, ONE))


def test_of_several_labels_it_is_their_mean_and_a_patient_of_two_counts_in_both():
    scores, positive, patient = sample(4)
    same = places(scores, positive, patient)
    assert area_bounds([same, same], 0.0).value == same.value
    # the same label twice is no further information: only the further patients are shared out
    one, two = area_bounds([same], 0.0), area_bounds([same, same], 0.0)
    assert one.high - 0.04 < two.high < one.high


def test_seven_of_seven_show_no_perfect_model():
    """DeLong's variance is 0 where all are told apart; of 7 patients a share of up to 0.35 can go unseen."""
    found = area_bounds([places(np.arange(20.0), np.arange(20) >= 13, np.arange(20))], 0.0)
    assert (found.value, found.high) == pytest.approx((1, 1))
    assert found.low < 1 - 0.348


def test_how_many_patients_would_tell():
    score, positive, patient = sample(5, n=60)
    better = places(score + positive, positive, patient)
    less = places(score, positive, patient).less(better)  # the area grew: its drop lies below 0
    n = n_for_area(less, 0.0)
    assert n is not None
    assert n_for_area(less, less.value) is None
    times = -(-n // positive.sum())
    several = type(less)(
        np.arange(times * positive.sum()),
        np.tile(less.above, times),
        np.arange(times * (~positive).sum()) + 10_000,
        np.tile(less.below, times),
    )
    assert area_bounds([several], -1.0).high <= 0.0


def test_without_a_positive_film_there_is_no_area():
    assert places(np.arange(3.0), np.zeros(3, dtype=bool), np.arange(3)) is None
