"""What audit.json holds: its contract with machines, from which docs/audit.schema.json is made."""

from typing import Any, Literal

from evidrift.auditing.gate.limits import Derived
from evidrift.compare.record import (
    Column,
    Comparison,
    Difference,
    Flips,
    GateFacts,
    ModelFacts,
    Outcome,
    Performance,
    Section,
    Side,
    Watch,
)


class Limit(Section):
    """One limit of the gate and what came of it.

    Attributes:
        name: key in the gate file, or `knowledge`, which every gate asks for.
        against: side that the model after is held against.
        what: in words.
        value, low, high: what was found, with its two bounds, each of which fails in at most 5 % of all
            samples of patients.
        limit: at most this; where `least`, more than this.
        verdict: what came of it.
        reason: one sentence or two.
        least: whether the limit is one from below.
    """

    name: str
    against: Side
    what: str
    value: float | None
    low: float | None
    high: float | None
    limit: float
    verdict: Outcome
    reason: str
    least: bool


class ImagesRead(Section):
    """What was read.

    Attributes:
        listed: images that were found; audited + excluded.
        audited: of them, in all numbers of performance.
        excluded: left out.
        reasons: how many for which reason.
        counting: on which drift is measured, of `patients_counting` patients.
        labels_known, patients_known: whether they were given.
    """

    listed: int
    audited: int
    excluded: int
    reasons: dict[str, int]
    counting: int
    patients_counting: int
    labels_known: bool
    patients_known: bool


class Filed(Section):
    """An audit as audit.json holds it; see `compare.record.Record` for what is not said here.

    Attributes:
        format: of this file; another number is another contract.
        outcome: of the gate, against all sides; None without one.
        answer: how far the evidence moved from before to after, in a sentence or two.
        gate: its limits.
        gate_file: the gate as it was written down.
        derived: where its limits come from, if that is known.
        models: by their parts, `original 1`, `before 1`, `after 1`, ...
        layer: target layer.
        drift: from before to after, by attribution method and measure.
        warnings: what to keep in mind.
    """

    format: Literal[2]
    outcome: Outcome | None
    answer: str
    gate: tuple[Limit, ...]
    gate_file: GateFacts | None
    derived: Derived | None
    task: Literal["classes", "findings"]
    command: str | None
    versions: dict[str, str]
    models: dict[str, ModelFacts]
    images: ImagesRead
    layer: str
    drift: dict[str, dict[str, dict[str, int | float | None]]]
    comparisons: tuple[Comparison, ...]
    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]
    flips: tuple[Flips, ...]
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]
    not_checked: tuple[str, ...]
    watch: tuple[Watch, ...]


def schema() -> dict[str, Any]:
    """The JSON schema of audit.json (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Filed.model_json_schema(mode="serialization"),
    }
