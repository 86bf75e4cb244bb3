import numpy as np
import pytest

from evidrift.measures.areas import half_maximum, in_order, overlap, top_area
from tests.drift.maps import canvases_of, membership, random_maps, rectangle

CELLS = 56 * 56
FIRST, SECOND = np.array([0]), np.array([1])


def flat_of(*maps: np.ndarray) -> np.ndarray:
    values = canvases_of(*maps).values
    return values.reshape(len(values), -1)


def overlap_of(one: np.ndarray, other: np.ndarray, area: float) -> float:
    values = flat_of(one, other)
    return float(overlap(top_area(values, in_order(values)[0], area), FIRST, SECOND)[0])


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
    maps = np.maximum(random_maps(6, grid=grid, seed=3), 0)
    maps[:3] = np.round(maps[:3])  # plateaus: many ties
    values = flat_of(*maps)
    sets = top_area(values, in_order(values)[0], 0.2)
    for i in range(6):
        for j in range(6):
            one, other = membership(values[i], 0.2), membership(values[j], 0.2)
            expected = np.minimum(one, other).sum() / np.maximum(one, other).sum()
            assert overlap(sets, np.array([i]), np.array([j]))[0] == pytest.approx(expected)


def test_less_positive_area_than_wanted_is_the_set_and_thin():
    # 14 x 14 is a sixteenth, below a fifth.
    small, large = rectangle(0, 0, 14, 14), rectangle(0, 0, 28, 28)
    values = flat_of(small, large)
    sets = top_area(values, in_order(values)[0], 0.2)
    assert sets.thin.tolist() == [True, False]
    assert sets.area.tolist() == [196, pytest.approx(0.2 * CELLS)]
    # Each of the large map's 784 equal cells belongs by 627.2 / 784 = 0.8.
    assert overlap(sets, FIRST, SECOND)[0] == pytest.approx(196 * 0.8 / (196 + 627.2 - 196 * 0.8))


def test_overlap_of_independent_maps_is_what_areas_alone_predict():
    # q / (2 - q) at q = 0.2, for maps without any structure.
    values = np.random.default_rng(5).random((400, CELLS), dtype=np.float32)
    sets = top_area(values, in_order(values)[0], 0.2)
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
