"""The contract between those who compare (the stage compare, an audit) and the report: summary.json.

Tables travel as CSV beside it. What is no table travels here: what was asked and answered, the warnings, the
images, the trainings. The report reads this file back and knows nothing of a study or an audit but this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from evidrift.report.html.answers import Answer, answer_of, opinions_of
from evidrift.stats.compare import Result
from evidrift.stats.study import Study
from evidrift.stats.trust import signs
from evidrift.trajectory.words import sentences

NAME = "summary.json"
HISTORY = ("arch", "seed", "checkpoint", "epoch", "kept")
CURVES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")

Outcome = Literal["passed", "failed", "not judged"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateLine(_Record):
    """One limit of a gate, as it is shown.

    Attributes:
        name: key in the gate file.
        what: in words.
        value: what was found, with its interval.
        limit: at most this.
        verdict: what came of it.
        reason: one sentence.
    """

    name: str
    what: str
    value: str
    limit: str
    verdict: Outcome
    reason: str


class Gate(_Record):
    """All limits and what comes of them together."""

    outcome: Outcome
    lines: tuple[GateLine, ...]


class CaveatLine(_Record):
    """A warning: its short name and its sentence."""

    key: str
    sentence: str


class Cohort(_Record):
    """Size of the common cohort."""

    images: int
    patients: int


@dataclass(frozen=True)
class Context:
    """What a report shows and a result does not hold.

    Attributes:
        kind: `study` of architectures and seeds, or `audit` of pairs of models.
        before, after: the two checkpoints' names for people, e.g. `transfer-learned` and `fine-tuned`.
        labels_known: whether the images have true labels; else the class that was explained stands for them.
        images: counts, by the names of the stage prepare's metrics.
        probe: the stage probe's metrics; None where nothing was probed.
        histories: a row an epoch: HISTORY and CURVES, `checkpoint` tl or ft, `kept` where the epoch's
            weights became the checkpoint; None without any.
        models: by architecture, terms and texts of its model card.
        gate: None without one.
        answer: an audit's answer in one sentence; a study's follows from its claims.
        parameters: that the result depends on.
    """

    kind: Literal["study", "audit"]
    before: str
    after: str
    labels_known: bool
    images: Mapping[str, Any]
    probe: Mapping[str, Any] | None = None
    histories: pd.DataFrame | None = None
    models: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    gate: Gate | None = None
    answer: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Summary(_Record):
    """What summary.json holds; see `Context` and `stats.compare.Result` for what is not said here.

    Attributes:
        answer: what was asked and what came out, with the verdict.
        opinions: whether the reversal between LayerCAM and Grad-CAM++ survives, in sentences.
        cohort: the common cohort's size.
        patients_known: whether patient ids were given.
        signs: by architecture and method at `layer`, what the checks say against it, see `stats.trust`.
        alike: groups of methods that cannot disagree at `layer`.
        caveats: in order.
        courses: drift along training in sentences.
        histories: by column, see `Context`.
    """

    kind: Literal["study", "audit"]
    before: str
    after: str
    labels_known: bool
    answer: Answer
    opinions: tuple[str, ...]
    gate: Gate | None
    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    families: tuple[str, ...]
    layer: str
    area: float
    margin: float
    score: tuple[str, ...]
    target: tuple[str, ...]
    cohort: Cohort
    patients_known: bool
    signs: dict[str, dict[str, str]]
    alike: tuple[tuple[str, ...], ...]
    caveats: tuple[CaveatLine, ...]
    courses: tuple[str, ...] = ()
    images: dict[str, Any]
    probe: dict[str, Any] | None
    histories: dict[str, list[Any]] | None
    models: dict[str, tuple[tuple[str, str], ...]]
    parameters: dict[str, Any]


def summarise(study: Study, result: Result, context: Context) -> Summary:
    """Bring together what the report says in words."""
    marked = signs(result.marks)
    outcome = context.gate.outcome if context.gate else None
    return Summary(
        kind=context.kind,
        before=context.before,
        after=context.after,
        labels_known=context.labels_known,
        answer=answer_of(result, context.kind, context.answer, outcome),
        opinions=tuple(opinions_of(result)) if context.kind == "study" else (),
        gate=context.gate,
        architectures=result.architectures,
        seeds=result.seeds,
        families=study.families,
        layer=result.layer,
        area=result.area,
        margin=result.margin,
        score=result.score,
        target=result.target,
        cohort=Cohort(images=len(result.cohort.image_ids), patients=result.cohort.n_patients),
        patients_known=result.patients_known,
        signs={
            arch: {m: sign for (a, layer, m), sign in marked.items() if (a, layer) == (arch, result.layer)}
            for arch in result.architectures
        },
        alike=tuple(tuple(group) for group in result.alike.get(result.layer, ())),
        caveats=tuple(CaveatLine(key=each.key, sentence=each.sentence) for each in result.caveats),
        courses=tuple(sentences(list(result.courses))),
        images=dict(context.images),
        probe=None if context.probe is None else dict(context.probe),
        histories=None if context.histories is None else _columns(context.histories),
        models={arch: tuple(lines) for arch, lines in context.models.items()},
        parameters=dict(context.parameters),
    )


def write_summary(folder: Path, study: Study, result: Result, context: Context) -> Path:
    """Write summary.json into the folder of result tables; the same result gives the same bytes.

    Args:
        folder: where `stats.output.write_tables` writes to.
        study: that was compared.
        result: of `stats.compare.compare`.
        context: what it does not hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    text = summarise(study, result, context).model_dump_json(indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_summary(folder: Path) -> Summary:
    """Read it back from the folder of result tables."""
    return Summary.model_validate_json((folder / NAME).read_text(encoding="utf-8"))


def _columns(histories: pd.DataFrame) -> dict[str, list[Any]]:
    table = histories[[*HISTORY, *CURVES]]
    plain = table.astype(object).where(table.notna(), None)
    return {name: [_plain(value) for value in plain[name]] for name in plain}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
