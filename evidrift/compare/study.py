"""What compare is asked about: everything that was measured of some architectures, as values.

The stage compare reads a study from the files of the stages before it; an audit builds one in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from evidrift.base.files.seal import require_checksum
from evidrift.base.folders import check_folder
from evidrift.base.grid import Grid
from evidrift.base.json import read_sealed
from evidrift.base.schema import Schema
from evidrift.base.table import read_checked
from evidrift.check import tables as check_tables
from evidrift.compare.findings.courses import Course, along
from evidrift.compare.findings.logits import Logits, read_logits
from evidrift.compare.findings.reliance import Asked
from evidrift.drift import tables as drift_tables
from evidrift.drift.tables import Notes, notes_of
from evidrift.networks.files import HISTORY, STAGES
from evidrift.probe.results import Probe, read_probe
from evidrift.reliance import tables as reliance_tables
from evidrift.trajectory.table import TRAJECTORY
from evidrift.trajectory.table import table_name as trajectory_name

Training = dict[tuple[str, int, str], dict[str, Any]]
Histories = dict[tuple[str, int, str], pd.DataFrame]
LAYER = "penultimate"  # that conclusions rest on, unless another is named


class Checks(NamedTuple):
    """The tables of the stage check, those of all architectures one below the other."""

    faithfulness: pd.DataFrame
    randomisation: pd.DataFrame


@dataclass(frozen=True)
class Study:
    """Everything that was measured. What comes last may be absent.

    Attributes:
        architectures: in the grid's order.
        seeds: in the grid's order.
        families: attribution families.
        layer: the target layer that conclusions rest on.
        pairs: every drift table, one below the other.
        agreement: every agreement table, likewise.
        places: every places table, likewise.
        notes: by architecture.
        training: by architecture, seed and checkpoint: the epoch that was kept, how good the checkpoint is on
            the test split, and the versions of libraries; see `training.outputs`.
        logits: by architecture, its logits of the test split.
        images: counts, by the names of the stage prepare's metrics.
        checks: what was tried of the methods.
        probe: what is known without any network.
        histories: a row an epoch, by architecture, seed and checkpoint.
        courses: drift along training, of the runs whose epochs were kept.
        reliance: what became of the decisions when regions of the films were replaced.
    """

    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    layer: str
    pairs: pd.DataFrame
    agreement: pd.DataFrame
    places: pd.DataFrame
    notes: dict[str, Notes]
    training: Training
    logits: dict[str, Logits]
    images: Mapping[str, Any]
    checks: Checks | None = None
    probe: Probe | None = None
    histories: Histories = field(default_factory=dict)
    courses: tuple[Course, ...] = ()
    reliance: Asked | None = None

    @property
    def patients_known(self) -> bool:
        """Whether patient ids were given; else every image is its own patient."""
        return bool(self.images["patients_known"])

    @property
    def phantoms(self) -> bool:
        """Whether the images were drawn by this program."""
        return bool(self.images["source"] == "phantoms")

    @property
    def identical_across_splits(self) -> int:
        """Images identical to one in another split."""
        return int(self.images["identical_across_splits"])


@dataclass(frozen=True)
class StudyFiles:
    """Where the results of the grid lie.

    Attributes:
        drift: a folder of drift, agreement and places tables for each architecture.
        checks: a folder of the stage check's tables for each architecture.
        trajectory: folder of the tables of drift along training.
        models: a folder for each architecture, with the checkpoints' test logits.
        histories: folders of the training histories, train_tl and finetune.
        metrics: folders of the training metrics likewise, prepare.json and probe.json.
        reliance: a folder of the stage reliance's tables for each architecture.
    """

    drift: Path
    checks: Path
    trajectory: Path
    models: Path
    histories: Path
    metrics: Path
    reliance: Path


def read_study(grid: Grid, files: StudyFiles) -> Study:
    """Read the grid's results.

    Raises:
        UserError: a folder lacks a file of the grid, or holds one outside it.
    """
    architectures = grid.architectures
    tables, agreement, places = _read_tables(files.drift, architectures, drift_tables.SCHEMAS, "drift")
    notes = {each: notes_of(table) for each, table in zip(architectures, tables, strict=True)}
    checks = _read_tables(files.checks, architectures, check_tables.SCHEMAS, "check")
    asked = _read_tables(files.reliance, architectures, reliance_tables.SCHEMAS, "reliance")
    training, histories = _read_runs(grid, files)
    return Study(
        architectures=tuple(architectures),
        seeds=tuple(grid.seeds),
        families=tuple(grid.families),
        layer=LAYER,
        pairs=joined(tables),
        agreement=joined(agreement),
        places=joined(places),
        notes=notes,
        training=training,
        logits=read_logits(files.models, architectures, grid.seeds),
        images=read_sealed(files.metrics / "prepare.json", "prepare"),
        checks=Checks(*map(joined, checks)),
        probe=read_probe(files.metrics / "probe.json"),
        histories=histories,
        courses=_courses(files.trajectory, architectures, training, histories),
        reliance=Asked(*map(joined, asked)),
    )


def _read_runs(grid: Grid, files: StudyFiles) -> tuple[Training, Histories]:
    """Metrics and history of every training."""
    runs = [(arch, seed) for arch in grid.architectures for seed in grid.seeds]
    for stage in STAGES.values():
        for folder, suffix in ((files.metrics, "json"), (files.histories, "csv")):
            check_folder(folder / stage, [f"{arch}-{seed}.{suffix}" for arch, seed in runs])
    names = {
        (arch, seed, checkpoint): f"{stage}/{arch}-{seed}"
        for arch, seed in runs
        for checkpoint, stage in STAGES.items()
    }
    training: Training = {}
    histories: Histories = {}
    for (arch, seed, checkpoint), name in names.items():
        run, stage = (arch, seed, checkpoint), STAGES[checkpoint]
        training[run] = read_sealed(files.metrics / f"{name}.json", stage)
        history = files.histories / f"{name}.csv"
        (sha256,) = training[run].pop(HISTORY)
        require_checksum(history, sha256, stage)
        histories[run] = pd.read_csv(history)
    return training, histories


def _courses(
    folder: Path, architectures: list[str], training: Training, histories: Histories
) -> tuple[Course, ...]:
    """Drift along training, of the runs whose epochs were kept."""
    names = [trajectory_name(each) for each in architectures]
    check_folder(folder, names)
    table = joined([read_checked(folder / name, TRAJECTORY, "trajectory") for name in names])
    runs = sorted({(arch, int(seed)) for arch, seed in zip(table["arch"], table["seed"], strict=True)})
    return tuple(
        along(
            table,
            {run: histories[*run, "ft"] for run in runs},
            {run: training[*run, "tl"]["validation"]["accuracy"] for run in runs},
            {run: training[*run, "ft"]["epoch"] for run in runs},
        )
    )


def _read_tables(
    folder: Path, architectures: list[str], schemas: Mapping[str, Schema], stage: str
) -> list[list[pa.Table]]:
    """By name: the tables of all architectures, from folders that must hold these and nothing else."""
    check_folder(folder, architectures)
    for each in architectures:
        check_folder(folder / each, schemas)
    return [
        [read_checked(folder / each / name, schema, stage) for each in architectures]
        for name, schema in schemas.items()
    ]


def joined(tables: list[pa.Table]) -> pd.DataFrame:
    """Tables one below the other; words stay categories.

    The list is emptied: a table's columns are let go one by one, as they become the frame's, so that a large
    table is not in memory twice.
    """
    whole = pa.concat_tables([table.replace_schema_metadata(None) for table in tables]).unify_dictionaries()
    tables.clear()
    return whole.to_pandas(split_blocks=True, self_destruct=True)
