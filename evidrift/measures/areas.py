"""Sets of a canvas's cells, and the overlap of two: the top share of the area, or half the maximum."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AreaSets:
    """One set of cells a map, in which cells tied at the threshold take part fractionally.

    Cells are packed to 64 a word, so that the overlap of a pair is a handful of bit counts.

    Attributes:
        above: (n, words) uint64, cells that belong to the set wholly.
        tied: (n, words) uint64, cells at the threshold.
        share: (n,) how much of each tied cell belongs to the set, 0 to 1.
        thin: (n,) bool, less than the wanted area is positive, so the set is all that is.
    """

    above: np.ndarray
    tied: np.ndarray
    share: np.ndarray
    thin: np.ndarray

    @property
    def area(self) -> np.ndarray:
        """Cells in each set, fractional, (n,)."""
        return _count(self.above) + self.share * _count(self.tied)

    @property
    def squared_length(self) -> np.ndarray:
        """Of each set's indicator vector, whose elements at tied cells are their share, (n,)."""
        return _count(self.above) + self.share**2 * _count(self.tied)


def in_order(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's values from low to high, and the cells they come from; both (n, cells).

    Args:
        values: non-negative float32, (n, cells).
    """
    # Bits of non-negative floats sort like the floats. One sort of value and cell packed into a word takes
    # half the time of argsort, which is most of what a map costs.
    bits = (values + np.float32(0)).view(np.uint32).astype(np.uint64) << np.uint64(32)
    words = bits | np.arange(values.shape[1], dtype=np.uint64)
    words.sort(axis=1)
    ascending = (words >> np.uint64(32)).astype(np.uint32).view(np.float32)
    return ascending, words.astype(np.uint32).astype(np.intp)


def top_area(values: np.ndarray, ascending: np.ndarray, area: float) -> AreaSets:
    """The set that holds exactly `area` of the canvas, highest values first.

    Args:
        values: non-negative canvases, (n, cells), cells a multiple of 64.
        ascending: the same from `in_order`; given, since several areas need it.
        area: share of the canvas, 0 to 1.
    """
    cells = values.shape[1]
    wanted = area * cells
    threshold = ascending[:, cells - int(np.ceil(wanted))]
    thin = np.count_nonzero(values > 0, axis=1) < wanted

    above = values > np.where(thin, 0, threshold)[:, None]
    tied = (values == threshold[:, None]) & ~thin[:, None]
    missing = wanted - np.count_nonzero(above, axis=1)
    share = np.where(thin, 0, missing / np.maximum(np.count_nonzero(tied, axis=1), 1))
    return AreaSets(_pack(above), _pack(tied), share, thin)


def half_maximum(values: np.ndarray, ascending: np.ndarray) -> AreaSets:
    """Cells at half the maximum or above: the literature's set.

    Not comparable across grids (docs/measures.md).
    """
    above = (values >= ascending[:, -1:] / 2) & (values > 0)
    nothing = np.zeros(len(values))
    packed = _pack(above)
    return AreaSets(packed, np.zeros_like(packed), nothing, nothing.astype(bool))


def moved_share(sets: AreaSets, before: np.ndarray, after: np.ndarray, area: float) -> np.ndarray:
    """Share of the strongest `area` that lies elsewhere: |m_A - m_B|^2 / (2 q) of the indicator vectors.

    Without ties it is 1 - |A and B| / q. As a squared Euclidean distance it adds up: means and variances of
    sets decompose like those of vectors (docs/design.md, Drift).

    Args:
        sets: of all maps, by `top_area` with the same `area`.
        before: index of each pair's first map, (pairs,).
        after: index of each pair's second map.
        area: q as a share of the canvas.

    Returns:
        0 (the same set) to 1 (disjoint), (pairs,); 1 - area in expectation for independent sets. Sets that
        are `thin` hold less than the area, so that two of them are further from 1.
    """
    one, other = sets.share[before], sets.share[after]
    common = _common(sets, before, after, one, other, one * other)
    wanted = area * sets.above.shape[1] * 64
    lengths = sets.squared_length
    return np.maximum(lengths[before] + lengths[after] - 2 * common, 0) / (2 * wanted)


def overlap(sets: AreaSets, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Intersection over union of pairs of sets: sum of minima over sum of maxima, (pairs,).

    Args:
        sets: of all maps.
        before: index of each pair's first map.
        after: index of each pair's second map.

    Returns:
        Overlaps from 0 to 1; NaN where both sets are empty.
    """
    one, other = sets.share[before], sets.share[after]
    common = _common(sets, before, after, one, other, np.minimum(one, other))
    union = sets.area[before] + sets.area[after] - common
    return np.divide(common, union, out=np.full(len(common), np.nan), where=union > 0)


def _common(
    sets: AreaSets,
    before: np.ndarray,
    after: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    both: np.ndarray,
) -> np.ndarray:
    """Cells in common; a cell tied in one map counts by its share, one tied in both maps by `both`."""
    above, tied = sets.above, sets.tied
    return (
        _count(above[before] & above[after])
        + other * _count(above[before] & tied[after])
        + one * _count(tied[before] & above[after])
        + both * _count(tied[before] & tied[after])
    )


def _pack(cells: np.ndarray) -> np.ndarray:
    return np.packbits(cells, axis=1).view(np.uint64)


def _count(words: np.ndarray) -> np.ndarray:
    return np.bitwise_count(words).sum(axis=1, dtype=np.int64)
