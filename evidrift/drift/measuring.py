"""Measure every planned pair of one architecture, layer by layer and group by group."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, groupby

import numpy as np

from evidrift.drift.pairs import Pairs, groups_of, rows_by_group
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.maps import grids
from evidrift.measures import areas
from evidrift.measures.canvas import NAN, OK, draw
from evidrift.measures.of_pairs import ON_COARSE_GRID, Features, describe, joined, measure

# Groups measured side by side.
AT_ONCE = 2
# Maps described at once: few enough that what describing needs on the way stays in the processor's cache.
DESCRIBED = 64
# SSIM costs as much as all other measures together, and pairs of patients are most of all: a few of them
# give its scale, which is secondary.
SSIM_DRAWS = 2
# Cells a side of the grid on which architectures of different grids are compared again: the coarsest of the
# paper's networks (docs/measures.md, Which can be compared between architectures).
COARSE = 5

# Of a group: by method, the rows of its pairs and their columns; and the agreement of methods.
_Found = tuple[dict[str, tuple[np.ndarray, dict[str, np.ndarray]]], dict[tuple[str, str], np.ndarray]]


@dataclass(frozen=True)
class Measured:
    """The measures of all pairs at one layer, and the agreement of methods there.

    Attributes:
        pairs: by method: column name -> (pairs,), with `status` and `thin` beside the measures; status `nan`
            and NaN where either image was not explained.
        agreement: by (method, other method): Pearson's correlation of the two methods' maps of the same
            image, (checkpoints, seeds, images); NaN where either is not `ok`.
    """

    pairs: dict[str, dict[str, np.ndarray]]
    agreement: dict[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class _Block:
    """Explained images of one group, the rows of their pairs, and both maps' place among the block's maps."""

    images: np.ndarray
    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    with_ssim: np.ndarray


def measure_layers(maps: ArchitectureMaps, pairs: Pairs, params: Drift) -> Iterator[tuple[str, Measured]]:
    """Measure all pairs, one layer's methods after the other.

    Both maps of a pair belong to one group, so a group is a block: its maps are described once, need little
    memory, and blocks are independent, so that they run side by side.
    """
    groups = groups_of(maps.patient_ids, maps.labels)
    images = rows_by_group(groups)
    rows = rows_by_group(groups[pairs.image_before])
    for layer, methods in by_layer(maps.signed):
        measured = Measured(
            {method: {} for method in methods},
            {pair: np.full(maps.predicted.shape, np.nan, np.float32) for pair in combinations(methods, 2)},
        )
        keys = [(layer, method) for method in methods]

        def measure_one(of: tuple[np.ndarray, np.ndarray], keys: list[tuple[str, str]] = keys) -> _Found:
            return _measure_group(maps, pairs, *of, keys, params)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for members, found in zip(
                images, pool.map(measure_one, zip(images, rows, strict=True)), strict=True
            ):
                _place(measured, members, *found, n=len(pairs.kind))
        yield layer, measured


def _place(
    measured: Measured,
    images: np.ndarray,
    measures: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]],
    agreement: dict[tuple[str, str], np.ndarray],
    n: int,
) -> None:
    """Put what was measured of a group of images in its place among all `n` pairs."""
    for method, (rows, columns) in measures.items():
        for name, values in columns.items():
            whole = measured.pairs[method].setdefault(name, _unmeasured(name, n, values.dtype))
            whole[rows] = values
    for pair, correlation in agreement.items():
        measured.agreement[pair][:, :, images] = correlation


def _unmeasured(name: str, n: int, dtype: np.dtype) -> np.ndarray:
    return np.full(n, {"status": NAN, "thin": False}.get(name, np.nan), dtype)


def _block(maps: ArchitectureMaps, pairs: Pairs, images: np.ndarray, rows: np.ndarray) -> _Block:
    def place(checkpoint: np.ndarray, seed: np.ndarray, image: np.ndarray) -> np.ndarray:
        run = checkpoint[rows] * len(maps.seeds) + seed[rows]
        return run * len(images) + np.searchsorted(images, image[rows])

    before = place(pairs.checkpoint_before, pairs.seed_before, pairs.image_before)
    after = place(pairs.checkpoint_after, pairs.seed_after, pairs.image_after)
    return _Block(images, rows, before, after, pairs.draw[rows] < SSIM_DRAWS)


def _measure_group(
    maps: ArchitectureMaps,
    pairs: Pairs,
    members: np.ndarray,
    rows: np.ndarray,
    keys: list[tuple[str, str]],
    params: Drift,
) -> _Found:
    """Measure a group's images and rows of pairs, all methods of a layer."""
    measures, patterns = {}, {}
    runs = (2, len(maps.seeds))
    for key in keys:
        known = maps.explained[key]
        here = rows[known[pairs.image_before[rows]] & known[pairs.image_after[rows]]]
        block = _block(maps, pairs, members[known[members]], here)
        signed = maps.signed[key][:, :, block.images]
        features, sets = _describe(signed, maps, block, params)
        measures[key[1]] = here, _columns(features, sets, block, params)
        pattern = np.full((*runs, len(members), features.pattern.shape[1]), np.nan, np.float32)
        ok = np.where(features.status[:, None] == OK, features.pattern, np.float32(np.nan))
        pattern[:, :, known[members]] = ok.reshape(*runs, -1, pattern.shape[-1])
        patterns[key[1]] = pattern
    agreement = {
        (one, other): np.einsum("csmp,csmp->csm", patterns[one], patterns[other])
        for one, other in combinations(patterns, 2)
    }
    return measures, agreement


def _describe(
    signed: np.ndarray, maps: ArchitectureMaps, block: _Block, params: Drift
) -> tuple[Features, areas.AreaSets]:
    """Features of a block's maps, (checkpoints, seeds, images, h, w), in this order; sets on a coarse grid.

    The sets are the strongest cells of the maps' positive part, averaged over the cells of that grid.
    """
    content = np.tile(maps.content[block.images], (signed.shape[0] * signed.shape[1], 1))
    flat = signed.reshape(-1, *signed.shape[3:])
    parts = [
        _described(flat[first : first + DESCRIBED], content[first : first + DESCRIBED], maps.size, params)
        for first in range(0, max(len(flat), 1), DESCRIBED)
    ]
    features, coarse = zip(*parts, strict=True)
    return joined(features), joined(coarse)


def _described(
    signed: np.ndarray, content: np.ndarray, size: int, params: Drift
) -> tuple[Features, areas.AreaSets]:
    features = describe(draw(signed, content, size), (params.area, *params.curve))
    canvases = draw(averaged(signed, COARSE), content, size)
    values = canvases.values.reshape(len(canvases.values), -1)
    return features, areas.top_area(values, np.sort(values, axis=1), params.area)


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


def _columns(
    features: Features, coarse: areas.AreaSets, block: _Block, params: Drift
) -> dict[str, np.ndarray]:
    pairs = (block.before, block.after)
    status = np.maximum(features.status[block.before], features.status[block.after])
    thin = features.top[params.area].thin
    found = {"status": status, "thin": (thin[block.before] | thin[block.after]) & (status == OK)}
    moved = areas.moved_share(coarse, *pairs, params.area)
    return (
        found
        | measure(features, *pairs, params.area, params.curve, block.with_ssim)
        | {ON_COARSE_GRID: np.where(status == OK, moved, np.nan).astype(np.float32)}
    )


def by_layer(keys: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The methods at each layer, both sorted."""
    return [
        (layer, [name for _, name in group]) for layer, group in groupby(sorted(keys), key=lambda key: key[0])
    ]
