"""Planted drift whose truth is known, through the full path: draw, describe, measure; within 2 %.

Where it holds: evidence that does not touch the border (the outermost cells are enlarged outwards). A spot of
a standard deviation of at least 0.65 cells that moves by a tenth of the side or more; concentration of a spot
from 1.2 cells on; whole cells, whatever their number.
"""

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.measures.canvas import draw
from evidrift.measures.of_pairs import describe, measure

GRIDS = (5, 7, 8, 14, 28)
CLOSE = 0.02
SIZE = 112


def drift_of(
    before: np.ndarray, after: np.ndarray, content: tuple[int, ...] = (0, 0, SIZE, SIZE)
) -> dict[str, np.ndarray]:
    """Measures of n pairs of maps, both (n, grid, grid)."""
    n = len(before)
    canvases = draw(np.concatenate([before, after]).astype(np.float32), np.tile(content, (2 * n, 1)), SIZE)
    return measure(describe(canvases, (0.2,)), np.arange(n), np.arange(n) + n, 0.2, ())


def spots(grid: int, centres: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Round spots as seen at the cells' centres: `centres` (n, 2) and `sd` (n,) in sides."""
    place = (np.arange(grid) + 0.5) / grid
    squares = [np.square(place - centres[:, [axis]]) for axis in (0, 1)]
    return np.exp(-(squares[0][:, :, None] + squares[1][:, None, :]) / (2 * sd[:, None, None] ** 2))


def lit(grid: int, cells: list[tuple[int, int]]) -> np.ndarray:
    """A map that is one in the given cells and zero elsewhere."""
    result = np.zeros((grid, grid))
    result[tuple(np.transpose(cells))] = 1
    return result


@pytest.mark.parametrize("grid", GRIDS)
def test_a_spot_that_moves_by_any_distance_is_found_to_have_moved_by_it(grid):
    random = stream("moved spots", grid)
    sd = 0.65 / grid
    centres = random.uniform(3 * sd, 1 - 3 * sd, size=(2, 100, 2))
    sides = np.hypot(*(centres[1] - centres[0]).T)
    before, after = (spots(grid, each[sides >= 0.1], np.full((sides >= 0.1).sum(), sd)) for each in centres)
    found = drift_of(before, after)
    np.testing.assert_allclose(found["displacement"], sides[sides >= 0.1] / np.sqrt(2), rtol=CLOSE)


@pytest.mark.parametrize("grid", GRIDS)
def test_evidence_of_any_shape_that_moves_by_whole_cells_is_found_to_have_moved_by_them(grid):
    random = stream("moved shapes", grid)
    shape = random.exponential(size=(50, grid - 3, grid - 3))
    before, after = np.zeros((2, 50, grid, grid))
    before[:, 1:-2, 1:-2], after[:, 2:-1, 1:-2] = shape, shape
    found = drift_of(before, after)
    np.testing.assert_allclose(found["displacement"], 1 / grid / np.sqrt(2), rtol=CLOSE)
    assert found["concentration"] == pytest.approx(0, abs=1e-6)


def test_in_a_padded_image_a_move_is_a_share_of_the_image_s_own_sides():
    # The image is the middle 56 of 112 columns, 7 of 14 cells: two cells are 2/7 of its width.
    before, after = lit(14, [(6, 5), (7, 5)]), lit(14, [(6, 7), (7, 7)])
    found = drift_of(before[None], after[None], (0, 28, SIZE, 84))
    assert found["displacement"][0] == pytest.approx(2 / 7 / np.sqrt(2), rel=CLOSE)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("sides", [((3, 3), (2, 2)), ((4, 3), (1, 2)), ((2, 3), (1, 1))])
def test_an_even_box_that_shrinks_raises_concentration_by_the_area_that_it_loses(grid, sides):
    # Gini of evidence that is even on a share p of the area: 1 - p.
    before, after = (
        lit(grid, [(row, column) for row in range(height) for column in range(width)])
        for height, width in sides
    )
    lost = (np.prod(sides[0]) - np.prod(sides[1])) / grid**2
    found = drift_of(before[None], after[None])
    assert found["concentration"][0] == pytest.approx(lost, rel=1e-4)


@pytest.mark.parametrize("grid", [14, 28])
def test_a_round_spot_that_shrinks_raises_concentration_by_4_pi_times_the_loss_of_variance(grid):
    # Strongest first, evidence falls with the area a as exp(-a / 2 pi sd^2): its mean rank is 2 pi sd^2, and
    # Gini = 1 - 2 mean rank.
    random = stream("shrinking spots", grid)
    sd = random.uniform([[0.11], [1.2 / grid]], [[0.13], [0.09]], size=(2, 40))
    centres = random.uniform(0.47, 0.53, size=(40, 2))
    found = drift_of(spots(grid, centres, sd[0]), spots(grid, centres, sd[1]))
    np.testing.assert_allclose(found["concentration"], 4 * np.pi * (sd[0] ** 2 - sd[1] ** 2), rtol=CLOSE)


# Cells that neither touch each other nor the border, so that all of them look alike on the canvas.
@pytest.mark.parametrize(
    ("grid", "kept", "replaced"),
    [(5, 1, 1), (7, 3, 1), (7, 2, 2), (7, 1, 3), (7, 0, 4), (8, 3, 1), (8, 1, 3), (14, 17, 1), (14, 9, 9)],
)
def test_evidence_of_which_a_share_q_is_replaced_overlaps_at_1_minus_q_over_1_plus_q(grid, kept, replaced):
    apart = [(row, column) for row in range(1, grid - 1, 2) for column in range(1, grid - 1, 2)]
    random = stream("replaced", grid, kept)
    cells = [apart[place] for place in random.permutation(len(apart))]
    before = lit(grid, cells[: kept + replaced])
    after = lit(grid, cells[:kept] + cells[kept + replaced : kept + 2 * replaced])
    q = replaced / (kept + replaced)
    found = drift_of(before[None], after[None])
    assert found["overlap"][0] == pytest.approx((1 - q) / (1 + q), rel=CLOSE)
    # the fifth ends at the edges of cells, which are all alike: shared evenly, they count for a little less
    assert found["moved_share"][0] == pytest.approx(q, rel=0.03)


@pytest.mark.parametrize("grid", [7, 8, 14])
def test_a_band_that_moves_by_a_cell_gives_up_as_much_of_the_top_fifth(grid):
    before, after = (
        np.tile(np.exp(-0.5 * np.square(np.arange(grid) - middle))[:, None], (1, grid)) for middle in (2, 3)
    )
    q = (1 / grid) / 0.2
    untied = 1 + np.arange(grid) / 1000  # else whole rows at the edge of the fifth are shared evenly
    found = drift_of((before * untied)[None], (after * untied)[None])
    assert found["moved_share"][0] == pytest.approx(q, rel=CLOSE)
    assert found["overlap"][0] == pytest.approx((1 - q) / (1 + q), rel=CLOSE)
