"""What the report says in words, brought together from a result: the content of summary.json."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from evidrift.base.files.seal import checksum
from evidrift.base.json import write_sealed
from evidrift.base.sentence import Spelling, spelled
from evidrift.compare.findings import basins
from evidrift.compare.findings.courses_in_words import sentences
from evidrift.compare.findings.opinions import answer
from evidrift.compare.findings.signs import signs
from evidrift.compare.record import Record
from evidrift.compare.result import Result
from evidrift.compare.study import Study
from evidrift.compare.summary import CURVES, HISTORY, NAME, CaveatLine, Cohort, Gate, Summary
from evidrift.report.words import reliance
from evidrift.report.words.answers import Audited, answer_of
from evidrift.report.words.names import method_name

# What a reader calls the things that somebody else could set.
PARAMETERS = {
    "classes": "the audit's list of classes",
    "images": "in the list of films",
    "labels": "the audit's choice to use labels",
    "layer": "the target layer",
    "manifest": "in the list of films",
    "margin": "the margin that matters",
    "min_patients": "the least number of patients",
    "preprocessing": "the audit's scaling of the input",
}


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
        audited: an audit's answer; a study's follows from its claims.
        parameters: that the result depends on.
        record: of an audit.
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
    audited: Audited | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    record: Record | None = None


def page_spelling(kind: Literal["study", "audit"], before: str, after: str) -> Spelling:
    """How the page spells terms: methods as papers write them, checkpoints by the names given.

    Parameters are called what they are: readers of a page set none.
    """
    names = {"tl": before, "ft": after}
    return Spelling(
        method=method_name,
        checkpoint=lambda key: names[key],
        owner=lambda key: f"the {names[key]} checkpoint's",
        parameter=lambda key: PARAMETERS.get(key) or f"the {kind}'s setting “{key.replace('_', ' ')}”",
    )


def summarise(study: Study, result: Result, context: Context) -> Summary:
    """Bring together what the report says in words."""
    marked = signs(result.marks)
    spelling = page_spelling(context.kind, context.before, context.after)
    opinions = answer(result.question) if len(result.architectures) > 1 else []
    return Summary(
        kind=context.kind,
        before=context.before,
        after=context.after,
        labels_known=context.labels_known,
        answer=answer_of(result, spelling, context.audited),
        opinions=tuple(spelled(each, spelling) for each in opinions),
        gate=context.gate,
        architectures=result.architectures,
        seeds=result.seeds,
        families=study.families,
        layer=result.layer,
        area=result.area,
        margin=result.margin,
        preserved=result.preserved,
        score=result.score,
        target=result.target,
        cohort=Cohort(images=len(result.cohort.image_ids), patients=result.cohort.n_patients),
        patients_known=result.patients_known,
        signs={
            arch: {m: sign for (a, layer, m), sign in marked.items() if (a, layer) == (arch, result.layer)}
            for arch in result.architectures
        },
        alike=tuple(tuple(group) for group in result.alike.get(result.layer, ())),
        caveats=tuple(
            CaveatLine(key=each.key, sentence=spelled(each.sentence, spelling)) for each in result.caveats
        ),
        basins=tuple(spelled(each, spelling) for each in basins.sentences(result.basins)),
        courses=tuple(spelled(each, spelling) for each in sentences(result.courses)),
        reliance=tuple(
            spelled(each, spelling) for each in reliance.sentences(result.reliance, result.architectures)
        ),
        images=dict(context.images),
        probe=None if context.probe is None else dict(context.probe),
        histories=None if context.histories is None else _columns(context.histories),
        models={arch: tuple(lines) for arch, lines in context.models.items()},
        parameters=dict(context.parameters),
        record=context.record,
    )


def write_summary(
    folder: Path, tables: Sequence[Path], study: Study, result: Result, context: Context
) -> Path:
    """Write summary.json, sealed, into the folder of result tables; the same result gives the same bytes.

    Args:
        folder: where `compare.output.write_tables` wrote to.
        tables: what it wrote.
        study: that was compared.
        result: of `compare.result.compare`.
        context: what it does not hold.
    """
    path = folder / NAME
    sums = {table.name: checksum(table) for table in tables}
    summary = summarise(study, result, context).model_copy(update={"tables": sums})
    write_sealed(path, json.loads(summary.model_dump_json()))
    return path


def _columns(histories: pd.DataFrame) -> dict[str, list[Any]]:
    table = histories[[*HISTORY, *CURVES]]
    plain = table.astype(object).where(table.notna(), None)
    return {name: [_plain(value) for value in plain[name]] for name in plain}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
