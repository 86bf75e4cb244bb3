"""An audit as a study of one architecture, built in memory: a pair of models takes the place of a seed.

So the measures, quantities, verdicts and the report are the pipeline's own. `tl` is the model before,
`ft` the one after. What an audit does not have (checks, a probe, drift along training) is absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from evidrift.attribution.family import Family
from evidrift.attribution.origin import origin_of
from evidrift.auditing.films.calls import Scores, truth_of
from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.rates import evaluate_findings
from evidrift.base.files.spool import Spool
from evidrift.base.table import write_table
from evidrift.base.versions import versions
from evidrift.compare.findings.logits import Logits
from evidrift.compare.params import Compare
from evidrift.compare.study import Study, Training, joined
from evidrift.drift.params import Drift
from evidrift.drift.places_table import Masks, build_places
from evidrift.drift.source import ArchitectureMaps
from evidrift.drift.table import Columns, build
from evidrift.drift.tables import PAIRS, Notes
from evidrift.images.store import EXCLUSIONS, MANIFEST, STORE, Images, write_store
from evidrift.maps.mapfile import CHECKPOINTS, CheckpointMaps, LayerMaps, write_maps
from evidrift.maps.scores import predicted_classes
from evidrift.prepare.tables import write_exclusions, write_manifest
from evidrift.report.page.material import ReportFiles
from evidrift.training.evaluation import calibration_error, evaluate_logits

NAME = "model"  # of the one architecture
DRIFT = Drift(area=0.2, curve=[0.05, 0.1, 0.3, 0.5], draws=10, seed=0)
MARGIN, PRESERVED, CONFOUNDING, CASES = 0.1, 0.5, 0.5, 4


@dataclass(frozen=True)
class Run:
    """One model on the audit's images.

    Attributes:
        sha256: of its file.
        logits: (n, classes); of findings, the choice between each and `not called` (`units`).
        maps: by attribution family.
        probabilities: the model's own, (n, classes) likewise.
        scores: what it says of all films, in the order of its outputs.
    """

    sha256: str
    logits: np.ndarray
    maps: Mapping[str, CheckpointMaps]
    probabilities: np.ndarray
    scores: Scores


class Measured(NamedTuple):
    """The drift table and what holds for the whole of it, as they are stored, and the study."""

    pairs: Columns
    notes: Notes
    study: Study


def labelled(audited: AuditImages, labels: np.ndarray) -> Images:
    """The images with these labels, (n,) class indices: true ones, or what stands for them."""
    return replace(audited.images, labels=np.asarray(labels, np.int32))


def measure(
    images: Images,
    audited: AuditImages,
    pairs: Sequence[tuple[Run, Run]],
    families: Sequence[Family],
    layer: str,
) -> Measured:
    """Measure how far the maps moved in every pair, as the stage drift does.

    Args:
        images: from `labelled`.
        audited: what was read.
        pairs: models before and after.
        families: what explained them.
        layer: the target layer that conclusions rest on.
    """
    maps = _maps(images, pairs, families)
    columns, agreement, notes = build(maps, DRIFT)
    kinds = columns["pair_kind"]
    single = _single_sides(pairs)
    if single:
        kept = np.array([str(kind) not in single for kind in kinds])
        columns = {
            name: column[kept] if isinstance(column, np.ndarray) else column.filter(pa.array(kept))
            for name, column in columns.items()
        }
    tables = (columns, agreement, build_places(maps, Masks(None, None)))
    drift, agreed, places = (joined([pa.table(each)]) for each in tables)
    values = np.stack([[run.logits for run in side] for side in zip(*pairs, strict=True)])
    study = Study(
        architectures=(NAME,),
        seeds=maps.seeds,
        families=tuple(family.name for family in families),
        layer=layer,
        pairs=drift,
        agreement=agreed,
        places=places,
        notes={NAME: notes},
        training=_training(images, audited, pairs),
        logits={
            NAME: Logits(
                images.classes, images.ids, images.labels, values.astype(np.float64), apart=audited.several
            )
        },
        images=images_card(audited),
    )
    return Measured(columns, notes, study)


def write_material(
    folder: Path,
    images: Images,
    audited: AuditImages,
    film: np.ndarray,
    pairs: Sequence[tuple[Run, Run]],
    families: Sequence[Family],
    measured: Measured,
) -> ReportFiles:
    """Write what the report is made of beside the result tables: films, maps and drift table.

    Args:
        folder: the audit's.
        images: from `labelled`.
        audited: what was read, and what was left out.
        film: which of the films read each image is, (m,); those without a map are in the manifest alone.
        pairs: models before and after.
        families: what explained them.
        measured: from `measure`.
    """
    files = ReportFiles(folder / "tables", folder / "drift", folder / "maps", folder / STORE)
    splits = ["test"] * len(images.ids)
    read = [audited.loaded[at] for at in film]
    named = [
        replace(each, entry=replace(each.entry, label=images.classes[label]))
        for each, label in zip(read, images.labels, strict=True)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    bare = [audited.loaded[at] for at in sorted(set(range(len(audited.loaded))) - set(film.tolist()))]
    ids = [*(str(each) for each in images.ids), *(each.entry.path for each in bare)]
    write_manifest(folder / MANIFEST, [*named, *bare], ["test"] * len(ids), {}, ids)
    write_exclusions(folder / EXCLUSIONS, audited.exclusions)
    write_store(
        files.store,
        tables=(folder / MANIFEST, folder / EXCLUSIONS),
        classes=images.classes,
        image_ids=[str(each) for each in images.ids],
        patient_ids=[str(each) for each in images.patient_ids],
        labels=images.labels,
        splits=splits,
        content=images.content,
        pixels=images.pixels,
        size=images.pixels.shape[1],
    )
    for seed, pair in enumerate(pairs, start=1):
        for family in families:
            hashes = {name: run.sha256 for name, run in zip(CHECKPOINTS, pair, strict=True)}
            origin = origin_of(NAME, seed, family, images, hashes)
            maps = {name: run.maps[family.name] for name, run in zip(CHECKPOINTS, pair, strict=True)}
            path = files.maps / NAME / f"{seed}-{family.name}.h5"
            write_maps(path, origin, images.ids, images.content, maps)
    write_table(files.drift / NAME / PAIRS, measured.pairs, vars(measured.notes))
    return files


def _maps(images: Images, pairs: Sequence[tuple[Run, Run]], families: Sequence[Family]) -> ArchitectureMaps:
    """The maps of all pairs, as the stage drift reads them from its files."""
    sides = list(zip(*pairs, strict=True))  # all before, all after
    names = [family.name for family in families]
    having: dict[str, list[LayerMaps]] = {}
    signed: dict[tuple[str, str], Any] = {}
    family_of: dict[str, str] = {}
    for name in names:
        for label, first in sides[0][0].maps[name].layers.items():
            layers = [[run.maps[name].layers[label] for run in side] for side in sides]
            having.setdefault(label, []).extend(layer for side in layers for layer in side)
            for method in first.methods:
                signed[label, method] = _Stacked([[each.methods[method] for each in side] for side in layers])
                family_of[method] = name
    n = len(images.ids)
    return ArchitectureMaps(
        architecture=NAME,
        seeds=tuple(range(1, len(pairs) + 1)),
        classes=images.classes,
        image_ids=images.ids,
        patient_ids=images.patient_ids,
        labels=images.labels,
        content=images.content,
        size=images.pixels.shape[1],
        predicted=np.array([[predicted_classes(run.logits) for run in side] for side in sides]),
        signed=signed,
        explained={key: np.ones(n, dtype=bool) for key in signed},
        families=dict(sorted(family_of.items())),
        score=sorted({family.params.score for family in families}),
        target=sorted({family.params.target for family in families}),
        constant_gradient={
            label: any(
                all(run.maps[name].layers[label].constant_gradient for run in pair)
                for pair in pairs
                for name in names
                if label in pair[0].maps[name].layers
            )
            for label in having
        },
        rectified={label: all(each.rectified for each in layers) for label, layers in having.items()},
        not_defined=tuple(
            sorted(
                {
                    (label, method)
                    for label, layers in having.items()
                    for each in layers
                    for method in each.not_defined
                }
            )
        ),
        versions={library: [version] for library, version in versions().items()},
    )


class _Stacked:
    """Maps of all sides and models as one array, (sides, models, n, h, w), of which some films are read."""

    def __init__(self, sides: Sequence[Sequence[np.ndarray | Spool]]) -> None:
        self._sides = sides
        self.shape = (len(sides), len(sides[0]), *sides[0][0].shape)

    def __getitem__(self, at: tuple[slice, slice, Any]) -> np.ndarray:
        sides, models, films = at
        return np.stack([[maps[films] for maps in side[models]] for side in self._sides[sides]])


def _single_sides(pairs: Sequence[tuple[Run, Run]]) -> set[str]:
    """Kinds of pairs of trainings that would compare a model with itself: of a side that has only one."""
    kinds = zip(("seed_tl", "seed_ft"), zip(*pairs, strict=True), strict=True)
    return {kind for kind, side in kinds if len(pairs) > 1 and len({id(run) for run in side}) == 1}


def _training(images: Images, audited: AuditImages, pairs: Sequence[tuple[Run, Run]]) -> Training:
    """How good each model is on the audit's images, as a training stage says it of the test split."""
    training: Training = {}
    truth = truth_of(audited)
    for seed, pair in enumerate(pairs, start=1):
        for checkpoint, run in zip(CHECKPOINTS, pair, strict=True):
            if truth is not None and not truth.exclusive:
                tested = evaluate_findings(run.scores, truth)
            else:
                tested = evaluate_logits(run.logits, images.labels, images.classes)
                tested["calibration_error"] = calibration_error(run.probabilities, images.labels)
            if truth is None:  # how often a model agrees with the first one is no accuracy
                tested |= dict.fromkeys(("accuracy", "auc", "calibration_error"))
            training[NAME, seed, checkpoint] = {"epoch": 0, "test": tested, "versions": versions()}
    return training


def images_card(audited: AuditImages) -> dict[str, Any]:
    """What the report says of the images, by the names of the stage prepare's metrics."""
    images = audited.images
    reasons = sorted({why.reason for _, why in audited.exclusions})
    truth = truth_of(audited)
    counted: dict[str, np.ndarray] = {"all images": np.ones(len(images.ids), dtype=bool)}
    if truth is not None:
        counted = dict(zip(truth.labels, truth.truth.T, strict=True))
    patients = {name: len(set(images.patient_ids[own].tolist())) for name, own in counted.items()}
    return {
        "source": "folder",
        "images_in": audited.n_listed,
        "kept": len(images.ids),
        "excluded": {
            reason: sum(why.reason == reason for _, why in audited.exclusions) for reason in reasons
        },
        "ignored_files": dict(audited.ignored),
        "splits": {"test": {name: int(own.sum()) for name, own in counted.items()}},
        "split_origin": "given",
        "patients": {"test": patients},
        "patients_known": audited.patients_known,
        "identical_across_splits": 0,
    }


def rules(min_patients: int) -> Compare:
    """How the audit's claims are decided."""
    return Compare(
        min_patients=min_patients,
        margin=MARGIN,
        preserved=PRESERVED,
        confounding=CONFOUNDING,
        cases=CASES,
    )
