"""How good each side is, as the terminal shows it in short: the report and audit.json have all of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from evidrift.compare.record import Difference, Estimate, Flips, Group, Performance, Record
from evidrift.report.terminal.plain import plain_table
from evidrift.report.words.numbers import interval_text
from evidrift.report.words.view import Cell, Column, table

if TYPE_CHECKING:
    from rich.table import Table

MANY = 6  # labels, above which only those that lost most are shown
OVERALL = {"accuracy": "accuracy", "auc": "AUC, mean", "calibration_error": "calibration error"}
BY_LABEL = {"sensitivity": "sensitivity", "specificity": "specificity", "auc": "AUC"}


class _Row(NamedTuple):
    group: Group
    measure: str
    words: str


def performance_tables(record: Record) -> "Iterator[Table]":
    """A table for each pair of models before and after; none without labels."""
    if record.whole is None:
        return
    pairs = [(each.reference, each.candidate) for each in record.differences if each.group == record.whole]
    pairs = [pair for pair in pairs if pair[1].startswith("after")]
    befores = [pair for pair in pairs if pair[0].startswith("before")]
    for number, (before, after) in enumerate(befores):
        first = [one for one, other in pairs if one.startswith("original") and other == after][:1]
        yield _table(record, [*first, before, after], f", pair {number + 1}" if len(befores) > 1 else "")


def in_short(record: Record) -> Iterator[str]:
    """Flips, the subgroup that lost most, and what was not checked; a sentence each."""
    for each in record.flips:
        if each.label is None and each.candidate.startswith("after"):
            yield _flips(each)
    worst = _worst_subgroup(record)
    if worst is not None and _value(worst.accuracy) >= 0:
        yield "No subgroup lost accuracy."
    elif worst is not None and worst.accuracy is not None:
        group = f"{worst.group.column} {worst.group.value} ({worst.group.n_patients} patients)"
        yield (
            f"Of all subgroups {group} lost most accuracy from {worst.reference} to {worst.candidate}: "
            f"{interval_text(*worst.accuracy.ends)}."
        )
    yield "Not checked:"
    yield from (f"  {sentence}" for sentence in record.not_checked)


def _table(record: Record, parts: list[str], pair: str) -> "Table":
    levels = {(each.part, each.group): each for each in record.performance}
    changes = {(each.reference, each.candidate, each.group): each for each in record.differences}
    *references, after = parts
    rows = list(_rows(record, parts[-2], after))

    def level(part: str) -> Column:
        def cell(row: _Row) -> Cell:
            return _cell(levels[part, row.group], row.measure, ends=len(parts) == 2)

        return Column(part.split()[0], cell, kind="number")

    def change(part: str) -> Column:
        def cell(row: _Row) -> Cell:
            return _cell(changes[part, after, row.group], row.measure)

        return Column(f"after - {part.split()[0]}", cell, kind="number")

    whole = record.whole
    films = "" if whole is None else f"{whole.n_films} films of {whole.n_patients} patients"
    shown = len(record.models[0].classes)
    note = f"Of {shown} labels those that lost most sensitivity; audit.json has all." if shown > MANY else ""
    return plain_table(
        table(
            f"Performance on {films}{pair}",
            rows,
            [
                Column("", lambda row: Cell(row.words)),
                *map(level, parts),
                *(change(each) for each in reversed(references)),
            ],
            note,
        )
    )


def _rows(record: Record, before: str, after: str) -> Iterator[_Row]:
    changes = [each for each in record.differences if (each.reference, each.candidate) == (before, after)]
    whole, *labels = (each for each in changes if each.group.column is None)
    for measure, words in OVERALL.items():
        yield _Row(whole.group, measure, words)
    if len(labels) > MANY:
        labels = sorted(labels, key=lambda each: _value(each.sensitivity))[:MANY]
    for each in labels:
        for measure, words in BY_LABEL.items():
            yield _Row(each.group, measure, f"{each.group.label}: {words}")


def _cell(row: Performance | Difference, measure: str, ends: bool = True) -> Cell:
    found: Estimate | None = getattr(row, measure)
    if found is None:
        return Cell(None, "number")
    value, low, high = found.ends
    return Cell(value, "number", (low, high) if ends else None)


def _flips(each: Flips) -> str:
    told = (
        f"From {each.reference} to {each.candidate}, {len(each.negative)} films went from right to wrong and "
        f"{len(each.positive)} from wrong to right"
    )
    counted = "" if each.unit == "films" else f"; {each.n_negative} and {each.n_positive} patients"
    p = "p < 0.001" if each.p < 0.001 else f"p = {each.p:.3f}"
    return f"{told}{counted} (McNemar, exact: {p})."


def _worst_subgroup(record: Record) -> Difference | None:
    groups = [
        each
        for each in record.differences
        if each.group.column is not None
        and each.group.label is None
        and each.accuracy is not None
        and each.candidate.startswith("after")
        and each.reference.startswith("before")
    ]
    return min(groups, key=lambda each: _value(each.accuracy), default=None)


def _value(found: Estimate | None) -> float:
    return 0.0 if found is None or found.value is None else found.value
