"""Moved shares between the maps of `tl` and those of every point: the cells that quantities are made of.

The drift table has many measures of every pair; a curve needs one, of many more checkpoints. So the sets of
strongest cells are taken once of each map, those of `tl` once for all points, and the scale, how far one
patient's map lies from another's, of plain fine-tuning alone.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evidrift.claims.quantities import Cells, scale_cells
from evidrift.drift.pairs import KINDS, SCALE
from evidrift.drift.pairs import plan as plan_pairs
from evidrift.drift.params import Drift
from evidrift.measures import areas
from evidrift.measures.canvas import OK, SIDE, draw
from evidrift.measures.of_pairs import joined

DESCRIBED = 64  # maps at once: what that needs on the way stays in the processor's cache


@dataclass(frozen=True)
class Sets:
    """The strongest cells of several runs' maps.

    Attributes:
        areas: of runs x n maps, in this order.
        ok: whether a map can be compared, (runs, n); a run is a checkpoint under a seed.
        area: share of the image's area that the strongest cells are.
    """

    areas: areas.AreaSets
    ok: np.ndarray
    area: float


def sets_of(signed: np.ndarray, content: np.ndarray, size: int, area: float) -> Sets:
    """The strongest cells of maps as they are stored.

    Args:
        signed: (seeds, n, h, w); NaN where an image was not explained.
        content: top, left, bottom, right of each image inside its square, px, (n, 4).
        size: side of the square, px.
        area: share of the image's area.
    """
    n_seeds, n = signed.shape[:2]
    flat, every = signed.reshape(-1, *signed.shape[2:]), np.tile(content, (n_seeds, 1))
    words = np.zeros((len(flat), SIDE * SIDE // 64), np.uint64)
    sets = areas.AreaSets(words, words.copy(), np.zeros(len(flat)), np.zeros(len(flat), bool))
    ok = np.zeros(len(flat), bool)
    known = np.flatnonzero(np.isfinite(flat).all(axis=(1, 2)))  # the others cannot be compared anyway
    for first in range(0, len(known), DESCRIBED):
        part = known[first : first + DESCRIBED]
        canvases = draw(flat[part], every[part], size)
        values = canvases.values.reshape(len(part), -1)
        found = areas.top_area(values, np.sort(values, axis=1), area)
        for name in ("above", "tied", "share", "thin"):
            getattr(sets, name)[part] = getattr(found, name)
        ok[part] = canvases.status == OK
    return Sets(sets, ok.reshape(n_seeds, n), area)


def floor_of(sets: Sets) -> np.ndarray:
    """Moved share between any two trainings of one checkpoint, (n, pairs of seeds) float32.

    NaN where either map cannot be compared.
    """
    n_seeds, n = sets.ok.shape
    pairs = [_between(sets, s, t) for s, t in combinations(range(n_seeds), 2)]
    return np.array(pairs, np.float32).reshape(-1, n).T


def cells_of(patients: np.ndarray, tl: Sets, floor_tl: np.ndarray, after: Sets, scale: np.ndarray) -> Cells:
    """All that is known of one point under one method; see `Cells`.

    Args:
        patients: index of each image's patient, (n,).
        tl: of transfer learning.
        floor_tl: of it, from `floor_of`.
        after: of the point.
        scale: (n, seeds), from `scale_of`.
    """
    n_seeds, n = tl.ok.shape
    both = Sets(joined([tl.areas, after.areas]), np.concatenate([tl.ok, after.ok]), tl.area)
    cross = [
        (_between(both, s, n_seeds + t) + _between(both, t, n_seeds + s)) / 2
        for s, t in combinations(range(n_seeds), 2)
    ]
    return Cells(
        patients,
        np.stack([_between(both, s, n_seeds + s) for s in range(n_seeds)], axis=1),
        np.array(cross, np.float32).reshape(-1, n).T,
        floor_tl,
        floor_of(after),
        scale,
    )


def _between(sets: Sets, one: int, other: int) -> np.ndarray:
    """Moved share of each image between two runs of maps, (n,) float32."""
    n = sets.ok.shape[1]
    images = np.arange(n)
    moved = areas.moved_share(sets.areas, one * n + images, other * n + images, sets.area)
    return np.where(sets.ok[one] & sets.ok[other], moved, np.nan).astype(np.float32)


def scale_of(
    tl: Sets,
    after: Sets,
    seeds: tuple[int, ...],
    ids: np.ndarray,
    patient_ids: np.ndarray,
    labels: np.ndarray,
    params: Drift,
) -> np.ndarray:
    """How far each image's map lies from other patients' of its class, mean of both checkpoints.

    The pairs are those of the stage drift. (n, seeds) float32; NaN where there is none; see `scale_cells`.
    """
    pairs = plan_pairs(seeds, ids, patient_ids, labels, params.draws, params.seed)
    n = len(ids)
    found = np.full((2, n, len(seeds)), np.nan, np.float32)
    for at, sets in enumerate((tl, after)):
        for s in range(len(seeds)):
            chosen = (pairs.kind == KINDS.index(SCALE[at])) & (pairs.seed_before == s)
            one, other = pairs.image_before[chosen], pairs.image_after[chosen]
            values = areas.moved_share(sets.areas, s * n + one, s * n + other, params.area)
            values = np.where(sets.ok[s, one] & sets.ok[s, other], values, np.nan)
            found[at, :, s] = scale_cells(values, one, other, n)
    return found.mean(axis=0)
