"""All models of an audit on all of its films: maps, logits, and what each model knows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.attribution.family import Family
from evidrift.auditing.explaining import explain_file, explain_findings, outputs_of
from evidrift.auditing.films.calls import scores_of, truth_of
from evidrift.auditing.films.images import AuditImages, read_images
from evidrift.auditing.films.units import logits_of_units, probabilities_of_units, units_of
from evidrift.auditing.gate.calls import with_calls
from evidrift.auditing.gate.films import Films, films_of
from evidrift.auditing.gate.knowledge import Known, known_of, known_of_findings
from evidrift.auditing.gate.performance import Predicted
from evidrift.auditing.models import Given, Models
from evidrift.auditing.performance.measures import measured
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.auditing.performance.subgroups import subgroups as subgroups_of
from evidrift.auditing.study import Run, labelled
from evidrift.base.errors import UserError
from evidrift.compare.study import Study
from evidrift.foreign.files import ModelFile
from evidrift.images.store import Images
from evidrift.maps.scores import predicted_classes


class Tried(NamedTuple):
    """All models on all films.

    Attributes:
        audited: the films as they were read, and what was left out.
        films: what is explained, with labels, or what stands for them without any. Of findings a film stands
            here once for each that it has, see `units`.
        film: which of the films read each of these is, (m,) index.
        columns: by which subgroups of the films read are made.
        runs: of each model.
        pairs: the runs before and after.
    """

    audited: AuditImages
    films: Images
    film: np.ndarray
    columns: tuple[Subgroups, ...]
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
    subgroups: Sequence[str] | None = None,
    scratch: Path | None = None,
) -> Tried:
    """Read the films as the models want them, and explain every model on them; see `audit`.

    Pixels and maps lie on the disk of the folder `scratch`, in files without a name.
    """
    next(iter(models.files.values())).check_padding(padding)
    audited = read_images(
        images,
        models.size,
        models.n_classes,
        classes=models.classes,
        labels=labels,
        several=models.several,
        padding=padding,
        quiet=quiet,
        scratch=scratch,
    )
    further = [each.entry.extra for each in audited.loaded]
    columns = subgroups_of(further, subgroups, audited.images.classes)
    if models.several:
        films, film, runs = explain_units(models.files, families, layer, audited, quiet, scratch)
    else:
        runs, explained = explain_all(models.files, families, layer, audited, quiet, scratch)
        films, film = labelled(audited, explained), np.arange(len(explained))
    return Tried(
        audited, films, film, columns, runs, [(runs[one], runs[other]) for one, other in models.pairs]
    )


def explain_all(
    files: Mapping[Given, ModelFile],
    families: Sequence[Family],
    layer: str,
    audited: AuditImages,
    quiet: bool,
    scratch: Path | None = None,
) -> tuple[dict[Given, Run], np.ndarray]:
    """Every model once on all images, and the class of each image that was explained.

    Args:
        files: of the models, the first one first.
        families: what to compute.
        layer: target layer.
        audited: the images; without labels the first model's predictions are explained.
        quiet: no progress bars.
        scratch: folder on whose disk pixels and maps lie.
    """
    targets = audited.images.labels if audited.labels_known else None
    runs = {}
    for number, (given, file) in enumerate(files.items(), start=1):
        what = f"{number}/{len(files)}"
        found = explain_file(file, families, layer, audited.images.pixels, targets, what, quiet, scratch)
        if targets is None:
            targets = predicted_classes(found.logits)
        scores = scores_of(file, found.raw)
        runs[given] = Run(file.sha256, found.logits, found.maps, scores.probability, scores)
    assert targets is not None  # noqa: S101 - there is one model at least
    return runs, targets


def explain_units(
    files: Mapping[Given, ModelFile],
    families: Sequence[Family],
    layer: str,
    audited: AuditImages,
    quiet: bool,
    scratch: Path | None = None,
) -> tuple[Images, np.ndarray, dict[Given, Run]]:
    """Every model on each finding of each film: the units, the film of each, and the runs.

    Args:
        files: of the models, the first one first.
        families: what to compute.
        layer: target layer.
        audited: the films; without labels the findings are those that the first model calls.
        quiet: no progress bars.
        scratch: folder on whose disk pixels and maps lie.

    Raises:
        UserError: no film has a finding.
    """
    pixels = audited.images.pixels
    raw = {given: outputs_of(file, pixels, families[0].params.batch_size) for given, file in files.items()}
    scores = {given: scores_of(file, raw[given]) for given, file in files.items()}
    has = next(iter(scores.values())).called if audited.findings is None else audited.findings
    if not has.any():
        whose = "the first model before calls any finding" if audited.findings is None else "has a finding"
        raise UserError(
            f"None of the {len(has)} films {whose}, so there is no evidence to compare. Give films with "
            f"findings ({', '.join(audited.images.classes)})."
        )
    units = units_of(audited.images, has)
    runs = {}
    for number, (given, file) in enumerate(files.items(), start=1):
        which, what = (units.film, units.finding), f"{number}/{len(files)}"
        maps, _ = explain_findings(file, families, layer, pixels, which, raw[given], what, quiet, scratch)
        logits = logits_of_units(units, raw[given])
        named = {name: replace(each, logits=logits) for name, each in maps.items()}
        own = probabilities_of_units(units, scores[given].probability)
        runs[given] = Run(file.sha256, logits, named, own, scores[given])
    return units.images, units.film, runs


def known_by_part(models: Models, tried: Tried) -> dict[str, Known]:
    """What each model knows, by its part: `before 1`, `after 1`, ..."""
    films, truth = tried.films, truth_of(tried.audited)
    found = {}
    for part, given in models.parts.items():
        run = tried.runs[given]
        if models.several:
            found[part] = known_of_findings(run.scores, truth, tried.audited.images)
        else:
            labels = None if truth is None else films.labels
            found[part] = known_of(run.probabilities, labels, films.patient_ids, films.classes)
    return found


def seen_by(study: Study, method: str, tried: Tried) -> Films:
    """What a gate looks at, by one attribution method."""
    truth = truth_of(tried.audited)
    films = films_of(study, method, truth is not None)
    if truth is None or truth.exclusive:
        return films
    return with_calls(films, truth, [[run.scores for run in side] for side in zip(*tried.pairs, strict=True)])


def predicted_by(tried: Tried) -> Predicted | None:
    """What a gate holds performance against; None where labels are not known."""
    truth = truth_of(tried.audited)
    pairs = tuple((before.scores, after.scores) for before, after in tried.pairs)
    return None if truth is None else Predicted(truth, pairs, tried.columns)


def accuracies(tried: Tried) -> tuple[float, float] | None:
    """Of the sides before and after, mean over pairs, as the record has them; None without labels."""
    truth = truth_of(tried.audited)
    if truth is None:
        return None
    every = np.ones(len(truth.ids), dtype=bool)
    found = [[measured(truth, run.scores, every).accuracy for run in pair] for pair in tried.pairs]
    before, after = (
        float(np.mean([each.values.mean() for each in side if each is not None]))
        for side in zip(*found, strict=True)
    )
    return before, after
