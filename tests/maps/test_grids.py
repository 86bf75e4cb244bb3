import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from evidrift.maps.grids import bilinear, cell_sums, enlarge, shares

SIDES = st.integers(1, 50)


def test_a_pixel_on_the_border_of_two_cells_is_shared():
    # 5 pixels in 2 cells of 2.5 pixels
    assert shares(2, 5).tolist() == [[1, 1, 0.5, 0, 0], [0, 0, 0.5, 1, 1]]
    # 4 pixels in 3 cells of 4/3
    np.testing.assert_allclose(
        shares(3, 4), [[1, 1 / 3, 0, 0], [0, 2 / 3, 2 / 3, 0], [0, 0, 1 / 3, 1]], rtol=1e-6
    )


@given(cells=SIDES, side=SIDES)
def test_each_pixel_is_given_out_whole_and_each_cell_is_as_wide_as_the_others(cells, side):
    found = shares(cells, side)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), side / cells, rtol=1e-5)
    assert found.min() >= 0


def test_whole_cells_are_plain_sums_of_blocks():
    maps = np.random.default_rng(0).integers(-9, 9, (3, 6, 20)).astype(np.float32)
    np.testing.assert_array_equal(cell_sums(maps, (3, 4)), maps.reshape(3, 3, 2, 4, 5).sum(axis=(2, 4)))


@given(size=st.tuples(SIDES, SIDES), grid=st.tuples(SIDES, SIDES))
def test_other_cells_are_the_sums_of_blocks_of_the_image_cut_finely(size, grid):
    """An independent way: each pixel cut into as many as there are cells, so that blocks are whole."""
    maps = np.random.default_rng(1).uniform(0, 1, (1, *size)).astype(np.float32)
    fine = maps.repeat(grid[0], 1).repeat(grid[1], 2) / (grid[0] * grid[1])
    blocks = fine.reshape(1, grid[0], size[0], grid[1], size[1]).sum(axis=(2, 4))
    np.testing.assert_allclose(cell_sums(maps, grid), blocks, rtol=1e-3)


@pytest.mark.parametrize(("grid", "size"), [((4, 4), (128, 128)), ((5, 7), (224, 200)), ((3, 2), (3, 2))])
def test_enlarging_is_tensorflows_half_pixel_bilinear(grid, size):
    maps = np.random.default_rng(2).normal(size=(2, *grid)).astype(np.float32)
    expected = tf.image.resize(maps[..., None], size, "bilinear").numpy()[..., 0]
    np.testing.assert_allclose(enlarge(maps, size), expected, atol=1e-5)


def test_a_single_cell_holds_every_pixel_and_gives_each_its_value():
    assert shares(1, 3).tolist() == [[1, 1, 1]]
    maps = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    assert cell_sums(maps, (1, 1)).tolist() == [[[15]]]
    assert bilinear(np.array([-1, 0, 0.5, 2]), 1).tolist() == [[1]] * 4
    assert enlarge(np.full((1, 1, 1), 7, np.float32), (2, 3)).tolist() == [[[7] * 3] * 2]


def test_beyond_the_outermost_centres_their_values_are_repeated():
    assert bilinear(np.array([-3, -0.1, 0, 0.25, 1.5, 2, 9]), 3).tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [1, 0, 0],
        [0.75, 0.25, 0],
        [0, 0.5, 0.5],
        [0, 0, 1],
        [0, 0, 1],
    ]
