"""Made-up studies for the tests of compare: real drift tables of made-up maps."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.checks.tables import faithfulness_name, randomisation_name, write_checks
from evidrift.drift.placetable import Masks, build_places
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import build
from evidrift.drift.tablefile import agreement_name, places_name, table_name, write_table
from evidrift.params.compare import Compare
from evidrift.params.drift import Drift
from evidrift.params.grid import Grid
from evidrift.probe.results import Probe, Unjudged, write_probe
from evidrift.stats.study import Study, StudyFiles, read_study
from evidrift.training.predictions import write_predictions
from evidrift.trajectory.table import join, write_trajectory
from evidrift.trajectory.table import table_name as trajectory_name
from tests.drift.study import PARAMS

NO_PROBE = Probe(dict.fromkeys(("thumbnails", "traits", "source"), Unjudged("not asked")), 0, 6)


def rules(min_patients: int = 1, margin: float = 0.05) -> Compare:
    """The parameters of compare."""
    return Compare(min_patients=min_patients, margin=margin, confounding=0.5, cases=1)


def write_study(folder: Path, maps: list[ArchitectureMaps], params: Drift = PARAMS) -> Grid:
    """Everything that compare reads, as the stages before it would leave it."""
    for each in maps:
        columns, agreement, notes = build(each, params)
        write_table(folder / "drift" / table_name(each.architecture), columns, notes)
        write_table(folder / "drift" / agreement_name(each.architecture), agreement)
        places = build_places(each, Masks(None, None))
        write_table(folder / "drift" / places_name(each.architecture), places)
        write_checks(folder / "checks" / faithfulness_name(each.architecture), faithfulness_of(each))
        write_checks(folder / "checks" / randomisation_name(each.architecture), randomisation_of(each))
        for seed in each.seeds:
            for stage, checkpoint, accuracy in (("train_tl", "tl", 0.8), ("finetune", "ft", 0.81)):
                write_metrics(folder / stage, each.architecture, seed, checkpoint, accuracy + seed / 100)
        write_logits(folder / "predictions" / each.architecture, each)
        write_trajectory(folder / "trajectory" / trajectory_name(each.architecture), join([]))
    return Grid(
        architectures=[each.architecture for each in maps], seeds=list(maps[0].seeds), families=["cam"]
    )


def checked(maps: ArchitectureMaps) -> pd.DataFrame:
    """A row a map of the first seed and of six patients at `penultimate`, as the tables of checks begin."""
    return pd.DataFrame(
        [
            (
                maps.architecture,
                maps.seeds[0],
                checkpoint,
                layer,
                method,
                f"{at}.png",
                f"p{at}",
                "normal",
                "ok",
            )
            for layer, method in sorted(maps.signed)
            if layer == "penultimate"
            for checkpoint in ("tl", "ft")
            for at in range(6)
        ],
        columns=[
            "arch",
            "seed",
            "checkpoint",
            "layer",
            "method",
            "image_id",
            "patient_id",
            "label",
            "status",
        ],
    )


def faithfulness_of(maps: ArchitectureMaps, gain: float = 0.2) -> pd.DataFrame:
    """A table in which every method gains as much over a random map in insertion."""
    areas = {"insertion": 0.5 + gain, "deletion": 0.3, "insertion_random": 0.5, "deletion_random": 0.3}
    return checked(maps).assign(**{name: np.float32(area) for name, area in areas.items()})


def randomisation_of(maps: ArchitectureMaps, similarity: float = 0.1) -> pd.DataFrame:
    """A table in which every method's map of a random network is as similar to the original."""
    figures = {"share": 1.0, "similarity": similarity, "chance": 0.3}
    rows = checked(maps).assign(depth=np.int8(1))
    return rows.assign(**{name: np.float32(figure) for name, figure in figures.items()})


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


def write_logits(folder: Path, maps: ArchitectureMaps) -> None:
    """Logits that call what the maps' networks called; surer of it with each image and each seed."""
    for (at, seed), called in zip(
        np.ndindex(maps.predicted.shape[:2]), maps.predicted.reshape(-1, len(maps.labels)), strict=True
    ):
        checkpoint, number = ("tl", "ft")[at], maps.seeds[seed]
        sure = 1 + (at + 1) * np.arange(len(called)) / 10 + number / 100
        logits = np.where(np.arange(len(maps.classes)) == called[:, None], sure[:, None], 0)
        path = folder / f"{number}-{checkpoint}.parquet"
        write_predictions(path, maps.image_ids, maps.labels, logits, maps.classes)


def study_of(folder: Path, *maps: ArchitectureMaps, params: Drift = PARAMS, **known: Any) -> Study:
    """A study read back from its files; `known` as `read` takes it."""
    return read(folder, write_study(folder, list(maps), params), **known)


def read(
    folder: Path,
    grid: Grid,
    known: bool = True,
    source: str = "folder",
    identical: int = 0,
    probe: Probe = NO_PROBE,
) -> Study:
    """Read a study that was written to a folder."""
    files = files_of(folder)
    content = {"patients_known": known, "source": source, "identical_across_splits": identical}
    files.prepared.write_text(json.dumps(content))
    write_probe(files.probe, probe)
    return read_study(grid, files)


def files_of(folder: Path) -> StudyFiles:
    """Each of a study's files and folders under its own name; of no training the epochs were kept."""
    names = {field.name: folder / field.name for field in fields(StudyFiles)}
    return StudyFiles(**names)
