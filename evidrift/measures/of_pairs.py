"""The measures of a pair of maps: features once per map, then all pairs by index."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from evidrift.measures import areas, patterns
from evidrift.measures.canvas import OK, SIDE, Canvases

# Of the map's strongest cells; all conclusions rest on it.
MOVED_SHARE = "moved_share"
# The same of maps averaged over a grid that is no finer than any network's of the study.
ON_COARSE_GRID = f"{MOVED_SHARE}_coarse"
PRIMARY = (MOVED_SHARE, "displacement", "correlation", "concentration")


def curve_column(area: float) -> str:
    """The column of the moved share at another share of the area, e.g. `moved_share_10` for 0.1."""
    return f"{MOVED_SHARE}_{100 * area:g}"


@dataclass(frozen=True)
class Features:
    """All that the measures need of n maps.

    Attributes:
        status: (n,) index into canvas.STATUSES.
        centre: centre of mass, (n, 2) as row and column over the image's sides.
        top: top set by share of the area.
        half: cells at half the maximum or above.
        pattern: standardised canvases, (n, cells).
        ranks: their standardised ranks, (n, cells).
        local: window statistics for SSIM.
        gini: (n,), on the native grid.
        entropy: (n,), on the native grid.
    """

    status: np.ndarray
    centre: np.ndarray
    top: dict[float, areas.AreaSets]
    half: areas.AreaSets
    pattern: np.ndarray
    ranks: np.ndarray
    local: patterns.LocalStatistics
    gini: np.ndarray
    entropy: np.ndarray


def describe(maps: Canvases, shares: Sequence[float]) -> Features:
    """Features of n maps; `shares` are the areas whose top sets will be compared."""
    values = maps.values.reshape(len(maps.values), -1)
    ascending, order = areas.in_order(values)
    return Features(
        status=maps.status,
        centre=_centres(maps.values),
        top={share: areas.top_area(values, ascending, share) for share in shares},
        half=areas.half_maximum(values, ascending),
        pattern=patterns.standardised(values),
        ranks=patterns.standardised(patterns.average_ranks(ascending, order)),
        local=patterns.local_statistics(maps.values),
        gini=gini(maps.native, maps.inside),
        entropy=entropy(maps.native, maps.inside),
    )


Described = TypeVar("Described", Features, areas.AreaSets)


def joined(parts: Sequence[Described]) -> Described:
    """What was described of maps in parts, one below the other."""
    return _joined(parts)


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts]) for name in first}
    names = [each.name for each in fields(first)]
    return type(first)(**{name: _joined([getattr(part, name) for part in parts]) for name in names})


def measure(
    features: Features,
    before: np.ndarray,
    after: np.ndarray,
    area: float,
    curve: Sequence[float],
    with_ssim: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Every measure of every pair, float32, NaN where either map is not `ok`.

    Args:
        features: of all maps, described with `area` and `curve`.
        before: index of each pair's first map, (pairs,).
        after: index of each pair's second map.
        area: share of the canvas for `moved_share` and `overlap`.
        curve: further shares, each giving its own column.
        with_ssim: pairs whose SSIM is wanted, (pairs,) bool; None for all. It costs as much as all the rest.

    Returns:
        displacement: distance of the centres of mass over the canvas's diagonal, 0 to 1. The canvas is the
            image squashed to a square, padded or not: a step along the film's shorter side counts for more
            than one of as many millimetres along the longer.
        moved_share, moved_share_<percent>: share of the strongest cells that lies elsewhere, 0 to 1.
        overlap, iou_half_max: intersection over union, 0 to 1.
        correlation, spearman, ssim: at most 1; ssim NaN where it is not wanted.
        concentration, entropy: the second map's Gini coefficient or entropy minus the first's.
    """
    moved = features.centre[after] - features.centre[before]
    wanted = np.ones(len(before), bool) if with_ssim is None else with_ssim
    likeness = np.full(len(before), np.nan, dtype=np.float32)
    likeness[wanted] = patterns.ssim(features.local, before[wanted], after[wanted])
    top = features.top
    found = {
        MOVED_SHARE: areas.moved_share(top[area], before, after, area),
        "displacement": np.hypot(moved[:, 0], moved[:, 1]) / np.sqrt(2),
        "correlation": patterns.correlation(features.pattern, before, after),
        "concentration": features.gini[after] - features.gini[before],
        "entropy": features.entropy[after] - features.entropy[before],
        "spearman": patterns.correlation(features.ranks, before, after),
        "ssim": likeness,
        "overlap": areas.overlap(top[area], before, after),
        "iou_half_max": areas.overlap(features.half, before, after),
    }
    for share in curve:
        found[curve_column(share)] = areas.moved_share(top[share], before, after, share)
    usable = np.maximum(features.status[before], features.status[after]) == OK
    return {name: np.where(usable, value, np.nan).astype(np.float32) for name, value in found.items()}


def _centres(values: np.ndarray) -> np.ndarray:
    """Centres of mass of canvases that sum to one, (n, 2): row and column, 0 to 1."""
    place = (np.arange(SIDE) + 0.5) / SIDE
    rows = values.sum(axis=2, dtype=np.float64) @ place
    columns = values.sum(axis=1, dtype=np.float64) @ place
    return np.stack([rows, columns], axis=1)


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
