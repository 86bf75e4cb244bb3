"""The record of an audit, put together from what it found; see `compare.record`."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from evidrift.auditing.comparisons import MIN_PATIENTS, Compared
from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.gate.check import KNOWLEDGE, Check, outcome
from evidrift.auditing.gate.films import part
from evidrift.auditing.models import Models
from evidrift.auditing.performance.flips import flips
from evidrift.auditing.performance.rows import ERROR, Rows, estimate, rows
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.auditing.study import NAME
from evidrift.auditing.words import NAMES, NOT_CHECKED, answer, patients_sentence
from evidrift.base.interval import Bounds
from evidrift.base.sentence import spelled
from evidrift.base.versions import versions
from evidrift.compare.record import (
    Column,
    Comparison,
    Estimate,
    GateFacts,
    ModelFacts,
    Moved,
    Record,
    Side,
    Watch,
)
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.words.summarise import page_spelling

SIDES: tuple[Side, ...] = ("original", "before", "after")


def record_of(
    models: Models,
    scores: Mapping[str, Scores],
    truth: Truth | None,
    audited: AuditImages,
    columns: Sequence[Subgroups],
    compared: Sequence[Compared],
    checks: Sequence[Check],
    methods: Sequence[str],
    gate: GateFacts | None,
    command: str | None,
) -> Record:
    """Put it together.

    Args:
        models: of all sides.
        scores: what each says of the films, by its part.
        truth: of the films; None where labels are not known.
        audited: what was read.
        columns: by which subgroups are made.
        compared: before and after first.
        checks: of the gate; none without one.
        methods: attribution methods, in the order asked for.
        gate: as it was written down.
        command: as it was typed.
    """
    pairs = [pair for each in compared for pair in each.parts]
    ordered = sorted(models.parts, key=lambda name: SIDES.index(side_of(name)))
    said = {name: scores[name] for name in ordered}
    found = Rows((), ()) if truth is None else rows(truth, said, pairs, columns)
    return Record(
        task="classes" if not models.several else "findings",
        command=command,
        versions=all_versions(),
        models=tuple(_facts(name, models, scores[name], audited.images.classes) for name in ordered),
        gate=gate,
        comparisons=tuple(_comparison(each, methods, checks) for each in compared),
        performance=found.performance,
        differences=found.differences,
        flips=() if truth is None else flips(truth, scores, pairs),
        columns=tuple(Column(column=each.column, values=each.groups, reason=each.reason) for each in columns),
        not_checked=tuple(_not_checked(audited, found, columns, compared, gate)),
        watch=tuple(_watch(scores["after 1"], audited, models.several)),
    )


def side_of(name: str) -> Side:
    """Of a model's part."""
    return next(side for side in SIDES if name.startswith(side))


def all_versions() -> dict[str, str]:
    """Of this project, Python and the libraries that round."""
    try:
        own = version("evidrift")
    except PackageNotFoundError:  # run from a checkout that was never installed
        own = "checkout"
    return {"evidrift": own, "python": platform.python_version(), **versions()}


def _facts(name: str, models: Models, scores: Scores, classes: Sequence[str]) -> ModelFacts:
    given = models.parts[name]
    file = models.files[given]
    how = file.saved
    called = scores.called.sum(axis=0)
    return ModelFacts(
        part=name,
        side=side_of(name),
        file=file.path.name,
        sha256=file.sha256,
        format=how.format,
        keras=how.keras,
        classes=tuple(classes),
        ending=file.ending,
        input=file.shape[:3],
        preprocessing=file.preprocessing,
        parameters=file.n_parameters,
        predicted={label: int(n) for label, n in zip(classes, called, strict=True)},
    )


def _comparison(each: Compared, methods: Sequence[str], checks: Sequence[Check]) -> Comparison:
    result, layer = each.result, each.study.layer
    drift = result.drift
    at = drift[(drift["layer"] == layer) & (drift["measure"] == MOVED_SHARE)].set_index("method")
    # what a model knows holds against whichever side
    own = [check for check in checks if check.against == each.reference or check.name.startswith(KNOWLEDGE)]
    than = "before" if each.reference == "before" else f"under the {each.reference}"
    first = result.quantities.get(((NAME, layer, methods[0]), MOVED_SHARE))
    return Comparison(
        reference=each.reference,
        candidate=each.candidate,
        n_films=len(result.cohort.image_ids),
        n_patients=result.cohort.n_patients,
        answer=spelled(answer(methods[0], first, than), page_spelling("audit", *NAMES.values())),
        moved=tuple(
            Moved(
                method=name,
                drift=_cell(at.loc[name], "mean", "fixed_low", "fixed_high"),
                over_scale=_cell(at.loc[name], "over_scale", "fixed_over_scale_low", "fixed_over_scale_high"),
            )
            for name in methods
            if name in at.index
        ),
        outcome=outcome(own) if own and each.candidate == "after" else None,
    )


def _cell(row: pd.Series, *names: str) -> Estimate:
    return estimate(Bounds(*(float(row[name]) for name in names)))


def _not_checked(
    audited: AuditImages,
    found: Rows,
    columns: Sequence[Subgroups],
    compared: Sequence[Compared],
    gate: GateFacts | None,
) -> Iterator[str]:
    yield NOT_CHECKED
    yield (
        "Whether a model was trained on any of these films cannot be seen. On films that it knows it looks "
        "better, and steadier, than it is."
    )
    if gate is None:
        yield "No gate was given: nothing was asked of the model after."
    if not audited.labels_known:
        yield "Labels were not given: nothing is known of accuracy, sensitivity, specificity or calibration."
    if not audited.patients_known:
        yield patients_sentence(audited)
    if compared[0].study.reliance is None:
        yield (
            "What the predictions hang on was not measured: it is where a gate has limits on reliance. Maps "
            "need not show it."
        )
    if len(compared) == 1:
        yield "No original was given: how far changes have added up since the first model is not known."
    yield from _of_groups(found, columns)
    if audited.exclusions:
        yield f"{len(audited.exclusions)} of {audited.n_listed} images were left out, see exclusions.csv."


def _of_groups(found: Rows, columns: Sequence[Subgroups]) -> Iterator[str]:
    if not any(each.groups for each in columns):
        yield "No subgroups were looked at: no column of the films tells groups of them apart."
    for each in columns:
        if each.reason is not None:
            yield f"By {each.column} no subgroups were made: it has {each.reason}."
    if not found.performance:
        return
    first = found.performance[0].part
    groups = [each.group for each in found.performance if each.part == first]
    small = [
        f"{each.column} {each.value} ({each.n_patients})"
        for each in groups
        if each.label is None and each.column is not None and each.n_patients < MIN_PATIENTS
    ]
    if small:
        yield f"Subgroups of fewer than {MIN_PATIENTS} patients say little: {', '.join(small)}."
    rare = [
        f"{each.label} ({each.n_positive})"
        for each in groups
        if each.column is None and each.n_positive is not None and each.n_positive < MIN_PATIENTS
    ]
    if rare:
        yield f"Of fewer than {MIN_PATIENTS} patients sensitivity and AUC say little: {', '.join(rare)}."


def _watch(scores: Scores, audited: AuditImages, several: bool) -> Iterator[Watch]:
    """What can be counted in service without labels, and is to be looked into if it leaves its interval."""
    images = audited.images
    for number, label in enumerate(images.classes):
        called = part("", scores.called[:, number], images.patient_ids).bounds(ERROR, ERROR)
        yield Watch(what=f"share of the films that the model calls {label}", expected=estimate(called))
    likely = np.maximum(scores.probability, 1 - scores.probability).mean(axis=1)
    sure = likely if several else scores.probability.max(axis=1)
    mean = part("", sure, images.patient_ids).bounds(ERROR, ERROR)
    yield Watch(what="mean probability of what it calls", expected=estimate(mean))
