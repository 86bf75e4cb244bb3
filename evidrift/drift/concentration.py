"""How concentrated a map is on its layer's own grid: Gini coefficient and entropy."""

import numpy as np


def gini(native: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Gini coefficient of each map's cells, 0 (even) to 1 - 1/cells (all in one); NaN for empty maps.

    Args:
        native: non-negative maps, (n, h, w), zero outside the image.
        inside: cells that belong to the image, (n, h, w) bool.
    """
    ascending = np.sort(native.reshape(len(native), -1), axis=1)
    cells = inside.sum(axis=(1, 2))
    # Cells outside are zeros, so they sort first; ranks start after them.
    rank = np.arange(1, ascending.shape[1] + 1) - (ascending.shape[1] - cells)[:, None]
    weighted = ((2 * rank - cells[:, None] - 1) * ascending).sum(axis=1)
    return _ratio(weighted, cells * ascending.sum(axis=1))


def entropy(native: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Shannon entropy of each map over that of an even one: 0 (all in one cell) to 1; NaN for empty maps.

    Divided by the logarithm of the number of cells, so that grids of different sizes share a scale.
    """
    flat = native.reshape(len(native), -1)
    share = _ratio(flat, flat.sum(axis=1, keepdims=True))
    nats = -np.where(share > 0, share * np.log(np.where(share > 0, share, 1)), 0 * share).sum(axis=1)
    return _ratio(nats, np.log(np.maximum(inside.sum(axis=(1, 2)), 1)))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
