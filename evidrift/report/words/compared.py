"""The numbers of a record by group of films and measure, and what models, pairs and groups are called."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evidrift.compare.record import Difference, Estimate, Group, Performance, Record

MEASURES = {
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "auc": "AUC",
    "calibration_error": "Calibration error",
}
Key = tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class Row:
    """One measure on one group of films.

    Attributes:
        group: of films.
        measure: of MEASURES.
        values: by model's part; None where it is not known.
        differences: by the parts of reference and candidate.
    """

    group: Group
    measure: str
    values: dict[str, Estimate | None]
    differences: dict[tuple[str, str], Estimate | None]


def key(group: Group) -> Key:
    """What tells groups apart."""
    return group.label, group.column, group.value


def rows(record: Record, *, by_label: bool, by_column: bool) -> Iterator[Row]:
    """Every measure that is known of these groups, in the record's order.

    Args:
        record: of an audit.
        by_label: of single classes or findings, or of all together.
        by_column: of subgroups, or of all films.
    """
    groups: dict[Key, Group] = {}
    for each in record.performance:
        if (each.group.label is not None, each.group.column is not None) == (by_label, by_column):
            groups.setdefault(key(each.group), each.group)
    single = {(each.part, key(each.group)): each for each in record.performance}
    paired = {(each.reference, each.candidate, key(each.group)): each for each in record.differences}
    for at, group in groups.items():
        for measure in MEASURES:
            values = {part: _of(single.get((part, at)), measure) for part in parts(record)}
            differences = {pair: _of(paired.get((*pair, at)), measure) for pair in pairs_of(record)}
            if any(each and each.value is not None for each in values.values()):
                yield Row(group, measure, values, differences)


def _of(found: Performance | Difference | None, measure: str) -> Estimate | None:
    return None if found is None else getattr(found, measure)


def parts(record: Record) -> list[str]:
    """Models that were held against the truth, in the record's order of models."""
    known = {each.part for each in record.performance}
    return [each.part for each in record.models if each.part in known]


def pairs_of(record: Record) -> list[tuple[str, str]]:
    """Pairs of models that were held against each other, in order."""
    found: Sequence[Any] = record.differences or record.flips
    return list(dict.fromkeys((each.reference, each.candidate) for each in found))


def part_name(record: Record, part: str) -> str:
    """`after` where its side has a single model, else `after 2`."""
    side = part.rpartition(" ")[0]
    return side if sum(each.side == side for each in record.models) == 1 else part


def pair_name(record: Record, pair: tuple[str, str]) -> str:
    """`after less before`."""
    reference, candidate = (part_name(record, part) for part in pair)
    return f"{candidate} less {reference}"


def group_name(group: Group) -> str:
    """`all films`, `tuberculosis`, `sex: F`, or `tuberculosis, sex: F`."""
    told = [group.label] if group.label is not None else []
    if group.column is not None:
        told.append(f"{group.column}: {group.value}")
    return ", ".join(told) or "all films"
