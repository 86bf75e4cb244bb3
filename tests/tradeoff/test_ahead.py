import numpy as np
import pytest

from evidrift.claims.estimate import Quantity, estimate
from evidrift.tradeoff.ahead import ahead_of
from evidrift.tradeoff.points import PLAIN, TL, Point

LOW, HIGH, DECAY, WISE = Point("rate", "low"), Point("rate", "high"), Point("decay", "low"), Point("wise")
DIALS = {TL: 0.0, HIGH: 0.1, LOW: 0.2, PLAIN: 0.4}


def quantity(value: float, random: np.random.Generator, n: int = 50, seeds: int = 4) -> Quantity:
    cells = random.normal(size=(n, seeds)) / n / 20
    return Quantity(value, cells - cells.mean(), np.ones(n, bool), n, True)


def means(wise: tuple[float, float], drifts=DIALS, power: float = 0.5) -> tuple[dict, dict]:
    """Accuracy and drift of settings whose accuracy is a power of their drift, and of wise."""
    random = np.random.default_rng(0)
    drift = {point: quantity(each, random) for point, each in (drifts | {WISE: wise[1]}).items()}
    accuracy = {point: quantity(each**power, random) for point, each in drifts.items()}
    return accuracy | {WISE: quantity(wise[0], random)}, drift


@pytest.mark.parametrize("power", [1.0, 0.6, 0.3])
@pytest.mark.parametrize("at", [0.02, 0.1, 0.15, 0.2, 0.3, 0.39, 0.5])
def test_no_other_setting_of_the_dial_is_ahead_of_it(at, power):
    """Weaker, between, stronger than those that were tried, on curves that bend little or much."""
    assert ahead_of(*means((at**power, at), power=power), WISE).value <= 1e-12


def test_the_distance_is_from_the_lower_of_the_lines_that_bound_every_concave_curve():
    """At a drift of 0.15: by the lines through tl and high, low and high, plain and low."""
    at = {point: each**0.5 for point, each in DIALS.items()}
    through_low = at[LOW] + (at[PLAIN] - at[LOW]) / 0.2 * -0.05
    through_high = at[HIGH] + at[HIGH] / 0.1 * 0.05
    found = ahead_of(*means((0.6, 0.15)), WISE)
    assert found.value == pytest.approx(0.6 - min(through_low, through_high))


def test_every_dial_must_be_left_behind():
    settings = {**DIALS, DECAY: 0.15}
    accuracy, drift = means((0.44, 0.12), settings)
    alone = {point: each for point, each in drift.items() if point != DECAY}
    accuracy[DECAY] = quantity(0.3, np.random.default_rng(1))  # a poor dial is easily left behind
    assert ahead_of(accuracy, drift, WISE).value == pytest.approx(ahead_of(accuracy, alone, WISE).value)


def test_without_a_setting_between_the_ends_nothing_is_known():
    accuracy, drift = means((0.5, 0.1), {TL: 0.0, PLAIN: 0.4})
    assert np.isnan(ahead_of(accuracy, drift, WISE).low(0.05))


def test_whether_a_point_is_above_a_line_is_asked_as_fieller_did():
    accuracy, drift = means((0.6, 0.15), {TL: 0.0, HIGH: 0.1, PLAIN: 0.4})
    found = ahead_of(accuracy, drift, WISE)
    (lines,) = found.dials[0]
    lows = [estimate([line], "recipe").interval(0.05)[0] for line in lines]
    assert found.low(0.05) == min(lows)
    step, expected = 1e-5, np.zeros_like(lines[0].weights)
    run = drift[HIGH].value - drift[TL].value
    for of, kept in ((accuracy, drift), (drift, accuracy)):
        for point in (TL, HIGH, WISE):
            ends = []
            for sign in (1, -1):
                values = {p: q.value for p, q in of.items()}
                values[point] += sign * step
                other = {p: q.value for p, q in kept.items()}
                x, y = (values, other) if of is accuracy else (other, values)
                ends.append((x[WISE] - x[HIGH]) * (y[HIGH] - y[TL]) - (y[WISE] - y[HIGH]) * (x[HIGH] - x[TL]))
            expected += (ends[0] - ends[1]) / (2 * step) / run * of[point].weights
    np.testing.assert_allclose(lines[0].weights, expected, atol=1e-9)
