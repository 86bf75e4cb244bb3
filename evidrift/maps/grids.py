"""Between the pixels of an image and the cells of a layer's grid, which divides the image's sides evenly."""

import numpy as np


def shares(cells: int, side: int) -> np.ndarray:
    """How much of each pixel lies in each cell along one side: (cells, side) float32, columns sum to 1.

    Where `side` is no multiple of `cells` a pixel on the border of two cells is shared between them.
    """
    # in units of 1 / cells of a pixel all borders are whole numbers, so whole shares are exactly 1
    pixel, cell = np.arange(side) * cells, np.arange(cells)[:, None] * side
    overlap = np.minimum(pixel + cells, cell + side) - np.maximum(pixel, cell)
    return (np.maximum(overlap, 0) / cells).astype(np.float32)


def cell_sums(maps: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Sum of each cell's pixels, area-weighted: (n, H, W) -> (n, h, w); the total is kept."""
    height, width = maps.shape[1:]
    return shares(grid[0], height) @ maps @ shares(grid[1], width).T


def bilinear(places: np.ndarray, cells: int) -> np.ndarray:
    """Weights of the cells for linear interpolation along one side.

    Args:
        places: where to read, in units of cells, 0 at the centre of the first; (...). Beyond the outermost
            centres their values are repeated.
        cells: how many there are.

    Returns:
        (..., cells) float32, the last axis sums to 1.
    """
    inside = np.clip(places, 0, cells - 1)[..., np.newaxis]
    return np.maximum(1 - np.abs(inside - np.arange(cells)), 0).astype(np.float32)


def enlarge(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Bilinear values of (n, h, w) at the centres of an image's pixels, (n, H, W): half-pixel centres."""
    rows, columns = (
        bilinear((np.arange(side) + 0.5) * cells / side - 0.5, cells)
        for side, cells in zip(size, maps.shape[1:], strict=True)
    )
    return rows @ maps @ columns.T
