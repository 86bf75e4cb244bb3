"""Where in the image a map's evidence lies: at the border, in the corners, in the lungs, in the finding.

Shares are taken on the canvas, in the image's own frame; the pointing game on the map's own grid. A map that
knows nothing of the image has in expectation the place's share of the area as its share of evidence, and the
share of cells that touch the finding as its hit rate: every figure stands beside that baseline.
"""

import numpy as np

from evidrift.maps import grids
from evidrift.measures.canvas import SIDE

# Shares of the image's side. Markers, tubes' ends and collimator edges lie here, hardly ever lung.
BORDER = 0.05
CORNER = 0.15
# What is measured of each map, and the column beside it with what a random map has in expectation.
BASELINES = {
    "border": "border_area",
    "corners": "corners_area",
    "lungs": "lungs_area",
    "finding": "finding_area",
    "hit": "hit_random",
}


def border() -> np.ndarray:
    """How much of each cell of the canvas lies in the outer 5 % of a side, (56, 56), 0 to 1.

    Its area is 1 - 0.9^2 = 19 % of the image.
    """
    middle = _overlaps(np.array([BORDER]), np.array([1 - BORDER]))
    return 1 - np.outer(middle, middle)


def corners() -> np.ndarray:
    """How much of each cell of the canvas lies in a corner, (56, 56), 0 to 1.

    Corners are squares of 15 % of the side: 9 % of the image in all. Five ninths of that is border as well:
    the two places overlap.
    """
    ends = _overlaps(np.array([0, 1 - CORNER]), np.array([CORNER, 1])).sum(axis=0)
    return np.outer(ends, ends)


def _overlaps(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """How much of each canvas cell along one axis lies in each interval, in sides: (intervals, 56)."""
    lengths = _common(start[:, None], stop[:, None], np.arange(SIDE) / SIDE, np.arange(1, SIDE + 1) / SIDE)
    return np.minimum(SIDE * lengths, 1)  # rounding goes beyond, and the rest of a cell would be negative


def on_canvas(masks: np.ndarray, content: np.ndarray, size: int) -> np.ndarray:
    """How much of each cell of the canvas lies in each image's mask, (n, 56, 56), 0 to 1.

    Args:
        masks: (n, size, size) bool.
        content: top, left, bottom, right of each image inside its square, half open, px, (n, 4); what lies
            outside of it is cut off.
        size: side of the square, px.
    """
    top, left, bottom, right = np.asarray(content, dtype=np.float64).T
    rows, columns = _pixel_shares(top, bottom, size), _pixel_shares(left, right, size)
    return rows @ masks.astype(np.float32) @ columns.swapaxes(1, 2)


def _pixel_shares(start: np.ndarray, stop: np.ndarray, size: int) -> np.ndarray:
    """By how much each pixel counts in each canvas cell along one axis, (n, 56, size), sums of 1."""
    edges = start[:, None] + np.arange(SIDE + 1) / SIDE * (stop - start)[:, None]
    pixel = np.arange(size)
    lengths = _common(edges[:, :-1, None], edges[:, 1:, None], pixel, pixel + 1)
    return (lengths * SIDE / (stop - start)[:, None, None]).astype(np.float32)


def _common(
    start: np.ndarray, stop: np.ndarray, other_start: np.ndarray, other_stop: np.ndarray
) -> np.ndarray:
    """Length that two intervals have in common."""
    return np.maximum(np.minimum(stop, other_stop) - np.maximum(start, other_start), 0)


def shares(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Share of each map's positive evidence that lies in a place: 0 (nothing of it) to 1 (all of it).

    Args:
        values: canvases, each summing to one, (n, 56, 56).
        place: from `border`, `corners` or `on_canvas`: (56, 56), or one an image, (n, 56, 56).
    """
    return (values * place).sum(axis=(1, 2), dtype=np.float64)


def areas(place: np.ndarray) -> np.ndarray:
    """Share of the image's area that a place takes, 0 to 1: an even map's share of evidence there."""
    return place.mean(axis=(-2, -1), dtype=np.float64)


def touched(masks: np.ndarray, grid: tuple[int, int], size: int) -> np.ndarray:
    """Cells of a map's own grid with at least one pixel of the mask, (n, h, w) bool.

    Args:
        masks: (n, size, size) bool.
        grid: height and width of the map.
        size: side of the square, px. Where it is no multiple of the grid, a pixel belongs to both of the
            cells that it lies across.
    """
    # pixels that lie in each cell along one side, wholly or in part
    rows, columns = ((grids.shares(cells, size) > 0).astype(np.float32) for cells in grid)
    return rows @ masks.astype(np.float32) @ columns.T > 0


def pointing(native: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Whether the strongest cell of each map touches the finding, (n,): 1 if it does, 0 if not.

    The pointing game (Zhang et al. 2016, arXiv 1608.00507) with the map's own cell in place of a
    tolerance of 15 px around a point. Where several cells are equally strong, their share that touches.

    Args:
        native: non-negative maps, zero outside the image, (n, h, w).
        hits: cells that touch the finding, from `touched`.
    """
    strongest = native == native.max(axis=(1, 2), keepdims=True)
    return (strongest & hits).sum(axis=(1, 2)) / strongest.sum(axis=(1, 2))


def pointing_at_random(inside: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Hit rate of a cell chosen at random among those of the image, (n,), 0 to 1.

    Args:
        inside: cells that belong to the image, (n, h, w) bool.
        hits: cells that touch the finding, likewise.
    """
    return (inside & hits).sum(axis=(1, 2)) / inside.sum(axis=(1, 2))
