import numpy as np
import pytest

from evidrift.measures.areas import AreaSets, half_maximum, in_order, moved_share, overlap, top_area
from tests.drift.maps import canvases_of, membership, random_maps, rectangle

CELLS = 56 * 56
FIRST, SECOND = np.array([0]), np.array([1])


def flat_of(*maps: np.ndarray) -> np.ndarray:
    values = canvases_of(*maps).values
    return values.reshape(len(values), -1)


def sets_of(values: np.ndarray, area: float = 0.2) -> AreaSets:
    return top_area(values, in_order(values)[0], area)


def overlap_of(one: np.ndarray, other: np.ndarray, area: float) -> float:
    return float(overlap(sets_of(flat_of(one, other), area), FIRST, SECOND)[0])


def moved_share_of(one: np.ndarray, other: np.ndarray, area: float) -> float:
    return float(moved_share(sets_of(flat_of(one, other), area), FIRST, SECOND, area)[0])


def with_ties(n: int, grid: int) -> np.ndarray:
    """Canvases of maps, half of which have plateaus, thus many ties."""
    maps = np.maximum(random_maps(n, grid=grid, seed=3), 0)
    maps[: n // 2] = np.round(maps[: n // 2])
    return flat_of(*maps)


def test_a_map_moved_by_half_its_area_has_a_moved_share_of_one_half():
    # 28 x 28 of 56 x 56 is a quarter of the area; moved by 14 columns, half of it lies elsewhere.
    assert moved_share_of(rectangle(0, 0, 28, 28), rectangle(0, 14, 28, 42), 0.25) == pytest.approx(1 / 2)


def test_the_moved_share_of_disjoint_maps_is_one_and_of_the_same_map_nothing():
    one, other = rectangle(0, 0, 28, 28), rectangle(28, 28, 56, 56)
    assert moved_share_of(one, other, 0.25) == pytest.approx(1)
    assert moved_share_of(one, 3 * one, 0.25) == 0


def test_half_a_tie_less_is_a_quarter_of_its_square():
    # The top quarter of an even half, every cell of it by 1/2, against its left quarter: cells differ by 1/2
    # in the whole half, so |m_A - m_B|^2 = 1/4 * 1/2 of the canvas, over 2 q = 1/2.
    half = rectangle(0, 0, 56, 28)
    columns = np.tile(np.arange(56, 0, -1, dtype=np.float32), (56, 1))
    assert moved_share_of(half, columns, 0.25) == pytest.approx(1 / 4)
    # and against the same half: no difference in any cell
    assert moved_share_of(half, 5 * half, 0.25) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("grid", [4, 7])
@pytest.mark.parametrize("area", [0.05, 0.2])
def test_the_moved_share_equals_a_loop_over_cells(grid, area):
    values = with_ties(6, grid)
    for i in range(6):
        for j in range(6):
            one, other = membership(values[i], area), membership(values[j], area)
            expected = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / (2 * area * CELLS)
            found = moved_share(sets_of(values, area), np.array([i]), np.array([j]), area)
            assert found[0] == pytest.approx(expected, abs=1e-12)


def test_without_ties_overlap_is_one_minus_the_moved_share_over_one_plus_it():
    # of sets of whole cells: a quarter of 3136 is 784
    values = np.random.default_rng(5).random((40, CELLS), dtype=np.float32)
    sets, pairs = sets_of(values, 0.25), np.arange(20)
    moved = moved_share(sets, pairs, pairs + 20, 0.25)
    assert moved.mean() == pytest.approx(1 - 0.25, abs=0.01)  # 1 - q for independent maps
    assert overlap(sets, pairs, pairs + 20) == pytest.approx((1 - moved) / (1 + moved))


def test_moved_shares_add_up_as_squared_distances_do():
    """Across trainings less half of both floors is the squared distance of the mean maps, without bias.

    Exactly, for any sets whatever: the mean over s != s' of d(tl_s, ft_s') is made of inner products of
    displacement vectors ft_s - tl_s, as is d(tl_s, ft_s) of their squares (docs/design.md, Drift).
    """
    n_seeds, area = 4, 0.2
    values = with_ties(2 * n_seeds, 7)
    tl, ft = np.arange(n_seeds), n_seeds + np.arange(n_seeds)
    sets = sets_of(values, area)

    def mean(before: np.ndarray, after: np.ndarray, kept: np.ndarray) -> float:
        moved = moved_share(sets, np.repeat(before, n_seeds), np.tile(after, n_seeds), area)
        return float(moved[kept.ravel()].mean())

    others, same = ~np.eye(n_seeds, dtype=bool), np.eye(n_seeds, dtype=bool)
    shared = mean(tl, ft, others) - mean(tl, tl, others) / 2 - mean(ft, ft, others) / 2
    vectors = np.array([membership(each, area) for each in values])
    products = (vectors[ft] - vectors[tl]) @ (vectors[ft] - vectors[tl]).T / (2 * area * CELLS)
    assert mean(tl, ft, same) == pytest.approx(np.diag(products).mean())
    assert shared == pytest.approx(products[others].mean())
    # what is left of drift is the spread of the displacements over trainings
    spread = (vectors[ft] - vectors[tl]).var(axis=0, ddof=1).sum() / (2 * area * CELLS)
    assert mean(tl, ft, same) - shared == pytest.approx(spread)


def test_overlap_of_a_map_with_itself_moved_by_half_its_area_is_one_third():
    # 28 x 28 of 56 x 56 is a quarter of the area; moved by 14 columns, 1/2 is common and 3/2 covered.
    assert overlap_of(rectangle(0, 0, 28, 28), rectangle(0, 14, 28, 42), 0.25) == pytest.approx(1 / 3)


def test_overlap_of_disjoint_maps_is_zero():
    assert overlap_of(rectangle(0, 0, 28, 28), rectangle(28, 28, 56, 56), 0.25) == 0


def test_ties_at_the_threshold_are_shared():
    # The top quarter of an even half: every cell of it belongs by 1/2. The other map's top quarter is the
    # left quarter and lies in that half: minima 1/4 * 1/2 of the canvas, maxima 1/4 + 1/4 - 1/8.
    half = rectangle(0, 0, 56, 28)
    columns = np.tile(np.arange(56, 0, -1, dtype=np.float32), (56, 1))
    assert overlap_of(half, columns, 0.25) == pytest.approx((1 / 8) / (3 / 8))


def test_two_maps_that_are_even_in_the_same_half_overlap_wholly():
    assert overlap_of(rectangle(0, 0, 56, 28), rectangle(0, 0, 56, 28) * 5, 0.2) == pytest.approx(1)


@pytest.mark.parametrize("area", [0.05, 0.2, 0.25, 0.5])
def test_the_set_has_exactly_the_wanted_area(area):
    values = np.concatenate([flat_of(*np.abs(random_maps(6, grid=5))), flat_of(rectangle(0, 0, 40, 56))])
    sets = top_area(values, in_order(values)[0], area)
    np.testing.assert_allclose(sets.area, area * CELLS, rtol=1e-12)
    assert not sets.thin.any()


@pytest.mark.parametrize("grid", [4, 7])
def test_overlap_equals_a_loop_over_cells(grid):
    values = with_ties(6, grid)
    sets = sets_of(values)
    for i in range(6):
        for j in range(6):
            one, other = membership(values[i], 0.2), membership(values[j], 0.2)
            expected = np.minimum(one, other).sum() / np.maximum(one, other).sum()
            assert overlap(sets, np.array([i]), np.array([j]))[0] == pytest.approx(expected)


def test_less_positive_area_than_wanted_is_the_set_and_thin():
    # 14 x 14 is a sixteenth, below a fifth.
    small, large = rectangle(0, 0, 14, 14), rectangle(0, 0, 28, 28)
    values = flat_of(small, large)
    sets = sets_of(values)
    assert sets.thin.tolist() == [True, False]
    assert sets.area.tolist() == [196, pytest.approx(0.2 * CELLS)]
    # Each of the large map's 784 equal cells belongs by 627.2 / 784 = 0.8.
    assert overlap(sets, FIRST, SECOND)[0] == pytest.approx(196 * 0.8 / (196 + 627.2 - 196 * 0.8))
    # It differs by 0.2 in the 196 cells and by 0.8 in the other 588.
    moved = (196 * 0.2**2 + 588 * 0.8**2) / (2 * 627.2)
    assert moved_share(sets, FIRST, SECOND, 0.2)[0] == pytest.approx(moved)


def test_two_thin_sets_with_nothing_in_common_have_moved_by_what_they_hold_of_the_area():
    small, elsewhere = rectangle(0, 0, 14, 14), rectangle(28, 28, 42, 42)
    assert moved_share_of(small, elsewhere, 0.2) == pytest.approx(196 / 627.2)


def test_overlap_of_independent_maps_is_what_areas_alone_predict():
    # q / (2 - q) at q = 0.2, for maps without any structure.
    values = np.random.default_rng(5).random((400, CELLS), dtype=np.float32)
    sets = sets_of(values)
    pairs = np.arange(200)
    assert overlap(sets, pairs, pairs + 200).mean() == pytest.approx(0.2 / 1.8, abs=0.002)


def test_iou_at_half_maximum_is_that_of_the_two_thresholded_masks():
    values = flat_of(*random_maps(2, seed=8))
    masks = values >= values.max(axis=1, keepdims=True) / 2
    expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert overlap(half_maximum(values, in_order(values)[0]), FIRST, SECOND)[0] == pytest.approx(expected)


def test_two_empty_maps_have_no_overlap_to_speak_of():
    values = np.zeros((2, CELLS), dtype=np.float32)
    for sets in (top_area(values, in_order(values)[0], 0.2), half_maximum(values, in_order(values)[0])):
        assert np.isnan(overlap(sets, FIRST, SECOND)[0])


def test_order_is_numpy_s():
    values = flat_of(*random_maps(5))
    ascending, order = in_order(values)
    np.testing.assert_array_equal(ascending, np.sort(values, axis=1))
    np.testing.assert_array_equal(np.take_along_axis(values, order, axis=1), ascending)
