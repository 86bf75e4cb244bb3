"""Build the drift table and the agreement table of one architecture (docs/design.md, The drift table).

Of many images they do not fit into memory: they are made in pieces, which the stage writes one by one.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from evidrift.base.table import category
from evidrift.drift import pairs as planning
from evidrift.drift.measuring import measure_layers
from evidrift.drift.pairs import KINDS, Pairs
from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.tables import AGREEMENT, PAIRS, Notes
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.canvas import STATUSES

# By (right before, right after): index 2 * before + after.
COHORTS = ("wrong", "fixed", "regressed", "right")

Columns = dict[str, pa.Array | np.ndarray]


def build(maps: ArchitectureMaps, params: Drift) -> tuple[Columns, Columns, Notes]:
    """Measure one architecture whose tables fit into memory.

    Returns:
        The drift table's columns, the agreement table's columns, and the notes to write with them.
    """
    made: dict[str, list[Columns]] = {PAIRS: [], AGREEMENT: []}
    for name, columns in pieces(maps, params):
        made[name].append(columns)
    return _joined(made[PAIRS]), _joined(made[AGREEMENT]), notes_for(maps, params)


def pieces(maps: ArchitectureMaps, params: Drift) -> Iterator[tuple[str, Columns]]:
    """Measure one architecture, layer by layer.

    Yields:
        PAIRS or AGREEMENT, and columns of further rows of that table: of the drift table a method's at a
        time, in the order of the plan; of the other a layer's.
    """
    pairs = planning.plan(
        maps.seeds, maps.image_ids, maps.patient_ids, maps.labels, params.draws, params.seed
    )
    of_pairs = _columns_of_pairs(maps, pairs)
    for layer, measured in measure_layers(maps, pairs, params):
        for method in list(measured.pairs):
            # what was measured of a method is let go as soon as it is a piece
            yield PAIRS, _drift_columns(maps, pairs, of_pairs, (layer, method), measured.pairs.pop(method))
        yield AGREEMENT, _agreement_columns(maps, layer, measured.agreement)


def notes_for(maps: ArchitectureMaps, params: Drift) -> Notes:
    """The notes to write with the drift table."""
    return Notes(
        area=params.area,
        score=maps.score,
        target=maps.target,
        constant_gradient=maps.constant_gradient,
        rectified=maps.rectified,
        not_defined=maps.not_defined,
        families=maps.families,
        versions=maps.versions,
    )


def _joined(parts: list[Columns]) -> Columns:
    return {
        name: (np.concatenate if isinstance(first, np.ndarray) else pa.concat_arrays)(
            [part[name] for part in parts]
        )
        for name, first in parts[0].items()
    }


def _columns_of_pairs(maps: ArchitectureMaps, pairs: Pairs) -> Columns:
    """Those columns of the drift table that are the same for every layer and method."""
    seeds = np.asarray(maps.seeds, dtype=np.int64)
    label = maps.labels[pairs.image_before]
    before = maps.predicted[pairs.checkpoint_before, pairs.seed_before, pairs.image_before]
    after = maps.predicted[pairs.checkpoint_after, pairs.seed_after, pairs.image_after]
    cohort = 2 * (before == label) + (after == label)
    return {
        "arch": category(np.zeros(len(label), dtype=int), (maps.architecture,)),
        "seed_before": seeds[pairs.seed_before],
        "seed_after": seeds[pairs.seed_after],
        "checkpoint_before": category(pairs.checkpoint_before, CHECKPOINTS),
        "checkpoint_after": category(pairs.checkpoint_after, CHECKPOINTS),
        "pair_kind": category(pairs.kind, KINDS),
        "image_id": category(pairs.image_before, maps.image_ids),
        "image_id_after": category(pairs.image_after, maps.image_ids),
        "patient_id": category(pairs.image_before, maps.patient_ids),
        "label": category(label, maps.classes),
        "pred_before": category(before, maps.classes),
        "pred_after": category(after, maps.classes),
        "cohort": category(cohort, COHORTS),
    }


def _drift_columns(
    maps: ArchitectureMaps,
    pairs: Pairs,
    of_pairs: Columns,
    key: tuple[str, str],
    measured: dict[str, np.ndarray],
) -> Columns:
    """All columns of the drift table, of one layer and method."""
    layers, methods = (sorted(set(names)) for names in zip(*maps.signed, strict=True))
    keys = sorted(maps.signed)
    grids = ["x".join(map(str, maps.signed[each].shape[3:])) for each in keys]

    def constant(at: int, words: list[str]) -> pa.DictionaryArray:
        return category(np.full(len(pairs.kind), at), words)

    columns = of_pairs | {
        "method": constant(methods.index(key[1]), methods),
        "layer": constant(layers.index(key[0]), layers),
        "grid": constant(keys.index(key), grids),
    }
    columns |= {
        name: category(values, STATUSES) if name == "status" else values for name, values in measured.items()
    }
    explained = maps.explained[key]
    if explained.all():
        return columns
    chosen = explained[pairs.image_before] & explained[pairs.image_after]
    return {name: _rows(column, chosen) for name, column in columns.items()}


def _rows(column: pa.Array | np.ndarray, chosen: np.ndarray) -> pa.Array | np.ndarray:
    return column[chosen] if isinstance(column, np.ndarray) else column.filter(pa.array(chosen))


def _agreement_columns(
    maps: ArchitectureMaps, layer: str, agreement: dict[tuple[str, str], np.ndarray]
) -> Columns:
    """Columns of the agreement table at one layer: a row per pair of methods, checkpoint, seed and image."""
    keys = sorted(agreement)
    layers, methods = (sorted(set(names)) for names in zip(*maps.signed, strict=True))
    shape = maps.predicted.shape
    checkpoint, seed, image = (index.ravel() for index in np.indices(shape))
    rows = int(np.prod(shape))

    def repeated(values: np.ndarray) -> np.ndarray:
        return np.tile(values, len(keys))

    def each(codes: list[int]) -> np.ndarray:
        return np.repeat(np.asarray(codes, dtype=int), rows)

    values = [agreement[key].ravel() for key in keys]
    return {
        "arch": category(repeated(np.zeros(rows, dtype=int)), (maps.architecture,)),
        "seed": repeated(np.asarray(maps.seeds, dtype=np.int64)[seed]),
        "checkpoint": category(repeated(checkpoint), CHECKPOINTS),
        "image_id": category(repeated(image), maps.image_ids),
        "layer": category(each([layers.index(layer)] * len(keys)), layers),
        "method": category(each([methods.index(one) for one, _ in keys]), methods),
        "other_method": category(each([methods.index(other) for _, other in keys]), methods),
        "correlation": np.concatenate(values) if values else np.empty(0, dtype=np.float32),
    }
