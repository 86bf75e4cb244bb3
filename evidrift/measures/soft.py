"""Soft overlap of two maps: intersection over union in which each cell counts by its strength."""

import math

import numpy as np

LEVELS = 256


def relative(values: np.ndarray) -> np.ndarray:
    """Each map over its maximum, (n, h, w) -> (n, cells) float64 in 0..1; one without evidence stays 0.

    Args:
        values: non-negative, (n, h, w).
    """
    flat = values.reshape(len(values), math.prod(values.shape[1:])).astype(np.float64)
    highest = flat.max(axis=1, keepdims=True)
    return np.divide(flat, highest, out=np.zeros_like(flat), where=highest > 0)


def soft_overlap(maps: np.ndarray) -> np.ndarray:
    """Sum of the cells' minima over the sum of their maxima, of all pairs of n maps: (n, n), 0 to 1.

    Of sets, whose cells are 0 or 1, it is intersection over union (Jaccard; for weights Ruzicka 1958).

    Args:
        maps: from `relative`, (n, cells).
    """
    shared = np.stack([np.minimum(one, maps).sum(axis=1) for one in maps]) if len(maps) else np.zeros((0, 0))
    return _over_union(shared, maps)


def overlap_by_chance(maps: np.ndarray) -> np.ndarray:
    """What soft overlap to expect of maps as large and as peaked that know nothing of one another, (n, n).

    Where each cell of the one is as likely to meet any cell of the other, as after a shift by chance around
    the borders, the minima sum to 1 / cells times the sum of min(a, b) over all pairs of cells, a of the one
    and b of the other: cells times the integral over t of the share of a above t times that of b. That, over
    the union that goes with it. For sets of the share q of the area it is q / (2 - q).

    Args:
        maps: from `relative`, (n, cells). Values count to the nearest 1/256.
    """
    n, cells = maps.shape
    thresholds = (np.arange(LEVELS) + 0.5) / LEVELS
    ascending = np.sort(maps, axis=1)
    above = np.stack([cells - np.searchsorted(one, thresholds) for one in ascending]) if n else maps
    return _over_union(above @ above.T / (cells * LEVELS), maps)


def _over_union(shared: np.ndarray, maps: np.ndarray) -> np.ndarray:
    size = maps.sum(axis=1)
    union = size[:, None] + size - shared
    return np.divide(shared, union, out=np.zeros_like(shared, dtype=np.float64), where=union > 0)
