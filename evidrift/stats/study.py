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
from evidrift.trajectory.summary import Course, along
from evidrift.trajectory.table import table_name as trajectory_name

Training = dict[tuple[str, int, str], dict[str, Any]]
LAYER = "penultimate"  # that conclusions rest on, unless another is named


@dataclass(frozen=True)
class Study:
    """All results of the grid.

    Attributes:
        architectures: in the grid's order.
        seeds: in the grid's order.
        families: attribution families.
        layer: the target layer that conclusions rest on.
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
        courses: drift along training, of the runs whose epochs were kept.
    """

    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    layer: str
    pairs: pd.DataFrame
    agreement: pd.DataFrame
    places: pd.DataFrame
    faithfulness: pd.DataFrame
    randomisation: pd.DataFrame
    notes: dict[str, Notes]
    training: Training
    patients_known: bool
    phantoms: bool
    identical_across_splits: int
    probe: Probe
    logits: dict[str, Logits]
    courses: list[Course]


@dataclass(frozen=True)
class StudyFiles:
    """Where the grid's results lie.

    Attributes:
        drift: folder of drift, agreement and places tables.
        checks: folder of the tables of the stage check.
        trajectory: folder of the tables of drift along training.
        predictions: folder of the test logits, a folder an architecture.
        train_tl, finetune: folders of the training metrics.
        histories: folder of fine-tuning's histories.
        prepared: prepare's metrics.
        probe: the probe's metrics.
    """

    drift: Path
    checks: Path
    trajectory: Path
    predictions: Path
    train_tl: Path
    finetune: Path
    histories: Path
    prepared: Path
    probe: Path


def read_study(grid: Grid, files: StudyFiles, layer: str = LAYER) -> Study:
    """Read the grid's results.

    Raises:
        UserError: a folder lacks a file of the grid, or holds one outside it.
    """
    architectures = grid.architectures
    of_drift, of_checks = (table_name, agreement_name, places_name), (faithfulness_name, randomisation_name)
    tables, agreement, places = _read_tables(files.drift, architectures, of_drift)
    faithfulness, randomisation = _read_tables(files.checks, architectures, of_checks)
    runs = {(each, seed): f"{each}-{seed}.json" for each in architectures for seed in grid.seeds}
    folders = dict(zip(CHECKPOINTS, (files.train_tl, files.finetune), strict=True))
    for folder in folders.values():
        check_folder(folder, runs.values())
    training = {
        (*run, checkpoint): json.loads((folder / name).read_text(encoding="utf-8"))
        for run, name in runs.items()
        for checkpoint, folder in folders.items()
    }
    images = json.loads(files.prepared.read_text(encoding="utf-8"))
    return Study(
        architectures=tuple(architectures),
        seeds=tuple(grid.seeds),
        families=tuple(grid.families),
        layer=layer,
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
        probe=read_probe(files.probe),
        logits=read_logits(files.predictions, architectures, grid.seeds),
        courses=_courses(files, architectures, training),
    )


def _courses(files: StudyFiles, architectures: list[str], training: Training) -> list[Course]:
    """Drift along training, of the runs whose epochs were kept."""
    (tables,) = _read_tables(files.trajectory, architectures, (trajectory_name,))
    table = _joined(tables)
    runs = sorted({(arch, int(seed)) for arch, seed in zip(table["arch"], table["seed"], strict=True)})
    return along(
        table,
        {(arch, seed): pd.read_csv(files.histories / f"{arch}-{seed}.csv") for arch, seed in runs},
        {run: training[*run, "tl"]["validation"]["accuracy"] for run in runs},
        {run: training[*run, "ft"]["epoch"] for run in runs},
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
