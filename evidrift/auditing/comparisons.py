"""With an original: the model after held against it as well, and the one before.

Changes add up: a model that differs little from the one before may differ much from the one that was approved
first. So the model after must keep every limit against both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from evidrift.attribution.family import Family
from evidrift.auditing.gate.check import KNOWLEDGE, Check
from evidrift.auditing.gate.judge import judge
from evidrift.auditing.gate.knowledge import Known
from evidrift.auditing.gate.limits import Gate
from evidrift.auditing.models import Models
from evidrift.auditing.relying import of_pairs
from evidrift.auditing.runs import Tried, predicted_by, seen_by
from evidrift.auditing.study import measure, rules
from evidrift.compare.record import Side
from evidrift.compare.result import Result, compare
from evidrift.compare.study import Study
from evidrift.reliance.measuring import Reliance

MIN_PATIENTS = 20


class Compared(NamedTuple):
    """Two sides held against each other.

    Attributes:
        reference, candidate: the sides.
        parts: of the models, pair by pair.
        tried: all models on all films, with these pairs.
        study, result: as the pipeline has them.
    """

    reference: Side
    candidate: Side
    parts: tuple[tuple[str, str], ...]
    tried: Tried
    study: Study
    result: Result


def compare_with_original(
    models: Models, tried: Tried, families: Sequence[Family], layer: str, reliance: Reliance | None
) -> list[Compared]:
    """The sides after and before, each held against the original; none without one.

    Args:
        models: of all sides.
        tried: on all films.
        families: what explained them.
        layer: target layer.
        reliance: of each model, where it was measured.
    """
    found = []
    for (reference, candidate), pairs in models.of_original.items():
        own = tried._replace(pairs=[(tried.runs[one], tried.runs[other]) for one, other in pairs])
        study = measure(own.films, own.audited, own.pairs, families, layer).study
        if reliance is not None:
            study = replace(study, reliance=of_pairs(reliance, list(models.files), pairs))
        result = compare(study, rules(MIN_PATIENTS))
        parts = models.parts_of(reference, candidate, pairs)
        found.append(Compared(reference, candidate, parts, own, study, result))
    return found


def judge_sides(
    gate: Gate,
    method: str,
    compared: Sequence[Compared],
    known: Mapping[str, Known],
) -> tuple[Check, ...]:
    """Every limit, of the model after against each other side; what the models know is asked once.

    Args:
        gate: the limits.
        method: that the gate judges by.
        compared: before and after first.
        known: what each model knows, by its part.
    """
    checks: list[Check] = []
    for each in compared:
        if each.candidate != "after":
            continue
        seen, predicted = seen_by(each.study, method, each.tried), predicted_by(each.tried)
        found = judge(gate, seen, method, known, each.study.reliance, predicted)
        checks += [
            replace(check, against=each.reference)
            for check in found
            if not check.name.startswith(KNOWLEDGE) or each is compared[0]
        ]
    return tuple(checks)
