"""The canvas: a stored map brought to its image's own frame, 56x56, as shares of the positive evidence."""

from dataclasses import dataclass

import numpy as np

SIDE = 56
FLAT = 1e-6
# From best to worst: the status of a pair is the worse of its two maps'.
STATUSES = ("ok", "flat", "blank", "nan")
OK, IS_FLAT, BLANK, NAN = range(len(STATUSES))


@dataclass(frozen=True)
class Canvases:
    """Maps that can be compared across grids.

    Attributes:
        values: (n, 56, 56) float32, each summing to one; zeros where the status is not `ok`.
        status: (n,) index into STATUSES.
        native: (n, h, w) positive part on the layer's own grid; zeros outside the image and where not `ok`.
        inside: (n, h, w) bool, the cells of that grid that belong to the image, see `cells_inside`.
    """

    values: np.ndarray
    status: np.ndarray
    native: np.ndarray
    inside: np.ndarray


def draw(signed: np.ndarray, content: np.ndarray, size: int) -> Canvases:
    """Rectify signed maps and resample the image's part of them.

    Padding counts as outside: it is cut off, so the canvas is the image squashed to a square, as it is
    when the image was not padded at all. A map whose evidence all lies in the padding is `blank`.

    Args:
        signed: maps as stored, (n, h, w).
        content: top, left, bottom, right of each image inside its square, half open, px, (n, 4).
        size: side of that square, px.
    """
    finite = np.isfinite(signed).all(axis=(1, 2))
    positive = np.where(finite[:, None, None], np.maximum(signed, 0), 0).astype(np.float64)
    inside = cells_inside(content, size, signed.shape[1:])
    native = positive * inside
    values = resample(positive, content, size)
    low, high = values.min(axis=(1, 2)), values.max(axis=(1, 2))

    blank = (high <= 0) | (native.max(axis=(1, 2)) <= 0)
    flat = high - low <= FLAT * high
    status = np.select([~finite, blank, flat], [NAN, BLANK, IS_FLAT], OK).astype(np.int8)

    ok = (status == OK)[:, None, None]
    total = values.sum(axis=(1, 2), keepdims=True)
    shares = np.divide(values, total, out=np.zeros(values.shape, np.float32), where=ok, casting="same_kind")
    return Canvases(shares, status, native * ok, inside)


def resample(maps: np.ndarray, content: np.ndarray, size: int) -> np.ndarray:
    """Bilinear values at the centres of the canvas's cells, (n, h, w) -> (n, 56, 56).

    Half-pixel centres: corner alignment would move the centre of mass by 4 % of the side.
    """
    top, left, bottom, right = np.asarray(content, dtype=np.float64).T
    rows, columns = _weights(top, bottom, size, maps.shape[1]), _weights(left, right, size, maps.shape[2])
    return rows @ maps @ columns.swapaxes(1, 2)


def cells_inside(content: np.ndarray, size: int, grid: tuple[int, ...]) -> np.ndarray:
    """Cells of a grid over the square whose centre lies inside the image, (n, h, w) bool.

    An image so narrow that it lies between two rows' or columns' centres has the one nearest to its middle.
    """
    top, left, bottom, right = np.asarray(content, dtype=np.float64).T[:, :, None]
    height, width = grid
    rows, columns = _span(top, bottom, size, height), _span(left, right, size, width)
    return rows[:, :, None] & columns[:, None, :]


def _span(start: np.ndarray, stop: np.ndarray, size: int, cells: int) -> np.ndarray:
    """Which cells along one axis belong to images from `start` to `stop`, both (n, 1): (n, cells) bool."""
    cell = np.arange(cells)
    centre = (cell + 0.5) * size / cells
    inside = (centre >= start) & (centre < stop)
    nearest = cell == np.floor((start + stop) / 2 * cells / size)
    return np.where(inside.any(axis=1, keepdims=True), inside, nearest)


def _weights(start: np.ndarray, stop: np.ndarray, size: int, cells: int) -> np.ndarray:
    """By how much each grid cell counts at each canvas cell's centre along one axis, (n, 56, cells)."""
    centre = start[:, None] + (np.arange(SIDE) + 0.5) / SIDE * (stop - start)[:, None]
    # Clipped, so that canvas cells beyond the outermost centres repeat them exactly: true ties.
    place = np.clip(centre * cells / size - 0.5, 0, cells - 1)
    return np.maximum(1 - np.abs(place[:, :, None] - np.arange(cells)), 0)
