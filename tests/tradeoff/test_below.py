from dataclasses import replace

import numpy as np
import pytest

from evidrift.claims.estimate import Quantity, estimate
from evidrift.claims.functions import weighted_sum
from evidrift.tradeoff.below import distance_below, vertices
from evidrift.tradeoff.points import PLAIN, TL, Point

RATE, WISE = Point("rate", "mid"), Point("wise", "mid")
RIVALS = (TL, PLAIN, RATE)


def test_the_curve_runs_along_the_lower_hull_to_the_highest_accuracy():
    points = [(0.0, 0.0), (0.1, 0.4), (0.05, 0.1), (0.06, 0.3), (-0.1, 0.2), (0.08, 0.5)]
    assert vertices(points) == [0, 2, 1]


def test_of_points_on_one_line_the_ends_are_the_curve():
    assert vertices([(0.0, 0.0), (0.05, 0.2), (0.1, 0.4)]) == [0, 2]


def test_what_drifts_and_gains_nothing_is_no_curve():
    assert vertices([(0.0, 0.0), (0.0, 0.3), (-0.1, 0.1)]) == [0]


def quantity(value: float, random: np.random.Generator, n: int = 50, seeds: int = 4) -> Quantity:
    cells = random.normal(size=(n, seeds)) / n / 20
    return Quantity(value, cells - cells.mean(), np.ones(n, bool), n, True)


def placed(wise: tuple[float, float], stream: int = 0) -> tuple[dict, dict]:
    """tl, plain and rate as (0, 0), (0.1, 0.4), (0.05, 0.1), and wise where it is put."""
    random = np.random.default_rng(stream)
    at = {TL: (0.0, 0.0), PLAIN: (0.1, 0.4), RATE: (0.05, 0.1), WISE: wise}
    accuracy, drift = ({point: quantity(xy[axis], random) for point, xy in at.items()} for axis in (0, 1))
    return accuracy, drift


@pytest.mark.parametrize(
    ("wise", "distance"),
    [
        ((0.075, 0.2), 0.05),  # the curve is at 0.25 there
        ((0.025, 0.05), 0.0),
        ((0.1, 0.5), -0.1),
        ((0.05, 0.02), 0.08),
        ((0.12, 0.3), 0.1),  # more accurate than plain: 0.4 less 0.3
        ((-0.02, 0.03), -0.03),  # less accurate than tl: 0 less 0.03
    ],
)
def test_a_distance_is_of_drift_at_equal_accuracy_or_from_the_nearest_end(wise, distance):
    assert distance_below(*placed(wise), WISE, RIVALS).value == pytest.approx(distance)


def test_without_a_gain_there_is_no_distance():
    accuracy, drift = placed((0.05, 0.1))
    flat = {point: weighted_sum([(0.0, each)]) for point, each in accuracy.items()}
    assert distance_below(flat, drift, WISE, RIVALS) is None


def test_each_patients_part_in_the_distance_is_that_of_its_means_derivatives():
    """Against finite differences of the distance by every one of the means that it is made of."""
    accuracy, drift = placed((0.075, 0.2))
    found = distance_below(accuracy, drift, WISE, RIVALS).along
    expected = np.zeros_like(found.weights)
    step = 1e-5
    for means in (accuracy, drift):
        for point in means:
            around = []
            for sign in (1, -1):
                moved = means | {point: replace(means[point], value=means[point].value + sign * step)}
                pair = (moved, drift) if means is accuracy else (accuracy, moved)
                around.append(distance_below(*pair, WISE, RIVALS).value)
            expected += (around[0] - around[1]) / (2 * step) * means[point].weights
    np.testing.assert_allclose(found.weights, expected, atol=1e-9)


@pytest.mark.parametrize("estimand", ["recipe", "these checkpoints"])
def test_the_ends_are_those_of_the_best_price_against_the_worst_rival(estimand):
    accuracy, drift = placed((0.075, 0.05))
    found = distance_below(accuracy, drift, WISE, RIVALS)

    def ends(*terms) -> tuple[float, float]:
        return estimate([weighted_sum(terms)], estimand).interval(0.02)

    by_price = [
        [
            ends((1.0, drift[rival]), (-1.0, drift[WISE]), (-price, accuracy[rival]), (price, accuracy[WISE]))
            for rival in RIVALS
        ]
        for price in 4.0 * np.tan(np.linspace(0, np.arctan(100), 200))
    ]
    low, high = np.min(by_price, axis=1).max(axis=0)
    last = ends((1.0, drift[PLAIN]), (-1.0, drift[WISE]))
    expected = min(max(low, ends((1.0, found.along))[0]), last[0]), min(high, last[1])
    assert found.interval(0.02, estimand) == pytest.approx(expected)
    assert expected[0] < found.value < expected[1]


def test_beyond_an_end_the_interval_holds_what_the_line_and_the_end_say():
    found = distance_below(*placed((0.1001, 0.3)), WISE, RIVALS)  # by luck, perhaps
    low, high = found.interval(0.05)
    end = estimate([found.end], "recipe").interval()
    assert found.value == pytest.approx(0.1)
    assert high == pytest.approx(end[1])  # plain alone may be the end
    assert low <= end[0]


def test_whatever_may_be_the_most_accurate_rival_may_be_the_end():
    """Another rival is as accurate as plain but for noise, and drifts more."""
    accuracy, drift = placed((0.1, 0.3))
    decay, random = Point("decay", "low"), np.random.default_rng(9)
    accuracy[decay], drift[decay] = quantity(0.0999, random), quantity(0.6, random)
    found = distance_below(accuracy, drift, WISE, (*RIVALS, decay))
    assert found.best == RIVALS.index(PLAIN)
    _, high = found.interval(0.05)
    last = estimate([drift[PLAIN] - drift[WISE]], "recipe").interval()
    assert high > last[1]


def test_with_one_training_nothing_is_known_of_the_recipe():
    accuracy, drift = placed((0.075, 0.2))
    alone = [
        {
            point: Quantity(each.value, each.weights[:, :1], each.measured, each.n_images, False)
            for point, each in means.items()
        }
        for means in (accuracy, drift)
    ]
    assert np.isnan(distance_below(*alone, WISE, RIVALS).interval(0.05)).all()
