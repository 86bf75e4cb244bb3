"""Made-up studies for the tests of compare: real drift tables of made-up maps."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from evidrift.base.files.seal import checksum
from evidrift.base.files.writing import write_text
from evidrift.base.json import write_sealed
from evidrift.base.schema import framed
from evidrift.base.table import write_frame, write_table
from evidrift.check.tables import COMMON, FAITHFULNESS, RANDOMISATION, SCHEMAS
from evidrift.compare.findings.logits import Logits
from evidrift.compare.findings.reliance import Asked
from evidrift.compare.params import Compare
from evidrift.compare.study import Checks, Study, StudyFiles, joined
from evidrift.drift.params import Drift
from evidrift.drift.places_table import Masks, build_places
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import build
from evidrift.drift.tables import AGREEMENT, PAIRS, PLACES
from evidrift.networks.files import BACKBONE, HISTORY, PREDICTIONS
from evidrift.probe.results import Probe, Unjudged, write_probe
from evidrift.reliance.tables import FILLS, REGIONS, SPIKES, spike_schema
from evidrift.reliance.tables import SCHEMAS as RELIANCE
from evidrift.training.predictions import write_predictions
from evidrift.trajectory.table import join, write_trajectory
from evidrift.trajectory.table import table_name as trajectory_name
from tests.drift.study import PARAMS

NO_PROBE = Probe(dict.fromkeys(("thumbnails", "traits", "source"), Unjudged("not asked")), 0, 6)
SPIKE_COLUMNS = spike_schema(["normal", "covid19"])
STAGES = {"tl": "train_tl", "ft": "finetune"}


def rules(min_patients: int = 1, margin: float = 0.05) -> Compare:
    """The parameters of compare."""
    return Compare(min_patients=min_patients, margin=margin, preserved=0.5, confounding=0.5, cases=1)


def study_of(
    *maps: ArchitectureMaps,
    params: Drift = PARAMS,
    known: bool = True,
    source: str = "folder",
    identical: int = 0,
    probe: Probe | None = NO_PROBE,
) -> Study:
    """A study of these architectures; of no training the epochs were kept."""
    built = [build(each, params) for each in maps]
    runs = [
        (each.architecture, seed, checkpoint) for each in maps for seed in each.seeds for checkpoint in STAGES
    ]
    return Study(
        architectures=tuple(each.architecture for each in maps),
        seeds=maps[0].seeds,
        families=("cam",),
        layer="penultimate",
        pairs=joined([pa.table(columns) for columns, _, _ in built]),
        agreement=joined([pa.table(agreement) for _, agreement, _ in built]),
        places=joined([pa.table(build_places(each, Masks(None, None))) for each in maps]),
        notes={each.architecture: notes for each, (_, _, notes) in zip(maps, built, strict=True)},
        training={run: metrics_of(*run) for run in runs},
        logits={each.architecture: logits_of(each) for each in maps},
        images={"patients_known": known, "source": source, "identical_across_splits": identical},
        checks=Checks(
            pd.concat([faithfulness_of(each) for each in maps], ignore_index=True),
            pd.concat([randomisation_of(each) for each in maps], ignore_index=True),
        ),
        probe=probe,
        histories={run: history() for run in runs},
        reliance=Asked(
            *(pd.concat(each, ignore_index=True) for each in zip(*map(reliance_of, maps), strict=True))
        ),
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
        columns=[*COMMON, "status"],
    )


def faithfulness_of(maps: ArchitectureMaps, gain: float = 0.2) -> pd.DataFrame:
    """A table in which every method gains as much over a random map in insertion."""
    areas = {"insertion": 0.5 + gain, "deletion": 0.3, "insertion_random": 0.5, "deletion_random": 0.3}
    return checked(maps).assign(**{name: np.float32(area) for name, area in areas.items()})


def randomisation_of(maps: ArchitectureMaps, similarity: float = 0.1) -> pd.DataFrame:
    """A table in which every method's map of a random network is as similar to the original."""
    figures = {"share": 1.0, "similarity": similarity, "chance": 0.3}
    rows = checked(maps).assign(depth=np.int8(1))
    rows = rows.assign(**{name: np.float32(figure) for name, figure in figures.items()})
    return rows[list(SCHEMAS[RANDOMISATION])]


def reliance_of(maps: ArchitectureMaps, corner: float = 1.0) -> Asked:
    """Tables of the first seed and six patients: the upper left corner costs `corner` more under ft."""
    regions, spikes = [], []
    for checkpoint, at in product(("tl", "ft"), range(min(6, len(maps.image_ids)))):
        common = {
            **{"arch": maps.architecture, "seed": maps.seeds[0], "checkpoint": checkpoint},
            **{"image_id": maps.image_ids[at], "patient_id": f"p{at}", "label": "normal"},
        }
        for region, fill in product(("upper_left_corner", "border"), FILLS):
            cost = corner * (region != "border") * (checkpoint == "ft") + at / 100
            regions.append(
                common
                | {"region": region, "fill": fill, "area": 0.02, "score": 2.0, "score_change": -cost}
                | {"random_change": 0.0, "reliance": cost, "flipped": at < 3, "random_flipped": 0.0}
                | {"correct_before": True, "correct_filled": at >= 3}
            )
        spikes.append(
            common
            | {"corner": "upper_left", "class_before": "normal", "class_spiked": "covid19"}
            | {"flipped": True, "score_change": -1.0, "change_normal": -1.0, "change_covid19": 1.0}
        )
    return Asked(framed(regions, RELIANCE[REGIONS]), framed(spikes, SPIKE_COLUMNS))


def metrics_of(arch: str, seed: int, checkpoint: str) -> dict[str, Any]:
    """A training's metrics: accuracies 0.81, 0.82, ... of tl, 0.82, 0.83, ... of ft."""
    accuracy = {"tl": 0.8, "ft": 0.81}[checkpoint] + seed / 100
    plain = {"strategy": {"name": "plain", "parameters": {}}} if checkpoint == "ft" else {}
    return plain | {
        "architecture": arch,
        "seed": seed,
        "checkpoint": checkpoint,
        "epoch": 8,
        "validation": {"loss": 0.1, "accuracy": 0.9},
        "test": {"n": 6, "accuracy": accuracy, "auc": None, "calibration_error": 0.04},
        "versions": {"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6"},
    }


def history() -> pd.DataFrame:
    """Two epochs of a training, with the validation accuracy of the metrics."""
    columns = ["train_loss", "train_accuracy", "validation_loss"]
    return pd.DataFrame({"epoch": [1, 2], **dict.fromkeys(columns, 0.5), "validation_accuracy": 0.9})


def logits_of(maps: ArchitectureMaps) -> Logits:
    """Logits that call what the maps' networks called; surer of it with each image and each seed."""
    values = np.zeros((*maps.predicted.shape, len(maps.classes)), np.float32)
    for at, seed in np.ndindex(maps.predicted.shape[:2]):
        called = maps.predicted[at, seed]
        sure = 1 + (at + 1) * np.arange(len(called)) / 10 + maps.seeds[seed] / 100
        values[at, seed] = np.where(np.arange(len(maps.classes)) == called[:, None], sure[:, None], 0)
    return Logits(maps.classes, maps.image_ids, maps.labels, values.astype(np.float64))


def write_study(
    folder: Path, study: Study, maps: list[ArchitectureMaps], params: Drift = PARAMS
) -> StudyFiles:
    """The files of `study_of(*maps)` as the stages leave them."""
    files = StudyFiles(
        *(
            folder / name
            for name in ("drift", "checks", "trajectory", "models", "plots", "metrics", "reliance")
        )
    )
    for each in maps:
        arch = each.architecture
        columns, agreement, notes = build(each, PARAMS)
        write_table(files.drift / arch / PAIRS, columns, vars(notes))
        write_table(files.drift / arch / AGREEMENT, agreement)
        write_table(files.drift / arch / PLACES, build_places(each, Masks(None, None)))
        for name, rows in ((FAITHFULNESS, faithfulness_of(each)), (RANDOMISATION, randomisation_of(each))):
            write_frame(files.checks / arch / name, rows, SCHEMAS[name])
        regions, spikes = reliance_of(each)
        write_frame(files.reliance / arch / REGIONS, regions, RELIANCE[REGIONS])
        write_frame(files.reliance / arch / SPIKES, spikes, SPIKE_COLUMNS)
        write_trajectory(files.trajectory / trajectory_name(arch), join([]))
        for number, seed in enumerate(each.seeds):
            for at, checkpoint in enumerate(STAGES):
                path = files.models / arch / str(seed) / checkpoint / PREDICTIONS
                logits = study.logits[arch].values[at, number]
                write_predictions(path, each.image_ids, each.labels, logits, each.classes)
        (files.models / arch / BACKBONE).touch()
    for (arch, seed, checkpoint), content in study.training.items():
        stage = STAGES[checkpoint]
        table = files.histories / stage / f"{arch}-{seed}.csv"
        write_text(table, history().to_csv(index=False))
        write_sealed(files.metrics / stage / f"{arch}-{seed}.json", content | {HISTORY: [checksum(table)]})
    write_sealed(files.metrics / "prepare.json", study.images)
    write_probe(files.metrics / "probe.json", study.probe)
    return files
