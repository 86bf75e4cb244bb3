"""What the report of an audit shows beside its result."""

from collections.abc import Mapping, Sequence
from typing import Any

from evidrift.auditing.gate import Check, outcome
from evidrift.auditing.images import AuditImages
from evidrift.auditing.models import Models
from evidrift.auditing.study import DRIFT, MARGIN, NAME, images_card
from evidrift.compare.summary import Gate, GateLine
from evidrift.report.words.numbers import interval_text
from evidrift.report.words.summarise import Context


def context_of(
    answer: str, checks: Sequence[Check], audited: AuditImages, models: Models, asked: Mapping[str, Any]
) -> Context:
    """The context of an audit's report.

    Args:
        answer: how far the evidence moved, in one sentence.
        checks: of the gate; none without one.
        audited: the images.
        models: the model files.
        asked: what the audit was asked for, by its arguments' names.
    """
    return Context(
        kind="audit",
        before="before",
        after="after",
        labels_known=audited.labels_known,
        images=images_card(audited),
        models={NAME: list(_model_card(models))},
        gate=_gate(checks),
        answer=answer,
        parameters={**asked, "drift": DRIFT.model_dump(), "margin": MARGIN},
    )


def value_text(check: Check) -> str:
    """What was found, with its interval."""
    if check.value != check.value:
        return "-"
    known = check.low == check.low
    return interval_text(check.value, check.low, check.high) if known else f"{check.value:.3f}"


def _gate(checks: Sequence[Check]) -> Gate | None:
    if not checks:
        return None
    lines = tuple(
        GateLine(
            name=check.name,
            what=check.what,
            value=value_text(check),
            limit=f"at most {check.limit:g}",
            verdict=check.verdict,
            reason=check.reason,
        )
        for check in checks
    )
    return Gate(outcome=outcome(tuple(checks)), lines=lines)


def _model_card(models: Models) -> list[tuple[str, str]]:
    lines = []
    for part, described in models.described.items():
        lines.append((f"Model {part}", f"{described['file']}, sha256 {described['sha256']}"))
    file = next(iter(models.files.values()))
    lines.append(("Input", f"{file.size} x {file.size} px, {file.channels} channel(s)"))
    lines.append(("Weights", f"{file.n_parameters:,}"))
    return lines
