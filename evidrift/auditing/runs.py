"""All models of an audit on all of its films: maps, logits, and what each model knows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.attribution.family import Family
from evidrift.auditing.explaining import explain_file
from evidrift.auditing.gate.knowledge import Known, known_of
from evidrift.auditing.images import AuditImages, read_images
from evidrift.auditing.models import Given, Models
from evidrift.auditing.study import Run, labelled
from evidrift.foreign.files import ModelFile
from evidrift.images.store import Images
from evidrift.maps.scores import predicted_classes


class Tried(NamedTuple):
    """All models on all films.

    Attributes:
        audited: the films as they were read, and what was left out.
        films: their labels, or what stands for them without any.
        runs: of each model.
        pairs: the runs before and after.
    """

    audited: AuditImages
    films: Images
    runs: dict[Given, Run]
    pairs: list[tuple[Run, Run]]


def try_models(
    models: Models,
    images: Path,
    families: Sequence[Family],
    layer: str,
    *,
    labels: bool,
    padding: bool,
    quiet: bool,
) -> Tried:
    """Read the films as the models want them, and explain every model on them; see `audit`."""
    next(iter(models.files.values())).check_padding(padding)
    audited = read_images(
        images,
        models.size,
        models.n_classes,
        classes=models.classes,
        labels=labels,
        padding=padding,
        quiet=quiet,
    )
    runs, explained = explain_all(models.files, families, layer, audited, quiet)
    pairs = [(runs[one], runs[other]) for one, other in models.pairs]
    return Tried(audited, labelled(audited, explained), runs, pairs)


def explain_all(
    files: Mapping[Given, ModelFile],
    families: Sequence[Family],
    layer: str,
    audited: AuditImages,
    quiet: bool,
) -> tuple[dict[Given, Run], np.ndarray]:
    """Every model once on all images, and the class of each image that was explained.

    Args:
        files: of the models, the first one first.
        families: what to compute.
        layer: target layer.
        audited: the images; without labels the first model's predictions are explained.
        quiet: no progress bars.
    """
    targets = audited.images.labels if audited.labels_known else None
    runs = {}
    for number, (given, file) in enumerate(files.items(), start=1):
        what = f"{number}/{len(files)}"
        found = explain_file(file, families, layer, audited.images.pixels, targets, what, quiet)
        if targets is None:
            targets = predicted_classes(found.logits)
        runs[given] = Run(file.sha256, found.logits, found.maps)
    assert targets is not None  # noqa: S101 - there is one model at least
    return runs, targets


def known_by_part(
    models: Models, runs: Mapping[Given, Run], films: Images, labels_known: bool
) -> dict[str, Known]:
    """What each model knows, by its part: `before 1`, `after 1`, ..."""
    labels = films.labels if labels_known else None
    return {
        part: known_of(runs[given].logits, labels, films.patient_ids, films.classes)
        for part, given in models.parts.items()
    }
