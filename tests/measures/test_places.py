"""Where evidence lies: geometry by hand, measures against plain loops, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evidrift.measures import places
from evidrift.measures.canvas import OK, SIDE
from tests.drift.maps import SIZE, WHOLE, canvases_of, random_maps

# Whole numbers: a scale keeps their order and their ties exactly.
MAPS = arrays(np.float64, (2, 5, 4), elements=st.integers(-9, 9).map(float))


def exact_cover(mask: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Area averages without fractions: every pixel cut into 56 x 56, so that cells hold whole pieces."""
    top, left, bottom, right = box
    pieces = np.repeat(np.repeat(mask[top:bottom, left:right], SIDE, axis=0), SIDE, axis=1)
    return pieces.reshape(SIDE, bottom - top, SIDE, right - left).mean(axis=(1, 3))


def random_masks(n: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, size, size)) < 0.3


def test_the_border_is_the_outer_twentieth_of_each_side():
    border = places.border()
    # 5 % of 56 cells are 2.8: two cells wholly and 0.8 of the third.
    assert border[28, :4] == pytest.approx([1, 1, 0.8, 0])
    assert border[:4, 28] == pytest.approx([1, 1, 0.8, 0])
    assert border[2, 2] == pytest.approx(1 - 0.2 * 0.2)
    assert places.areas(border) == pytest.approx(1 - 0.9**2)
    np.testing.assert_allclose(border, border[::-1, ::-1], atol=1e-12)


def test_the_corners_are_four_squares_of_15_percent_of_the_side():
    corners = places.corners()
    # 15 % of 56 cells are 8.4.
    assert corners[0, 7:10] == pytest.approx([1, 0.4, 0])
    assert corners[8, 8] == pytest.approx(0.4 * 0.4)
    assert corners[0, 28] == corners[28, 28] == 0
    assert places.areas(corners) == pytest.approx(4 * 0.15**2)
    np.testing.assert_allclose(corners, corners[::-1], atol=1e-12)


def test_one_pixel_of_a_mask_covers_a_quarter_of_its_cell():
    masks = np.zeros((1, SIZE, SIZE), dtype=bool)
    masks[0, 5, 111] = True  # cells are 2 x 2 px
    cover = places.on_canvas(masks, WHOLE[None], SIZE)[0]
    assert cover[2, 55] == 0.25
    assert cover.sum() == 0.25


@pytest.mark.parametrize("box", [(0, 0, 65, 65), (0, 7, 65, 60), (12, 0, 40, 65), (3, 5, 60, 30)])
def test_masks_are_area_averaged_within_the_image_s_own_frame(box):
    masks = random_masks(2, 65)
    cover = places.on_canvas(masks, np.array([(0, 0, 65, 65), box]), 65)
    np.testing.assert_allclose(cover[0], exact_cover(masks[0], (0, 0, 65, 65)), atol=1e-6)
    np.testing.assert_allclose(cover[1], exact_cover(masks[1], box), atol=1e-6)


def test_shares_equal_a_loop_over_cells():
    values = canvases_of(*random_maps(3)).values
    cover = places.on_canvas(random_masks(3, SIZE), np.tile(WHOLE, (3, 1)), SIZE)
    found = places.shares(values, cover)
    for one, map_share in enumerate(found):
        total = sum(
            float(values[one, row, column]) * float(cover[one, row, column])
            for row in range(SIDE)
            for column in range(SIDE)
        )
        assert map_share == pytest.approx(total)


def test_evidence_in_one_corner_is_all_in_the_corners_and_partly_border():
    map_ = np.zeros((SIDE, SIDE))
    map_[:4, :4] = 1
    values = canvases_of(map_).values
    assert places.shares(values, places.corners()) == pytest.approx(1)
    # Of 16 equal cells: 2.8 x 4 of border in each direction, 2.8 x 2.8 in both.
    assert places.shares(values, places.border()) == pytest.approx((2 * 2.8 * 4 - 2.8**2) / 16)


def test_no_cell_lies_in_a_place_by_less_than_nothing_or_more_than_whole():
    for place in (places.border(), places.corners()):
        assert place.min() == 0
        assert place.max() <= 1


def test_border_and_corners_are_those_of_a_film_of_280_pixels():
    # 5 % are 14 px, 15 % are 42 px; a cell of the canvas is 5 x 5 px.
    far = np.minimum(np.arange(280), np.arange(280)[::-1])  # from the nearer edge
    of_border = np.minimum(far[:, None], far) < 14
    of_corners = np.maximum(far[:, None], far) < 42
    for found, pixels in ((places.border(), of_border), (places.corners(), of_corners)):
        np.testing.assert_allclose(found, pixels.reshape(SIDE, 5, SIDE, 5).mean(axis=(1, 3)), atol=1e-12)


@given(maps=MAPS)
def test_all_of_a_map_lies_where_it_is_positive_and_nothing_where_it_is_not(maps):
    drawn = canvases_of(*maps)
    everything = places.shares(drawn.values, drawn.values > 0)
    np.testing.assert_allclose(everything, drawn.status == OK, atol=1e-5)
    assert not places.shares(drawn.values, drawn.values == 0).any()


@given(maps=MAPS, mask=arrays(bool, (2, 20, 20)))
def test_a_mirrored_map_has_the_same_shares_and_hits_of_mirrored_places(maps, mask):
    content = np.tile([0, 0, 20, 20], (2, 1))
    drawn, mirrored = canvases_of(*maps), canvases_of(*maps[:, :, ::-1])
    for place, other in (
        (places.border(), places.border()),
        (places.corners(), places.corners()),
        (places.on_canvas(mask, content, 20), places.on_canvas(mask[:, :, ::-1], content, 20)),
    ):
        there, here = places.shares(drawn.values, place), places.shares(mirrored.values, other)
        np.testing.assert_allclose(there, here, atol=1e-5)
    hits = [places.touched(each, (5, 4), 20) for each in (mask, mask[:, :, ::-1])]
    np.testing.assert_allclose(
        places.pointing(drawn.native, hits[0]), places.pointing(mirrored.native, hits[1])
    )


@given(maps=MAPS, hits=arrays(bool, (2, 5, 4)))
def test_the_pointing_game_equals_a_loop_over_cells(maps, hits):
    native = np.maximum(maps, 0)
    for one, touching, found in zip(native, hits, places.pointing(native, hits), strict=True):
        strongest = [cell for cell in np.ndindex(5, 4) if one[cell] == max(one.ravel())]
        assert found == pytest.approx(sum(touching[cell] for cell in strongest) / len(strongest))


@given(cell=st.integers(0, 19), mask=arrays(bool, (1, 20, 20)))
def test_a_map_of_a_single_cell_hits_or_misses_wholly(cell, mask):
    map_ = np.eye(1, 20, cell).reshape(1, 5, 4)
    row, column = divmod(cell, 4)
    touching = mask[0, 4 * row : 4 * row + 4, 5 * column : 5 * column + 5].any()
    assert places.pointing(map_, places.touched(mask, (5, 4), 20)).tolist() == [float(touching)]


@given(mask=arrays(bool, (1, 20, 20)))
def test_an_even_map_has_exactly_the_area_shares(mask):
    even = np.full((1, SIDE, SIDE), 1 / SIDE**2)
    cover = places.on_canvas(mask, np.array([[0, 0, 20, 20]]), 20)
    for place in (places.border(), places.corners(), cover[0]):
        assert places.shares(even, place) == pytest.approx(places.areas(place))
    assert places.areas(cover[0]) == pytest.approx(mask.mean())


@given(maps=MAPS, scale=st.floats(1e-3, 1e3), mask=arrays(bool, (2, 20, 20)))
def test_shares_and_hits_lie_between_0_and_1_and_do_not_depend_on_the_map_s_scale(maps, scale, mask):
    content = np.tile([0, 0, 20, 20], (2, 1))
    cover, hits = places.on_canvas(mask, content, 20), places.touched(mask, (5, 4), 20)
    drawn, scaled = canvases_of(*maps), canvases_of(*(maps * scale))
    np.testing.assert_allclose(
        places.shares(drawn.values, cover), places.shares(scaled.values, cover), atol=1e-5
    )
    for place in (cover, places.border(), places.corners()):
        share = places.shares(drawn.values, place)
        assert np.all((share >= 0) & (share <= 1 + 1e-5))
    hit = places.pointing(np.maximum(maps, 0), hits)
    np.testing.assert_array_equal(hit, places.pointing(np.maximum(maps, 0) * scale, hits))
    assert np.all((hit >= 0) & (hit <= 1))


@given(maps=MAPS, mask=arrays(bool, (2, 20, 20)))
def test_shares_of_a_place_and_of_the_rest_make_one(maps, mask):
    content = np.tile([0, 0, 20, 20], (2, 1))
    values = canvases_of(*maps).values
    both = [places.shares(values, places.on_canvas(each, content, 20)) for each in (mask, ~mask)]
    np.testing.assert_allclose(sum(both), values.sum(axis=(1, 2)), atol=1e-5)  # 1, or 0 for an empty map


@pytest.mark.parametrize("grid", [(5, 4), (7, 3), (20, 20), (1, 1), (13, 9)])
def test_touched_cells_equal_a_loop_over_pixels(grid):
    masks = np.random.default_rng(4).random((3, 20, 20)) < 0.02
    found = places.touched(masks, grid, 20)
    expected = np.zeros((3, *grid), dtype=bool)
    for image, row, column in np.argwhere(masks):
        for r in range(grid[0]):
            for c in range(grid[1]):
                # in units of 1 / cells of a pixel, so that nothing is rounded
                lies_in_rows = row * grid[0] < (r + 1) * 20 and (row + 1) * grid[0] > r * 20
                lies_in_columns = column * grid[1] < (c + 1) * 20 and (column + 1) * grid[1] > c * 20
                expected[image, r, c] |= lies_in_rows and lies_in_columns
    np.testing.assert_array_equal(found, expected)


def test_the_pointing_game_by_hand():
    finding = np.array([[True, False], [True, False]])
    hit, miss = np.array([[3.0, 1], [2, 0]]), np.array([[1.0, 3], [2, 0]])
    tie, threefold = np.array([[3.0, 3], [0, 0]]), np.array([[3.0, 3], [3, 0]])
    found = places.pointing(np.stack([hit, miss, tie, threefold]), np.tile(finding, (4, 1, 1)))
    assert found.tolist() == [1, 0, 0.5, pytest.approx(2 / 3)]


def test_the_hit_rate_at_random_is_that_of_all_maps_with_a_single_cell():
    inside = np.ones((1, 5, 4), dtype=bool)
    inside[:, 4] = False  # padding below
    hits = places.touched(np.random.default_rng(6).random((1, 20, 20)) < 0.03, (5, 4), 20)
    single = np.eye(20).reshape(20, 5, 4)[inside.reshape(-1)]
    expected = places.pointing(single, np.tile(hits, (len(single), 1, 1))).mean()
    assert places.pointing_at_random(inside, hits) == pytest.approx(expected)
    assert 0 < expected < 1
