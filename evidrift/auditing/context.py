"""What the report of an audit shows beside its result."""

from collections.abc import Mapping
from typing import Any

from evidrift.auditing.gate.check import Check
from evidrift.auditing.gate.knowledge import Known
from evidrift.auditing.images import AuditImages
from evidrift.auditing.models import Models
from evidrift.auditing.study import DRIFT, MARGIN, NAME, images_card
from evidrift.auditing.words import NAMES, Told
from evidrift.base.sentence import spelled
from evidrift.compare.summary import Gate, GateLine
from evidrift.report.words.answers import Audited
from evidrift.report.words.numbers import interval_text
from evidrift.report.words.summarise import Context, page_spelling


def context_of(
    told: Told, audited: AuditImages, models: Models, known: Mapping[str, Known], asked: Mapping[str, Any]
) -> Context:
    """The context of an audit's report.

    Args:
        told: what the audit says.
        audited: the images.
        models: the model files.
        known: what each of them knows of the films.
        asked: what the audit was asked for, by its arguments' names.
    """
    return Context(
        kind="audit",
        before=NAMES["tl"],
        after=NAMES["ft"],
        labels_known=audited.labels_known,
        images=images_card(audited),
        models={NAME: list(_model_card(models, known))},
        gate=_gate(told),
        audited=Audited(told.answer, told.verdict, told.outcome),
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
        )
        for check in told.checks
    )
    return Gate(outcome=told.outcome, lines=lines)


def knows(known: Known) -> str:
    """What a model makes of the films, in words."""
    counts = ", ".join(f"{n} {name}" for name, n in known.predicted.items())
    if known.accuracy.value != known.accuracy.value:
        return f"predicts {counts}"
    accuracy = interval_text(*known.accuracy)
    return f"predicts {counts}; accuracy {accuracy}, calibration error {known.calibration_error:.2f}"


def _model_card(models: Models, known: Mapping[str, Known]) -> list[tuple[str, str]]:
    lines = []
    for part, described in models.described.items():
        scaled = "" if described["preprocessing"] == "none" else f", input {described['preprocessing']}"
        lines.append((f"Model {part}", f"{described['file']}{scaled}, sha256 {described['sha256']}"))
        lines.append((f"Model {part} on these films", knows(known[part])))
    file = next(iter(models.files.values()))
    lines.append(("Input", f"{file.shape.said} px, {file.channels} channel(s)"))
    lines.append(("Weights", f"{file.n_parameters:,}"))
    return lines
