"""What compare reads: the drift tables and the training metrics of the whole grid."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from evidrift.associations.logits import Logits, read_logits
from evidrift.attribution.mapfile import CHECKPOINTS
from evidrift.checks.tables import faithfulness_name, randomisation_name
from evidrift.drift.grid_files import check_folder
from evidrift.drift.tablefile import Notes, agreement_name, notes_of, places_name, read_table, table_name
from evidrift.params.grid import Grid
from evidrift.probe.results import Probe, read_probe


@dataclass(frozen=True)
class Study:
    """All results of the grid.

    Attributes:
        architectures: in the grid's order.
        seeds: in the grid's order.
        families: attribution families.
        pairs: every drift table, one below the other.
        agreement: every agreement table, likewise.
        places: every places table, likewise.
        faithfulness, randomisation: every table of the stage check, likewise.
        notes: by architecture.
        training: by architecture, seed and checkpoint, its metrics file's content.
        patients_known: whether patient ids were given; else every image is its own patient.
        phantoms: whether the images were drawn by this program.
        identical_across_splits: images identical to one in another split.
        probe: what is known without any network.
        logits: by architecture, its logits of the test split.
    """

    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    pairs: pd.DataFrame
    agreement: pd.DataFrame
    places: pd.DataFrame
    faithfulness: pd.DataFrame
    randomisation: pd.DataFrame
    notes: dict[str, Notes]
    training: dict[tuple[str, int, str], dict[str, Any]]
    patients_known: bool
    phantoms: bool
    identical_across_splits: int
    probe: Probe
    logits: dict[str, Logits]


def read_study(
    grid: Grid,
    drift: Path,
    checks: Path,
    train_tl: Path,
    finetune: Path,
    prepared: Path,
    probe: Path,
    predictions: Path,
) -> Study:
    """Read the grid's results.

    Args:
        grid: which architectures, seeds and families.
        drift: folder of drift, agreement and places tables.
        checks: folder of the tables of the stage check.
        train_tl: folder of the transfer-learning metrics.
        finetune: folder of the fine-tuning metrics.
        prepared: prepare's metrics.
        probe: the probe's metrics.
        predictions: folder of the test logits, a folder an architecture.

    Raises:
        UserError: a folder lacks a file of the grid, or holds one outside it.
    """
    architectures = grid.architectures
    tables, agreement, places = _read_tables(drift, architectures, (table_name, agreement_name, places_name))
    faithfulness, randomisation = _read_tables(checks, architectures, (faithfulness_name, randomisation_name))
    runs = {(each, seed): f"{each}-{seed}.json" for each in architectures for seed in grid.seeds}
    folders = dict(zip(CHECKPOINTS, (train_tl, finetune), strict=True))
    for folder in folders.values():
        check_folder(folder, runs.values())
    training = {
        (*run, checkpoint): json.loads((folder / name).read_text(encoding="utf-8"))
        for run, name in runs.items()
        for checkpoint, folder in folders.items()
    }
    images = json.loads(prepared.read_text(encoding="utf-8"))
    return Study(
        architectures=tuple(architectures),
        seeds=tuple(grid.seeds),
        families=tuple(grid.families),
        pairs=_joined(tables),
        agreement=_joined(agreement),
        places=_joined(places),
        faithfulness=_joined(faithfulness),
        randomisation=_joined(randomisation),
        notes={each: notes_of(table) for each, table in zip(architectures, tables, strict=True)},
        training=training,
        patients_known=images["patients_known"],
        phantoms=images["source"] == "phantoms",
        identical_across_splits=images["identical_across_splits"],
        probe=read_probe(probe),
        logits=read_logits(predictions, architectures, grid.seeds),
    )


def _read_tables(
    folder: Path, architectures: list[str], names: Sequence[Callable[[str], str]]
) -> list[list[pa.Table]]:
    """By name: the tables of all architectures, from a folder that must hold these and nothing else."""
    check_folder(folder, [name(each) for each in architectures for name in names])
    return [[read_table(folder / name(each)) for each in architectures] for name in names]


def _joined(tables: list[pa.Table]) -> pd.DataFrame:
    bare = [table.replace_schema_metadata(None) for table in tables]
    return pa.concat_tables(bare).unify_dictionaries().to_pandas()
