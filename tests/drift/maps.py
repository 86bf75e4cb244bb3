"""Small maps for the tests of drift."""

import numpy as np

from evidrift.measures.canvas import SIDE, Canvases, draw

WHOLE = np.array([0, 0, 112, 112])
SIZE = 112


def canvases_of(*maps: np.ndarray) -> Canvases:
    """Unpadded maps as canvases."""
    signed = np.stack([np.asarray(each, dtype=np.float32) for each in maps])
    return draw(signed, np.tile(WHOLE, (len(signed), 1)), SIZE)


def random_maps(n: int, grid: int = 7, seed: int = 0) -> np.ndarray:
    """Smooth-ish signed maps, about half of them positive."""
    return np.random.default_rng(seed).normal(size=(n, grid, grid)).astype(np.float32)


def rectangle(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """A map on the canvas's own grid that is one inside the half-open rectangle and zero outside."""
    canvas = np.zeros((SIDE, SIDE), dtype=np.float32)
    canvas[top:bottom, left:right] = 1
    return canvas


def membership(values: np.ndarray, area: float) -> np.ndarray:
    """How much each cell belongs to the top area: hand out the area level by level, evenly in a level."""
    left, belongs = area * len(values), np.zeros(len(values))
    for level in sorted(set(values[values > 0].tolist()), reverse=True):
        at = values == level
        belongs[at] = min(left / at.sum(), 1)
        left -= belongs[at].sum()
        if left <= 1e-9:
            break
    return belongs
