from dataclasses import replace
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.claims.estimate import ESTIMANDS, estimate
from evidrift.claims.quantities import NOTHING, Cells, pseudo_values, quantities, scale_cells
from tests.claims.made import Q, cells_of_vectors, study_cells

NAN = float("nan")
NAMES = ("drift", "floor_tl", "floor_ft", "shared", "erratic", "scale", "over_scale")


def two_patients() -> Cells:
    """Two images of two patients, two seeds, one pair of seeds."""
    return Cells(
        patients=np.array([0, 1]),
        drift=np.array([[0.6, 0.8], [0.5, 0.3]]),
        cross=np.array([[0.7], [0.5]]),
        floor_tl=np.array([[0.2], [0.1]]),
        floor_ft=np.array([[0.4], [0.3]]),
        scale=np.array([[0.8, 1.0], [0.9, 0.7]]),
    )


def test_the_quantities_of_two_images_by_hand():
    found = quantities(two_patients())
    values = {name: getattr(found, name).value for name in NAMES}
    assert values == pytest.approx(
        {
            "drift": 0.55,
            "floor_tl": 0.15,
            "floor_ft": 0.35,
            "shared": ((0.7 - 0.3) + (0.5 - 0.2)) / 2,
            "erratic": 0.55 - 0.35,
            "scale": 0.85,
            "over_scale": 0.55 / 0.85,
        }
    )
    assert found.by_seed == pytest.approx([0.55, 0.55])
    # drift of the first under seed 1: its distance from the mean over two images
    assert found.drift.weights == pytest.approx(np.array([[0.05, 0.25], [-0.05, -0.25]]) / 2)
    assert (found.drift.n_images, found.drift.n_patients) == (2, 2)


def test_two_seeds_share_their_only_pair_and_show_no_noise_of_what_is_between_seeds():
    assert pseudo_values(np.array([[0.3], [0.5]]), 2).tolist() == [[0.3, 0.3], [0.5, 0.5]]
    two, three = quantities(two_patients()), quantities(study_cells())
    known = {name for name in NAMES if getattr(two, name).seeds_known}
    assert known == {"drift", "scale", "over_scale"}
    assert all(getattr(three, name).seeds_known for name in NAMES)


@pytest.mark.parametrize("seeds", [2, 3, 4])
def test_drift_and_its_shared_part_are_products_of_the_displacements_of_vectors(seeds):
    random = np.random.default_rng(seeds)
    before, after = random.normal(size=(2, seeds, 7, 5))
    moves = after - before
    found = quantities(cells_of_vectors(before, after))
    drift = np.mean([moves[s, i] @ moves[s, i] / (2 * Q) for s in range(seeds) for i in range(7)])
    shared = np.mean(
        [moves[s, i] @ moves[t, i] / (2 * Q) for s, t in permutations(range(seeds), 2) for i in range(7)]
    )
    assert found.drift.value == pytest.approx(drift)
    assert found.shared.value == pytest.approx(shared)
    assert found.erratic.value == pytest.approx(drift - shared)


def test_shared_drift_is_the_squared_distance_of_the_mean_maps_without_bias():
    """The mean over all draws of three trainings, with replacement, from four equally likely ones."""
    before, after = np.random.default_rng(5).normal(size=(2, 4, 3, 6))
    draws = [list(drawn) for drawn in product(range(4), repeat=3)]
    shared = [quantities(cells_of_vectors(before[drawn], after[drawn])).shared.value for drawn in draws]
    apart = after.mean(axis=0) - before.mean(axis=0)
    assert np.mean(shared) == pytest.approx(np.square(apart).sum(axis=1).mean() / (2 * Q))


@pytest.mark.parametrize("stream", range(3))
def test_contributions_sum_to_zero(stream):
    found = quantities(study_cells(stream=stream, noise=0.2))
    for name in NAMES:
        assert getattr(found, name).weights.sum() == pytest.approx(0, abs=1e-12)


def weighted(cells: Cells, times: np.ndarray) -> dict[str, float]:
    """The estimates where image i counts times[i]: weighted means, written down directly."""
    mean = {
        name: np.average(getattr(cells, name).mean(axis=1), weights=times)
        for name in ("drift", "cross", "floor_tl", "floor_ft", "scale")
    }
    shared = mean.pop("cross") - (mean["floor_tl"] + mean["floor_ft"]) / 2
    return mean | {
        "shared": shared,
        "erratic": mean["drift"] - shared,
        "over_scale": mean["drift"] / mean["scale"],
    }


def test_a_patients_contribution_is_what_counting_it_a_little_more_changes():
    cells = study_cells(n=8, noise=0.2, stream=3)
    found, eps = quantities(cells), 1e-6
    for at in range(8):
        more, less = (weighted(cells, 1 + sign * eps * (np.arange(8) == at)) for sign in (1, -1))
        for name in NAMES:
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
        part = quantities(cells).drift.weights[:, seed].sum() / 3
        assert part == pytest.approx((means[0] - means[1]) / (2 * eps), abs=1e-8)


def test_a_cell_moves_drift_over_scale_by_the_delta_methods_slope():
    cells, eps = study_cells(n=6, noise=0.2, stream=5), 1e-6
    found = quantities(cells)
    slopes = {
        "drift": 1 / (18 * found.scale.value),
        "scale": -found.over_scale.value / (18 * found.scale.value),
    }
    for name, slope in slopes.items():
        moved = getattr(cells, name).copy()
        moved[2, 1] += eps
        value = quantities(replace(cells, **{name: moved})).over_scale.value
        assert (value - found.over_scale.value) / eps == pytest.approx(slope, rel=1e-4)


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


@pytest.fixture
def pairs_of_patients():
    """Five images, three partners each, all among them: value, own image, partner."""
    image = np.repeat(np.arange(5), 3)
    partner = (image + np.tile([1, 2, 3], 5)) % 5
    return np.random.default_rng(2).uniform(size=15), image, partner


def test_scale_has_the_mean_over_the_pairs(pairs_of_patients):
    values, image, partner = pairs_of_patients
    assert scale_cells(values, image, partner, 5).mean() == pytest.approx(values.mean())


def test_an_images_part_in_the_scale_is_what_counting_it_a_little_more_changes(pairs_of_patients):
    values, image, partner = pairs_of_patients
    cells, eps = scale_cells(values, image, partner, 5), 1e-6
    for at in range(5):
        means = []
        for sign in (1, -1):
            times = 1 + sign * eps * (np.arange(5) == at)
            means.append(np.average(values, weights=times[image] * times[partner]))
        derivative = (means[0] - means[1]) / (2 * eps)
        assert (cells[at] - cells.mean()) / 5 == pytest.approx(derivative, abs=1e-8)


def test_an_image_without_a_measured_pair_has_no_scale(pairs_of_patients):
    values, image, partner = pairs_of_patients
    found = scale_cells(np.where((image == 2) | (partner == 2), NAN, values), image, partner, 5)
    assert np.isnan(found).tolist() == [False, False, True, False, False]
    assert np.isnan(scale_cells(np.full(15, NAN), image, partner, 5)).all()


@pytest.mark.parametrize("name", ["drift", "floor_tl", "floor_ft"])
def test_an_image_whose_map_is_missing_under_any_seed_does_not_count_at_all(name):
    cells = study_cells(n=5, noise=0.1)
    getattr(cells, name)[3, 2] = NAN
    others = np.arange(5) != 3
    without = quantities(
        Cells(np.arange(4), *(getattr(cells, each)[others] for each in list(Cells.__dataclass_fields__)[1:6]))
    )
    found = quantities(cells)
    for each in ("drift", "floor_tl", "floor_ft", "shared", "erratic"):
        one, other = getattr(found, each), getattr(without, each)
        assert (one.n_images, one.n_patients) == (4, 4)
        assert one.value == pytest.approx(other.value)
        assert one.weights[others] == pytest.approx(other.weights)
        assert not one.weights[3].any() and not one.measured[3]
        assert estimate([one], "recipe").error == pytest.approx(estimate([other], "recipe").error)
    assert found.by_seed == pytest.approx(without.by_seed)
    # its maps stand beside those of others all the same, where they can be used
    assert found.scale.n_images == 5 and found.over_scale.n_patients == 4


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_more_copies_of_a_patients_image_do_not_narrow_the_interval(estimand):
    once = study_cells(n=10, noise=0.1)
    names = list(Cells.__dataclass_fields__)[:6]
    thrice = Cells(*(np.repeat(getattr(once, name), 3, axis=0) for name in names))
    for name in ("drift", "shared", "over_scale"):
        one, three = (estimate([getattr(quantities(each), name)], estimand) for each in (once, thrice))
        assert (three.value, three.error) == pytest.approx((one.value, one.error))
        assert [part.df for part in three.parts] == [part.df for part in one.parts]
    assert quantities(thrice).drift.n_images == 30


def test_one_seed_has_drift_and_scale_and_nothing_between_trainings():
    cells = study_cells(seeds=1)
    assert cells.cross.shape == cells.floor_ft.shape == (30, 0)
    found = quantities(cells)
    assert found.drift.value == pytest.approx(0.5) and found.over_scale.value == pytest.approx(0.5 / 0.8)
    assert not found.drift.seeds_known and not found.over_scale.seeds_known
    assert found.floor_tl is found.floor_ft is found.shared is found.erratic is None


@pytest.mark.parametrize("name", ["floor_tl", "floor_ft"])
def test_a_single_model_on_one_side_leaves_the_other_sides_floor_and_no_noise_of_trainings(name):
    cells = study_cells()
    found = quantities(replace(cells, **{name: np.full_like(cells.floor_ft, NAN)}))
    other = {"floor_tl": "floor_ft", "floor_ft": "floor_tl"}[name]
    assert getattr(found, name) is None
    assert getattr(found, other).value == pytest.approx(getattr(quantities(cells), other).value)
    assert found.shared is found.erratic is None
    assert (found.drift.value, found.drift.n_images) == (pytest.approx(0.5), 30)
    assert not found.drift.seeds_known and not found.over_scale.seeds_known


def test_a_measure_that_is_no_squared_distance_has_no_shared_part():
    found = quantities(replace(study_cells(), squared=False))
    assert found.shared is found.erratic is None
    assert found.drift.seeds_known and found.floor_ft.value == pytest.approx(0.2)


def test_without_a_second_patient_there_is_no_scale():
    cells = study_cells()
    found = quantities(replace(cells, scale=np.full_like(cells.scale, NAN)))
    assert found.shared.value == pytest.approx(0.3)
    assert found.scale is found.over_scale is None


def test_a_scale_of_nothing_divides_nothing():
    cells = study_cells()
    found = quantities(replace(cells, scale=np.zeros_like(cells.scale)))
    assert (found.scale.value, found.over_scale) == (0, None)


def test_no_measured_image_leaves_nothing():
    cells = study_cells()
    assert quantities(replace(cells, drift=np.full_like(cells.drift, NAN))) is NOTHING


@given(st.integers(0, 1000), st.floats(0.01, 10))
def test_a_measure_of_another_unit_has_the_same_drift_over_scale(stream, unit):
    cells = study_cells(n=6, noise=0.1, stream=stream)
    scaled = replace(cells, drift=unit * cells.drift, scale=unit * cells.scale)
    before, after = (quantities(each).over_scale for each in (cells, scaled))
    assert after.value == pytest.approx(before.value)
    assert after.weights == pytest.approx(before.weights)
