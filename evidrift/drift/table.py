"""Build the drift table and the agreement table of one architecture (docs/design.md, The drift table)."""

import numpy as np
import pyarrow as pa

from evidrift.base.table import category
from evidrift.drift import pairs as planning
from evidrift.drift.measuring import Measured, measure_all
from evidrift.drift.pairs import KINDS, Pairs
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.tables import Notes
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.canvas import STATUSES

# By (right before, right after): index 2 * before + after.
COHORTS = ("wrong", "fixed", "regressed", "right")

Columns = dict[str, pa.Array | np.ndarray]


def build(maps: ArchitectureMaps, params: Drift) -> tuple[Columns, Columns, Notes]:
    """Measure one architecture.

    Returns:
        The drift table's columns, the agreement table's columns, and the notes to write with them.
    """
    pairs = planning.plan(
        maps.seeds, maps.image_ids, maps.patient_ids, maps.labels, params.draws, params.seed
    )
    measured = measure_all(maps, pairs, params)
    notes = Notes(
        area=params.area,
        score=maps.score,
        target=maps.target,
        constant_gradient=maps.constant_gradient,
        rectified=maps.rectified,
        not_defined=maps.not_defined,
        families=maps.families,
        versions=maps.versions,
    )
    return _drift_columns(maps, pairs, measured), _agreement_columns(maps, measured), notes


def _drift_columns(maps: ArchitectureMaps, pairs: Pairs, measured: Measured) -> Columns:
    """Columns of the drift table: rows by layer and method, then in the order of the plan."""
    keys = sorted(measured.pairs)
    layers = tuple(sorted({layer for layer, _ in keys}))
    methods = tuple(sorted({method for _, method in keys}))
    grids = tuple("x".join(map(str, maps.signed[key].shape[3:])) for key in keys)

    def repeated(values: np.ndarray) -> np.ndarray:
        return np.tile(values, len(keys))

    def each(codes: list[int]) -> np.ndarray:
        return np.repeat(codes, len(pairs.kind))

    seeds = np.asarray(maps.seeds, dtype=np.int64)
    label = maps.labels[pairs.image_before]
    before = maps.predicted[pairs.checkpoint_before, pairs.seed_before, pairs.image_before]
    after = maps.predicted[pairs.checkpoint_after, pairs.seed_after, pairs.image_after]
    cohort = 2 * (before == label) + (after == label)
    columns: Columns = {
        "arch": category(repeated(np.zeros(len(label), dtype=int)), (maps.architecture,)),
        "seed_before": repeated(seeds[pairs.seed_before]),
        "seed_after": repeated(seeds[pairs.seed_after]),
        "checkpoint_before": category(repeated(pairs.checkpoint_before), CHECKPOINTS),
        "checkpoint_after": category(repeated(pairs.checkpoint_after), CHECKPOINTS),
        "pair_kind": category(repeated(pairs.kind), KINDS),
        "image_id": category(repeated(pairs.image_before), maps.image_ids),
        "image_id_after": category(repeated(pairs.image_after), maps.image_ids),
        "patient_id": category(repeated(pairs.image_before), maps.patient_ids),
        "label": category(repeated(label), maps.classes),
        "pred_before": category(repeated(before), maps.classes),
        "pred_after": category(repeated(after), maps.classes),
        "cohort": category(repeated(cohort), COHORTS),
        "method": category(each([methods.index(method) for _, method in keys]), methods),
        "layer": category(each([layers.index(layer) for layer, _ in keys]), layers),
        "grid": category(each(list(range(len(keys)))), grids),
    }
    for name in measured.pairs[keys[0]]:
        values = np.concatenate([measured.pairs[key][name] for key in keys])
        columns[name] = category(values, STATUSES) if name == "status" else values
    explained = np.concatenate(
        [maps.explained[key][pairs.image_before] & maps.explained[key][pairs.image_after] for key in keys]
    )
    return {name: _rows(column, explained) for name, column in columns.items()}


def _rows(column: pa.Array | np.ndarray, chosen: np.ndarray) -> pa.Array | np.ndarray:
    return column[chosen] if isinstance(column, np.ndarray) else column.filter(pa.array(chosen))


def _agreement_columns(maps: ArchitectureMaps, measured: Measured) -> Columns:
    """Columns of the agreement table: a row per layer, pair of methods, checkpoint, seed and image."""
    keys = sorted(measured.agreement)
    layers = tuple(sorted({layer for layer, _, _ in keys}))
    methods = tuple(sorted({name for _, *both in keys for name in both}))
    shape = maps.predicted.shape
    checkpoint, seed, image = (index.ravel() for index in np.indices(shape))
    rows = int(np.prod(shape))

    def repeated(values: np.ndarray) -> np.ndarray:
        return np.tile(values, len(keys))

    def each(codes: list[int]) -> np.ndarray:
        return np.repeat(np.asarray(codes, dtype=int), rows)

    values = [measured.agreement[key].ravel() for key in keys]
    return {
        "arch": category(repeated(np.zeros(rows, dtype=int)), (maps.architecture,)),
        "seed": repeated(np.asarray(maps.seeds, dtype=np.int64)[seed]),
        "checkpoint": category(repeated(checkpoint), CHECKPOINTS),
        "image_id": category(repeated(image), maps.image_ids),
        "layer": category(each([layers.index(layer) for layer, _, _ in keys]), layers),
        "method": category(each([methods.index(one) for _, one, _ in keys]), methods),
        "other_method": category(each([methods.index(other) for _, _, other in keys]), methods),
        "correlation": np.concatenate(values) if values else np.empty(0, dtype=np.float32),
    }
