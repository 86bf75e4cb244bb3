"""What the report of an audit shows beside its result."""

from collections.abc import Mapping
from typing import Any

from evidrift.auditing.films.images import AuditImages
from evidrift.auditing.gate.check import Check
from evidrift.auditing.models import Models
from evidrift.auditing.study import DRIFT, MARGIN, NAME, images_card
from evidrift.auditing.words import NAMES, Told
from evidrift.base.sentence import spelled
from evidrift.compare.record import ModelFacts, Record
from evidrift.compare.summary import Gate, GateLine
from evidrift.report.words.answers import Audited
from evidrift.report.words.numbers import interval_text
from evidrift.report.words.summarise import Context, page_spelling


def context_of(
    told: Told,
    audited: AuditImages,
    models: Models,
    asked: Mapping[str, Any],
    record: Record,
) -> Context:
    """The context of an audit's report.

    Args:
        told: what the audit says.
        audited: the images.
        models: the model files.
        asked: what the audit was asked for, by its arguments' names.
        record: for a change-control file.
    """
    return Context(
        kind="audit",
        before=NAMES["tl"],
        after=NAMES["ft"],
        labels_known=audited.labels_known,
        images=images_card(audited),
        models={NAME: list(_model_card(models, record))},
        gate=_gate(told),
        audited=Audited(told.answer, told.verdict, told.outcome),
        record=record,
        parameters={**asked, "drift": DRIFT.model_dump(), "margin": MARGIN},
    )


def value_text(check: Check) -> str:
    """What was found, with its interval."""
    if check.value != check.value:
        return "-"
    known = check.low == check.low
    return interval_text(check.value, check.low, check.high) if known else f"{check.value:.3f}"


def _gate(told: Told) -> Gate | None:
    if told.outcome is None:
        return None
    spelling = page_spelling("audit", NAMES["tl"], NAMES["ft"])
    lines = tuple(
        GateLine(
            name=check.name,
            what=spelled(check.what, spelling),
            value=value_text(check),
            limit=check.asked,
            verdict=check.verdict,
            reason=spelled(check.reason, spelling),
            against=check.against,
        )
        for check in told.checks
    )
    return Gate(outcome=told.outcome, lines=lines)


def knows(record: Record, model: ModelFacts) -> str:
    """What a model makes of the films, in words."""
    counts = ", ".join(f"{n} {name}" for name, n in model.predicted.items())
    of_it = (each for each in record.performance if each.part == model.part and each.group == record.whole)
    found = next(of_it, None)
    if found is None or found.accuracy is None or found.calibration_error is None:
        return f"predicts {counts}"
    accuracy = interval_text(*found.accuracy.ends)
    return f"predicts {counts}; accuracy {accuracy}, calibration error {found.calibration_error.value:.2f}"


def _model_card(models: Models, record: Record) -> list[tuple[str, str]]:
    lines = []
    for each in record.models:
        scaled = "" if each.preprocessing == "none" else f", input {each.preprocessing}"
        lines.append((f"Model {each.part}", f"{each.file}{scaled}, sha256 {each.sha256}"))
        lines.append((f"Model {each.part} on these films", knows(record, each)))
    file = next(iter(models.files.values()))
    lines.append(("Input", f"{file.shape.said} px, {file.channels} channel(s)"))
    lines.append(("Weights", f"{file.n_parameters:,}"))
    return lines
