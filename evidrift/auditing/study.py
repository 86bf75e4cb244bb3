"""An audit as a study of one architecture: the files that the stages would leave, and what comes of them.

So the measures, floors, chance, verdicts and the report are the pipeline's own. A pair of models takes the
place of a seed; `tl` is the model before, `ft` the one after.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.attribution.by_name import Family
from evidrift.attribution.mapfile import CHECKPOINTS, Origin, write_maps
from evidrift.auditing.images import AuditImages
from evidrift.checks.tables import faithfulness_name, randomisation_name, write_checks
from evidrift.drift.placetable import Masks, build_places
from evidrift.drift.source import read_maps
from evidrift.drift.table import build
from evidrift.drift.tablefile import agreement_name, category, places_name, table_name, write_table
from evidrift.images.store import Images, write_store
from evidrift.images.tables import write_exclusions, write_manifest
from evidrift.params.compare import Compare
from evidrift.params.drift import Drift
from evidrift.params.grid import Grid
from evidrift.probe.results import Probe, Unjudged, write_probe
from evidrift.report.html.material import ReportFiles
from evidrift.stats.study import Study, StudyFiles, read_study
from evidrift.training.evaluation import evaluate_logits
from evidrift.training.predictions import write_predictions
from evidrift.trajectory.table import join, write_trajectory
from evidrift.trajectory.table import table_name as trajectory_name
from evidrift.versions import versions

NAME = "model"  # of the one architecture
DRIFT = Drift(area=0.2, curve=[0.05, 0.1, 0.3, 0.5], draws=20, seed=0)
MARGIN, CONFOUNDING, CASES = 0.1, 0.5, 4
NOT_PROBED = "an audit does not know the images that the models were trained on"
# Stored by the pipeline's words: a floor is of the models after, unless there is only one of them.
KINDS = ("drift", "seed_tl", "seed_ft", "random")
FLOOR_OF_BEFORE = ("drift", "seed_ft", "seed_tl", "random")
OF_CHECKS = ["arch", "checkpoint", "layer", "method", "image_id", "patient_id", "label", "status"]
OF_FAITHFULNESS = ["seed", "insertion", "deletion", "insertion_random", "deletion_random"]
OF_RANDOMISATION = ["seed", "depth", "share", "similarity", "chance"]


@dataclass(frozen=True)
class Run:
    """One model on the audit's images.

    Attributes:
        sha256: of its file.
        logits: (n, classes).
        maps: by attribution family.
    """

    sha256: str
    logits: np.ndarray
    maps: Mapping[str, Any]


@dataclass(frozen=True)
class Folders:
    """Where an audit's files lie, below its folder."""

    root: Path

    @property
    def store(self) -> Path:
        """The films."""
        return self.root / "store.h5"

    @property
    def manifest(self) -> Path:
        """The images that were audited."""
        return self.root / "manifest.csv"

    @property
    def exclusions(self) -> Path:
        """Those left out, with why."""
        return self.root / "exclusions.csv"

    @property
    def maps(self) -> Path:
        """Map files, a folder an architecture."""
        return self.root / "maps"

    @property
    def tables(self) -> Path:
        """Result tables."""
        return self.root / "tables"

    @property
    def report_files(self) -> ReportFiles:
        """What the report is made of."""
        return ReportFiles(self.tables, self.study.drift, self.maps, self.store)

    @property
    def study(self) -> StudyFiles:
        """What `read_study` reads."""
        steps = self.root / "steps"
        return StudyFiles(
            drift=self.root / "drift",
            checks=steps / "checks",
            trajectory=steps / "trajectory",
            predictions=self.root / "predictions",
            train_tl=steps / "before",
            finetune=steps / "after",
            histories=steps / "histories",
            prepared=steps / "images.json",
            probe=steps / "probe.json",
        )


def write_images(folders: Folders, audited: AuditImages, labels: np.ndarray) -> Images:
    """Write the films, the manifest and the exclusions.

    Args:
        folders: where to.
        audited: what was read.
        labels: of every image, (n,) class indices: true ones, or what stands for them.

    Returns:
        The images with these labels.
    """
    images = replace(audited.images, labels=np.asarray(labels, np.int32))
    splits = ["test"] * len(images.ids)
    named = [
        replace(each, entry=replace(each.entry, label=images.classes[label]))
        for each, label in zip(audited.loaded, labels, strict=True)
    ]
    folders.root.mkdir(parents=True, exist_ok=True)
    write_manifest(folders.manifest, named, splits, {})
    write_exclusions(folders.exclusions, audited.exclusions)
    write_store(
        folders.store,
        classes=images.classes,
        image_ids=[str(each) for each in images.ids],
        patient_ids=[str(each) for each in images.patient_ids],
        labels=images.labels,
        splits=splits,
        content=images.content,
        pixels=images.pixels,
        size=images.pixels.shape[1],
    )
    return images


def write_study(
    folders: Folders,
    images: Images,
    audited: AuditImages,
    pairs: Sequence[tuple[Run, Run]],
    families: Sequence[Family],
) -> None:
    """Write maps, drift tables and predictions of all pairs, and the little that `read_study` asks beside."""
    files = folders.study
    seeds = list(range(1, len(pairs) + 1))
    for seed, pair in zip(seeds, pairs, strict=True):
        _write_pair(folders, images, audited.labels_known, seed, pair, families)
    names = [family.name for family in families]
    maps = read_maps(folders.maps / NAME, NAME, seeds, names, folders.manifest)
    columns, agreement, notes = build(maps, DRIFT)
    if _single_after(pairs):
        kinds = columns["pair_kind"]
        codes = np.array([KINDS.index(str(kind)) for kind in kinds])
        columns["pair_kind"] = category(codes, FLOOR_OF_BEFORE)
    write_table(files.drift / table_name(NAME), columns, notes)
    write_table(files.drift / agreement_name(NAME), agreement)
    write_table(files.drift / places_name(NAME), build_places(maps, Masks(None, None)))
    for name, columns_of_check in _CHECKS.items():
        write_checks(files.checks / name, _no_rows(columns_of_check))
    write_trajectory(files.trajectory / trajectory_name(NAME), join([]))
    files.prepared.write_text(json.dumps(images_card(audited), indent=2) + "\n", encoding="utf-8")
    write_probe(
        files.probe, Probe({name: Unjudged(NOT_PROBED) for name in ("thumbnails", "traits", "source")}, 0, 0)
    )


def _no_rows(columns: Sequence[str]) -> pd.DataFrame:
    """An empty table of the stage check: an audit does not check methods."""
    texts = {name: np.empty(0, str) for name in OF_CHECKS}
    return pd.DataFrame(texts | {name: np.empty(0, np.float32) for name in columns})


_CHECKS = {faithfulness_name(NAME): OF_FAITHFULNESS, randomisation_name(NAME): OF_RANDOMISATION}


def _single_after(pairs: Sequence[tuple[Run, Run]]) -> bool:
    """Whether one model after stands against several before: then their floor is the only one there is."""
    return len(pairs) > 1 and len({id(after) for _, after in pairs}) == 1


def _write_pair(
    folders: Folders,
    images: Images,
    labels_known: bool,
    seed: int,
    pair: tuple[Run, Run],
    families: Sequence[Family],
) -> None:
    files = folders.study
    runs = dict(zip(CHECKPOINTS, pair, strict=True))
    for family in families:
        origin = Origin(
            architecture=NAME,
            seed=seed,
            family=family.name,
            score=family.params.score,
            target=family.params.target,
            size=images.pixels.shape[1],
            classes=images.classes,
            versions=versions(),
            weights={checkpoint: run.sha256 for checkpoint, run in runs.items()},
        )
        maps = {checkpoint: run.maps[family.name] for checkpoint, run in runs.items()}
        write_maps(folders.maps / NAME / f"{seed}-{family.name}.h5", origin, images.ids, images.content, maps)
    for (checkpoint, run), folder in zip(runs.items(), (files.train_tl, files.finetune), strict=True):
        path = files.predictions / NAME / f"{seed}-{checkpoint}.parquet"
        write_predictions(path, images.ids, images.labels, run.logits, images.classes)
        tested = evaluate_logits(run.logits, images.labels, images.classes)
        if not labels_known:  # how often a model agrees with the first one is no accuracy
            tested |= dict.fromkeys(("accuracy", "auc", "calibration_error"))
        content = {
            "architecture": NAME,
            "seed": seed,
            "checkpoint": checkpoint,
            "epoch": 0,
            "validation": {"accuracy": None},
            "test": tested,
            "versions": versions(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=2) + "\n"
        (folder / f"{NAME}-{seed}.json").write_text(text, encoding="utf-8")


def images_card(audited: AuditImages) -> dict[str, Any]:
    """What the report says of the images, by the names of the stage prepare's metrics."""
    images = audited.images
    reasons = sorted({why.reason for _, why in audited.exclusions})
    known = audited.labels_known
    labels = [images.classes[label] if known else "all images" for label in images.labels]
    counted = list(images.classes) if known else ["all images"]
    patients = {
        name: len({p for p, label in zip(images.patient_ids, labels, strict=True) if label == name})
        for name in counted
    }
    return {
        "source": "folder",
        "images_in": audited.n_listed,
        "kept": len(images.ids),
        "excluded": {
            reason: sum(why.reason == reason for _, why in audited.exclusions) for reason in reasons
        },
        "ignored_files": {},
        "splits": {"test": {name: labels.count(name) for name in counted}},
        "split_origin": "given",
        "patients": {"test": patients},
        "patients_known": audited.patients_known,
        "identical_across_splits": 0,
    }


def read(folders: Folders, pairs: int, families: Sequence[Family], layer: str) -> Study:
    """Read the audit back as `compare` takes it."""
    grid = Grid(
        architectures=[NAME],
        seeds=list(range(1, pairs + 1)),
        families=[family.name for family in families],
    )
    return read_study(grid, folders.study, layer)


def rules(min_patients: int) -> Compare:
    """How the audit's claims are decided."""
    return Compare(min_patients=min_patients, margin=MARGIN, confounding=CONFOUNDING, cases=CASES)
