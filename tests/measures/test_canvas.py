import cv2
import numpy as np
import pytest

from evidrift.measures.canvas import SIDE, STATUSES, cells_inside, draw, resample
from tests.drift.maps import SIZE, WHOLE, canvases_of, random_maps


def explicit_bilinear(grid: np.ndarray, box: tuple[int, int, int, int], size: int) -> np.ndarray:
    """Half-pixel bilinear, one value at a time, from the definition."""
    top, left, bottom, right = box
    height, width = grid.shape
    result = np.empty((SIDE, SIDE))
    for r in range(SIDE):
        for c in range(SIDE):
            y = (top + (r + 0.5) * (bottom - top) / SIDE) / (size / height) - 0.5
            x = (left + (c + 0.5) * (right - left) / SIDE) / (size / width) - 0.5
            y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
            above = grid[y0, x0] * (1 - (x - x0)) + grid[y0, x1] * (x - x0)
            below = grid[y1, x0] * (1 - (x - x0)) + grid[y1, x1] * (x - x0)
            result[r, c] = above * (1 - (y - y0)) + below * (y - y0)
    return result


@pytest.mark.parametrize("grid", [(7, 7), (4, 4), (5, 9), (14, 14), (1, 1), (56, 56), (112, 112), (100, 64)])
def test_resampling_the_whole_square_is_opencv_s_half_pixel_bilinear(grid):
    maps = np.random.default_rng(1).random((3, *grid))
    found = resample(maps, np.tile(WHOLE, (3, 1)), SIZE)
    for one, canvas in zip(maps, found, strict=True):
        expected = cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        np.testing.assert_allclose(canvas, expected, atol=1e-6)


@pytest.mark.parametrize("grid", [(7, 7), (14, 10), (112, 112)])
@pytest.mark.parametrize("box", [(0, 0, 112, 112), (0, 20, 112, 91), (13, 0, 99, 112), (30, 40, 50, 100)])
def test_resampling_a_padded_image_samples_its_own_frame(grid, box):
    maps = np.random.default_rng(2).random((1, *grid))
    found = resample(maps, np.array([box]), SIZE)[0]
    np.testing.assert_allclose(found, explicit_bilinear(maps[0], box, SIZE), atol=1e-12)


def test_borders_repeat_the_outermost_cells_exactly():
    # 7 cells on 56: the centre of the first cell lies at 4, so canvas columns 0 to 3 all hold its value.
    canvas = canvases_of(np.arange(1, 50).reshape(7, 7)).values[0]
    assert (canvas[:, :4] == canvas[:, :1]).all()
    assert (canvas[-4:] == canvas[-1]).all()


def test_a_canvas_sums_to_one_and_ignores_negative_evidence():
    signed = random_maps(5)
    values = canvases_of(*signed).values
    np.testing.assert_allclose(values.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(values, canvases_of(*np.maximum(signed, 0)).values)


def test_scaling_a_map_leaves_its_canvas_even_at_the_ends_of_float32():
    signed = random_maps(4)
    expected = canvases_of(*signed).values
    for factor in (1e-30, 1e30):
        np.testing.assert_allclose(canvases_of(*signed * factor).values, expected, rtol=1e-5, atol=1e-10)


def test_the_status_says_why_a_map_cannot_be_used():
    good = np.arange(49.0).reshape(7, 7)
    maps = {
        "ok": good,
        "nan": np.where(good == 3, np.nan, good),
        "blank": -good,
        "flat": np.full((7, 7), 0.3),
    }
    found = canvases_of(*maps.values(), np.where(good == 3, -np.inf, good), np.zeros((7, 7)))
    assert [STATUSES[code] for code in found.status] == ["ok", "nan", "blank", "flat", "nan", "blank"]
    assert not found.values[1:].any()


def test_a_map_of_a_single_cell_lies_inside_its_image_and_is_flat_where_it_is_positive():
    found = canvases_of(*(np.full((1, 1), value) for value in (3, -3, np.nan)))
    assert [STATUSES[code] for code in found.status] == ["flat", "blank", "nan"]
    assert found.inside.all()
    # also where the image leaves the square's centre out
    assert cells_inside(np.array([[0, 0, 20, 112]]), 112, (1, 1)).all()
    assert (resample(np.full((1, 1, 1), 3.0), np.array([[0, 0, 20, 112]]), 112) == 3).all()


def test_flat_means_a_range_of_a_millionth_of_the_maximum():
    even = np.ones((7, 7))
    just_flat, not_flat = even.copy(), even.copy()
    just_flat[3, 3] -= 5e-7
    not_flat[3, 3] -= 5e-6
    # The canvas keeps (15/16)^2 of a single cell's depth: 4.4e-7 and 4.4e-6.
    assert [STATUSES[code] for code in canvases_of(just_flat, not_flat).status] == ["flat", "ok"]


def test_cells_are_inside_when_their_centres_are():
    # Cells of 16 px have centres at 8, 24, ..., 104: a box from 24 to 104 holds five of them, 25 to 105 too.
    inside = cells_inside(np.array([[24, 0, 104, 112], [25, 0, 105, 112]]), 112, (7, 7))
    assert inside[0].sum() == 5 * 7
    assert inside[0, 1].all()
    assert not inside[0, 6].any()
    assert not inside[1, 1].any()
    assert inside[1, 6].all()


def test_evidence_in_the_padding_only_is_blank():
    signed = np.zeros((1, 7, 7), dtype=np.float32)
    signed[0, :, 0] = 1
    padded = draw(signed, np.array([[0, 40, 112, 72]]), 112)
    assert STATUSES[padded.status[0]] == "blank"
    assert STATUSES[draw(signed, WHOLE[None], 112).status[0]] == "ok"


@pytest.mark.parametrize("box", [(0, 50, 112, 54), (50, 0, 54, 112)])
def test_a_strip_between_two_centres_has_the_nearest_row_or_column(box):
    # Cells of 16 px have centres at 40 and 56. The strip's middle, 52, lies in the fourth: 48 to 64.
    inside = cells_inside(np.array([box]), 112, (7, 7))[0]
    inside = inside if box[1] else inside.T
    assert inside.all(axis=0).tolist() == [False, False, False, True, False, False, False]
    assert inside.sum() == 7


def test_a_strip_between_two_centres_has_evidence_and_is_not_blank():
    strip = draw(np.abs(random_maps(1)), np.array([[0, 50, 112, 54]]), 112)
    assert STATUSES[strip.status[0]] == "ok"
    assert strip.native.sum(axis=(1, 2)) > 0


def test_the_native_map_has_nothing_outside_the_image():
    drawn = draw(np.abs(random_maps(2)), np.tile([0, 20, 112, 92], (2, 1)), 112)
    assert not drawn.native[~drawn.inside].any()
    assert (drawn.native[drawn.inside] > 0).all()


def test_a_padded_image_has_the_canvas_of_the_image_alone():
    # 8 columns of 14 px; the image is the middle 4, as if the network had seen it on a 4-column grid.
    signed = np.abs(random_maps(1, grid=8))
    padded = draw(signed, np.array([[0, 28, 112, 84]]), 112).values[0]
    alone = draw(signed[:, :, 2:6], WHOLE[None], 112).values[0]
    # Away from the sides, where the padded map still blends with the neighbour outside.
    middle = np.s_[:, 7:-7]
    np.testing.assert_allclose(
        padded[middle] / padded[middle].sum(), alone[middle] / alone[middle].sum(), rtol=1e-5
    )
