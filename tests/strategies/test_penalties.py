"""What every penalty must be: felt where it says so, with the right gradient, and least at tl."""

import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.training.strategy import find_strategy, names
from tests.strategies.examples import EXAMPLES
from tests.strategies.tester import Penalised

IDS = [f"{number}-{example.strategy}" for number, example in enumerate(EXAMPLES)]
METHODS = [name for name in names() if not find_strategy(name).DIAL and find_strategy(name).TRAINS]


@pytest.fixture(params=EXAMPLES, ids=IDS)
def example(request):
    return request.param


@pytest.fixture
def moved(example):
    """Its penalty, away from tl as a short training might leave the weights."""
    tester = Penalised(example.strategy, example.params)
    tester.move(tester.random_direction(seed=2), 0.05)
    return tester


def inner(gradient, direction):
    return sum(float(np.sum(a * b)) for a, b in zip(gradient, direction, strict=True))


def only(direction, chosen):
    return [way * keep for way, keep in zip(direction, chosen, strict=True)]


def test_every_method_that_trains_has_an_example():
    assert {example.strategy for example in EXAMPLES} == set(METHODS)


def test_it_is_zero_at_tl_and_positive_elsewhere(example, moved):
    at_tl = Penalised(example.strategy, example.params).value()
    if example.least_at_tl:
        assert at_tl == pytest.approx(0, abs=1e-12)
    assert moved.value() > at_tl + 1e-6


def test_it_has_a_gradient_in_all_weights_but_those_that_its_example_names_and_none_in_these(example, moved):
    sizes = [float(np.abs(gradient).max()) for gradient in moved.gradient()]
    paths = [variable.path for variable in moved.variables]
    assert {path for path, size in zip(paths, sizes, strict=True) if size == 0} == set(example.unfelt)
    assert min(size for size in sizes if size > 0) > 1e-6


@pytest.mark.parametrize("part", ["all", "backbone", "head"])
def test_its_gradient_is_that_of_finite_differences(example, moved, part):
    heads = moved.in_head
    chosen = {"all": [True] * len(heads), "head": heads, "backbone": [not head for head in heads]}[part]
    gradient, step = moved.gradient(), 1e-6
    for seed in (3, 4):
        direction = only(moved.random_direction(seed), chosen)
        moved.move(direction, step)
        above = moved.value()
        moved.move(direction, -2 * step)
        below = moved.value()
        moved.move(direction, step)
        difference = (above - below) / (2 * step)
        assert inner(gradient, direction) == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_a_small_step_on_it_alone_lowers_it_as_far_as_its_gradient_says(moved):
    before, gradient = moved.value(), moved.gradient()
    slope = inner(gradient, gradient)
    step = 1e-3 * before / slope
    moved.move(gradient, -step)
    assert before - moved.value() == pytest.approx(step * slope, rel=0.05)
