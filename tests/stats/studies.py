"""Made-up studies for the tests of compare: real drift tables of made-up maps."""

import json
from pathlib import Path

from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import build
from evidrift.drift.tablefile import agreement_name, table_name, write_table
from evidrift.params.drift import Drift
from evidrift.params.grid import Grid
from evidrift.stats.study import Study, read_study
from tests.drift.study import PARAMS


def write_study(folder: Path, maps: list[ArchitectureMaps], params: Drift = PARAMS) -> Grid:
    """Everything that compare reads, as the stages before it would leave it."""
    for each in maps:
        columns, agreement, notes = build(each, params)
        write_table(folder / "drift" / table_name(each.architecture), columns, notes)
        write_table(folder / "drift" / agreement_name(each.architecture), agreement)
        for seed in each.seeds:
            for stage, checkpoint, accuracy in (("train_tl", "tl", 0.8), ("finetune", "ft", 0.95)):
                write_metrics(folder / stage, each.architecture, seed, checkpoint, accuracy + seed / 100)
    return Grid(
        architectures=[each.architecture for each in maps], seeds=list(maps[0].seeds), families=["cam"]
    )


def write_metrics(folder: Path, arch: str, seed: int, checkpoint: str, accuracy: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "architecture": arch,
        "seed": seed,
        "checkpoint": checkpoint,
        "epoch": 8,
        "validation": {"loss": 0.1, "accuracy": 0.9},
        "test": {"n": 6, "accuracy": accuracy, "auc": None, "calibration_error": 0.04},
        "versions": {"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6"},
    }
    (folder / f"{arch}-{seed}.json").write_text(json.dumps(content))


def study_of(
    folder: Path,
    *maps: ArchitectureMaps,
    params: Drift = PARAMS,
    known: bool = True,
    source: str = "folder",
    identical: int = 0,
) -> Study:
    """A study read back from its files."""
    grid = write_study(folder, list(maps), params)
    return read(folder, grid, known, source, identical)


def read(folder: Path, grid: Grid, known: bool = True, source: str = "folder", identical: int = 0) -> Study:
    """Read a study that was written to a folder."""
    prepared = folder / "prepare.json"
    content = {"patients_known": known, "source": source, "identical_across_splits": identical}
    prepared.write_text(json.dumps(content))
    return read_study(grid, folder / "drift", folder / "train_tl", folder / "finetune", prepared)
