"""Measure every planned pair of one architecture, class by class."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, groupby

import numpy as np

from evidrift.drift.pairs import Pairs
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.maps import grids
from evidrift.measures import areas
from evidrift.measures.canvas import NAN, OK, draw
from evidrift.measures.of_pairs import ON_COARSE_GRID, Features, describe, measure

# Classes measured side by side. With 2,000 test images, three seeds and ten methods and layers: 2 GB.
AT_ONCE = 2
# SSIM costs as much as all other measures together, and pairs of patients are most of all: a few of them
# give its scale, which is secondary.
SSIM_DRAWS = 2
# Cells a side of the grid on which architectures of different grids are compared again: the coarsest of the
# paper's networks (docs/measures.md, Which can be compared between architectures).
COARSE = 5


@dataclass(frozen=True)
class Measured:
    """The measures of all pairs, and the agreement of methods.

    Attributes:
        pairs: by (layer, method): column name -> (pairs,), with `status` and `thin` beside the measures;
            status `nan` and NaN where either image was not explained.
        agreement: by (layer, method, other method): Pearson's correlation of the two methods' maps of
            the same image, (checkpoints, seeds, images); NaN where either is not `ok`.
    """

    pairs: dict[tuple[str, str], dict[str, np.ndarray]]
    agreement: dict[tuple[str, str, str], np.ndarray]


@dataclass(frozen=True)
class _Block:
    """Explained images of one class, the rows of their pairs, and both maps' place among the block's maps."""

    images: np.ndarray
    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    with_ssim: np.ndarray


def measure_all(maps: ArchitectureMaps, pairs: Pairs, params: Drift) -> Measured:
    """Measure all pairs for every method and layer.

    Both maps of a pair belong to one class, so a class is a block: its maps are described once, need
    little memory, and blocks are independent, so that they run side by side.
    """
    methods = sorted(maps.signed)
    measured = Measured(
        {key: {} for key in methods},
        {
            (layer, one, other): np.full(maps.predicted.shape, np.nan, dtype=np.float32)
            for layer, names in _by_layer(methods)
            for one, other in combinations(names, 2)
        },
    )
    labels = np.unique(maps.labels)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        results = list(pool.map(lambda label: _measure_class(maps, pairs, label, params), labels))
    for label, (measures, agreement) in zip(labels, results, strict=True):
        for key, (rows, columns) in measures.items():
            for name, values in columns.items():
                whole = measured.pairs[key].setdefault(name, _unmeasured(name, len(pairs.kind), values.dtype))
                whole[rows] = values
        for pair, correlation in agreement.items():
            measured.agreement[pair][:, :, maps.labels == label] = correlation
    return measured


def _unmeasured(name: str, n: int, dtype: np.dtype) -> np.ndarray:
    return np.full(n, {"status": NAN, "thin": False}.get(name, np.nan), dtype)


def _block(maps: ArchitectureMaps, pairs: Pairs, label: int, explained: np.ndarray) -> _Block:
    members = explained & (maps.labels == label)
    images = np.flatnonzero(members)
    rows = np.flatnonzero(members[pairs.image_before] & members[pairs.image_after])

    def place(checkpoint: np.ndarray, seed: np.ndarray, image: np.ndarray) -> np.ndarray:
        run = checkpoint[rows] * len(maps.seeds) + seed[rows]
        return run * len(images) + np.searchsorted(images, image[rows])

    before = place(pairs.checkpoint_before, pairs.seed_before, pairs.image_before)
    after = place(pairs.checkpoint_after, pairs.seed_after, pairs.image_after)
    return _Block(images, rows, before, after, pairs.draw[rows] < SSIM_DRAWS)


def _measure_class(
    maps: ArchitectureMaps, pairs: Pairs, label: int, params: Drift
) -> tuple[
    dict[tuple[str, str], tuple[np.ndarray, dict[str, np.ndarray]]], dict[tuple[str, str, str], np.ndarray]
]:
    """Of one class: rows of its measured pairs with their columns, and the agreement of its images' maps."""
    measures, agreement = {}, {}
    members = maps.labels == label
    for layer, methods in _by_layer(sorted(maps.signed)):
        patterns = {}
        for method in methods:
            explained = maps.explained[layer, method]
            block = _block(maps, pairs, label, explained)
            features = _describe(maps.signed[layer, method][:, :, block.images], maps, block, params)
            coarse = _on_coarse_grid(maps.signed[layer, method][:, :, block.images], maps, block, params)
            measures[layer, method] = block.rows, _columns(features, block, params) | coarse
            runs = (2, len(maps.seeds))
            pattern = np.full((*runs, members.sum(), features.pattern.shape[1]), np.nan, np.float32)
            ok = np.where(features.status[:, None] == OK, features.pattern, np.float32(np.nan))
            pattern[:, :, explained[members]] = ok.reshape(*runs, -1, pattern.shape[-1])
            patterns[method] = pattern
        for one, other in combinations(methods, 2):
            agreement[layer, one, other] = np.einsum("csmp,csmp->csm", patterns[one], patterns[other])
    return measures, agreement


def _describe(signed: np.ndarray, maps: ArchitectureMaps, block: _Block, params: Drift) -> Features:
    runs = signed.shape[0] * signed.shape[1]
    content = np.tile(maps.content[block.images], (runs, 1))
    canvases = draw(signed.reshape(-1, *signed.shape[3:]), content, maps.size)
    return describe(canvases, (params.area, *params.curve))


def _on_coarse_grid(
    signed: np.ndarray, maps: ArchitectureMaps, block: _Block, params: Drift
) -> dict[str, np.ndarray]:
    """The moved share of the maps' positive part, averaged over the cells of a coarse grid."""
    runs = signed.shape[0] * signed.shape[1]
    content = np.tile(maps.content[block.images], (runs, 1))
    canvases = draw(averaged(signed.reshape(-1, *signed.shape[3:]), COARSE), content, maps.size)
    values = canvases.values.reshape(len(canvases.values), -1)
    sets = areas.top_area(values, areas.in_order(values)[0], params.area)
    moved = areas.moved_share(sets, block.before, block.after, params.area)
    usable = np.maximum(canvases.status[block.before], canvases.status[block.after]) == OK
    return {ON_COARSE_GRID: np.where(usable, moved, np.nan).astype(np.float32)}


def averaged(maps: np.ndarray, cells: int) -> np.ndarray:
    """The positive part of maps, averaged over the cells of a grid that is no finer.

    Args:
        maps: (n, h, w).
        cells: a side, of the grid; a side of the maps that has fewer keeps its own.

    Returns:
        (n, min(cells, h), min(cells, w)).
    """
    rows, columns = (grids.shares(min(cells, side), side) for side in maps.shape[1:])
    positive = np.where(np.isfinite(maps), np.maximum(maps, 0), np.nan)  # what is not finite stays so
    rows, columns = (each / each.sum(axis=1, keepdims=True) for each in (rows, columns))
    return rows @ positive @ columns.T


def _columns(features: Features, block: _Block, params: Drift) -> dict[str, np.ndarray]:
    status = np.maximum(features.status[block.before], features.status[block.after])
    thin = features.top[params.area].thin
    found = {"status": status, "thin": (thin[block.before] | thin[block.after]) & (status == OK)}
    pairs = (block.before, block.after)
    return found | measure(features, *pairs, params.area, params.curve, block.with_ssim)


def _by_layer(methods: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    return [(layer, [name for _, name in group]) for layer, group in groupby(methods, key=lambda key: key[0])]
