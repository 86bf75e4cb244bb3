from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.claims.estimate import ESTIMANDS, estimate
from evidrift.claims.excess import Cells, chance_cells, excess, pseudo_values
from tests.claims.made import study_cells

NAN = float("nan")
QUANTITIES = ("drift", "floor", "chance", "excess", "room", "normalised")


def two_patients() -> Cells:
    """Two images of two patients, two seeds, one pair of seeds."""
    return Cells(
        patients=np.array([0, 1]),
        drift=np.array([[0.6, 0.8], [0.5, 0.3]]),
        floor=np.array([[0.4], [0.1]]),
        chance=np.array([[0.8, 1.0], [0.9, 0.7]]),
    )


def test_the_excess_of_two_images_by_hand():
    found = excess(two_patients())
    assert found.drift.value == pytest.approx(0.55)
    assert found.floor.value == pytest.approx(0.25)
    assert found.chance.value == pytest.approx(0.85)
    assert found.excess.value == pytest.approx(0.3)
    assert found.room.value == pytest.approx(0.6)
    assert found.normalised.value == pytest.approx(0.5)
    # drift of a under seed 1: its distance from the mean over two images
    assert found.drift.weights == pytest.approx(np.array([[0.05, 0.25], [-0.05, -0.25]]) / 2)
    assert (found.drift.n_images, found.drift.n_patients) == (2, 2)


@pytest.mark.parametrize("stream", range(3))
def test_contributions_sum_to_zero(stream):
    found = excess(study_cells(stream=stream, noise=0.2))
    for name in QUANTITIES:
        assert getattr(found, name).weights.sum() == pytest.approx(0, abs=1e-12)


def weighted(cells: Cells, times: np.ndarray) -> dict[str, float]:
    """The estimates where image i counts times[i]: ratios of weighted means, written down directly."""
    drift, floor, chance = (
        np.average(values.mean(axis=1), weights=times) for values in (cells.drift, cells.floor, cells.chance)
    )
    return {
        "drift": drift,
        "floor": floor,
        "chance": chance,
        "excess": drift - floor,
        "room": chance - floor,
        "normalised": (drift - floor) / (chance - floor),
    }


def test_a_patients_contribution_is_what_counting_it_a_little_more_changes():
    cells = study_cells(n=8, noise=0.2, stream=3)
    found, eps = excess(cells), 1e-6
    for at in range(8):
        more, less = (weighted(cells, 1 + sign * eps * (np.arange(8) == at)) for sign in (1, -1))
        for name in QUANTITIES:
            derivative = (more[name] - less[name]) / (2 * eps)
            assert getattr(found, name).weights[at].mean() == pytest.approx(derivative, abs=1e-8)


def test_a_seeds_contribution_to_the_drift_is_what_counting_it_a_little_more_changes():
    cells = study_cells(n=5, noise=0.2, stream=4)
    eps = 1e-6
    for seed in range(3):
        means = [
            np.average(cells.drift.mean(axis=0), weights=1 + sign * eps * (np.arange(3) == seed))
            for sign in (1, -1)
        ]
        part = excess(cells).drift.weights[:, seed].sum() / 3
        assert part == pytest.approx((means[0] - means[1]) / (2 * eps), abs=1e-8)


def test_a_cell_moves_the_normalised_excess_by_the_delta_methods_slope():
    cells, eps = study_cells(n=6, noise=0.2, stream=5), 1e-6
    found = excess(cells)
    slopes = {
        "drift": 1 / (18 * found.room.value),
        "chance": -found.normalised.value / (18 * found.room.value),
        "floor": (found.normalised.value - 1) / (18 * found.room.value),
    }
    for name, slope in slopes.items():
        moved = getattr(cells, name).copy()
        moved[2, 1] += eps
        value = excess(replace(cells, **{name: moved})).normalised.value
        assert (value - found.normalised.value) / eps == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("seeds", [3, 4, 5])
def test_pseudo_values_equal_a_loop_that_leaves_each_seed_out(seeds):
    both = list(combinations(range(seeds), 2))
    pairs = np.random.default_rng(seeds).uniform(size=(4, len(both)))
    found = pseudo_values(pairs, seeds)
    for image in range(4):
        every = dict(zip(both, pairs[image], strict=True))
        mean = np.mean(list(every.values()))
        for seed in range(seeds):
            left = np.mean([value for pair, value in every.items() if seed not in pair])
            assert found[image, seed] == pytest.approx(seeds * mean - (seeds - 1) * left)
    assert found.mean(axis=1) == pytest.approx(pairs.mean(axis=1))


def test_two_seeds_share_their_only_pair_and_show_no_noise_of_the_floor():
    assert pseudo_values(np.array([[0.3], [0.5]]), 2).tolist() == [[0.3, 0.3], [0.5, 0.5]]
    found = excess(two_patients())
    assert found.drift.seeds_known
    assert not any(getattr(found, name).seeds_known for name in ("floor", "excess", "room", "normalised"))
    assert excess(study_cells()).normalised.seeds_known


@pytest.fixture
def random_pairs():
    """Five images, three partners each, all among them: value, own image, partner."""
    image = np.repeat(np.arange(5), 3)
    partner = (image + np.tile([1, 2, 3], 5)) % 5
    return np.random.default_rng(2).uniform(size=15), image, partner


def test_chance_has_the_mean_over_the_pairs(random_pairs):
    values, image, partner = random_pairs
    assert chance_cells(values, image, partner, 5).mean() == pytest.approx(values.mean())


def test_an_images_part_in_chance_is_what_counting_it_a_little_more_changes(random_pairs):
    values, image, partner = random_pairs
    cells, eps = chance_cells(values, image, partner, 5), 1e-6
    for at in range(5):
        means = []
        for sign in (1, -1):
            times = 1 + sign * eps * (np.arange(5) == at)
            means.append(np.average(values, weights=times[image] * times[partner]))
        derivative = (means[0] - means[1]) / (2 * eps)
        assert (cells[at] - cells.mean()) / 5 == pytest.approx(derivative, abs=1e-8)


def test_partners_outside_the_cohort_take_no_part(random_pairs):
    values, image, _ = random_pairs
    own = values.reshape(5, 3).mean(axis=1)
    assert chance_cells(values, image, np.full(15, -1), 5) == pytest.approx(own)


def test_an_image_without_a_measured_pair_has_no_chance(random_pairs):
    values, image, partner = random_pairs
    found = chance_cells(np.where(image == 2, NAN, values), image, partner, 5)
    assert np.isnan(found).tolist() == [False, False, True, False, False]
    assert np.isnan(chance_cells(np.full(15, NAN), image, partner, 5)).all()


def test_a_missing_cell_is_its_images_mean_over_the_other_seeds():
    cells = study_cells(n=4)
    cells.drift[1, 2] = NAN
    filled = replace(cells, drift=cells.drift.copy())
    filled.drift[1, 2] = cells.drift[1, :2].mean()
    for name in QUANTITIES:
        found, expected = (getattr(excess(each), name) for each in (cells, filled))
        assert found.value == pytest.approx(expected.value)
        assert found.weights == pytest.approx(expected.weights)


@pytest.mark.parametrize("name", ["drift", "floor", "chance"])
def test_an_image_without_any_cell_of_one_kind_does_not_count_at_all(name):
    cells = study_cells(n=5, noise=0.1)
    getattr(cells, name)[3] = NAN
    others = np.arange(5) != 3
    without = excess(Cells(np.arange(4), cells.drift[others], cells.floor[others], cells.chance[others]))
    found = excess(cells).normalised
    assert (found.n_images, found.n_patients) == (4, 4)
    assert found.value == pytest.approx(without.normalised.value)
    assert found.weights[others] == pytest.approx(without.normalised.weights)
    assert not found.weights[3].any() and not found.measured[3]
    assert estimate([found], "recipe").error == pytest.approx(estimate([without.normalised], "recipe").error)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_more_copies_of_a_patients_image_do_not_narrow_the_interval(estimand):
    once = study_cells(n=10, noise=0.1)
    thrice = Cells(*(np.repeat(getattr(once, name), 3, axis=0) for name in Cells.__dataclass_fields__))
    one, three = (estimate([excess(each).normalised], estimand) for each in (once, thrice))
    assert (three.value, three.error, three.df) == pytest.approx((one.value, one.error, one.df))
    assert excess(thrice).normalised.n_images == 30


def test_one_seed_has_drift_and_chance_and_no_floor():
    cells = study_cells(seeds=1)
    assert cells.floor.shape == (30, 0)
    found = excess(cells)
    assert found.drift.value == pytest.approx(0.5) and found.chance.value == pytest.approx(0.8)
    assert not found.drift.seeds_known
    assert found.floor is found.excess is found.room is found.normalised is None


def test_without_chance_there_is_an_excess_but_no_scale_for_it():
    cells = study_cells()
    found = excess(replace(cells, chance=np.full_like(cells.chance, NAN)))
    assert found.excess.value == pytest.approx(0.2)
    assert found.chance is found.room is found.normalised is None


@pytest.mark.parametrize("chance", [0.3, 0.2])
def test_chance_at_or_below_the_floor_leaves_no_scale(chance):
    cells = Cells(np.arange(4), np.full((4, 3), 0.5), np.full((4, 3), 0.3), np.full((4, 3), chance))
    found = excess(cells)
    assert found.room.value == pytest.approx(chance - 0.3)
    assert found.normalised is None


def test_no_measured_image_leaves_nothing():
    cells = study_cells()
    nothing = excess(replace(cells, drift=np.full_like(cells.drift, NAN)))
    assert [getattr(nothing, name) for name in QUANTITIES] == [None] * 6


@given(st.integers(0, 1000), st.floats(-1, 1), st.floats(0.01, 10))
def test_a_shift_and_a_scale_of_all_three_change_no_normalised_excess(stream, shift, scale):
    cells = study_cells(n=6, noise=0.1, stream=stream)
    moved = Cells(
        cells.patients, *(scale * (each + shift) for each in (cells.drift, cells.floor, cells.chance))
    )
    before, after = (excess(each).normalised for each in (cells, moved))
    assert after.value == pytest.approx(before.value, abs=1e-9)
    assert after.weights == pytest.approx(before.weights, abs=1e-9)
