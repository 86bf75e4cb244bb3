"""A table as values, the same for every medium: cells, columns, and what each row shows in them.

A medium has one renderer, and writes numbers and names of methods in its own way.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidrift.report.words.numbers import Notation

Row = Any  # what cells are read from: mostly a data frame's record
Sign = Callable[[Row], str]


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        value: a text, a number, or a method's key; None or NaN where there is none.
        kind: "" for words, `number`, `p`, `method`, `verdict`, or what the page sets in bold: `first`.
        ends: of the number's interval.
        digits: decimals.
        sign: of the checks, behind the value.
        note: smaller, below.
    """

    value: Any
    kind: str = ""
    ends: tuple[Any, Any] | None = None
    digits: int = 2
    sign: str = ""
    note: str = ""

    def text(self, notation: Notation, method: Callable[[str], str]) -> str:
        """As a medium writes it, which has its own names for methods."""
        if self.kind == "method":
            text = method(self.value)
        elif self.kind == "p":
            text = notation.p(self.value)
        elif isinstance(self.value, str):
            text = self.value
        else:
            text = notation.number(self.value, self.digits)
        return f"{text} {self.sign}".strip()

    def interval(self, notation: Notation) -> str:
        """The interval as a medium writes it; nothing where something is missing."""
        return "" if self.ends is None or pd.isna(self.value) else notation.interval(*self.ends, self.digits)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: above it.
        cell: what it shows of a row.
        term: the glossary's term behind the heading, if any.
        kind: "" for words, `number` or `verdict`.
    """

    heading: str
    cell: Callable[[Row], Cell]
    term: str = ""
    kind: str = ""


@dataclass(frozen=True)
class TableView:
    """A table as it is shown.

    Attributes:
        caption: what it says.
        columns: with their headings.
        rows: cells; the first one of each row heads it.
        note: in smaller print, below.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def table(
    caption: str, rows: pd.DataFrame | Iterable[Row], columns: Iterable[Column], note: str = ""
) -> TableView:
    """A view of some rows."""
    shown = tuple(columns)
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows
    cells = tuple(tuple(column.cell(row) for column in shown) for row in records)
    return TableView(caption, shown, cells, note)


def words(heading: str, key: str, term: str = "", names: Mapping[str, str] | None = None) -> Column:
    """A column of texts, under the `names` that people know them by."""

    def cell(row: Row) -> Cell:
        value = row[key]  # a class may be called 1
        return Cell(value if pd.isna(value) else (names or {}).get(value, str(value)))

    return Column(heading, cell, term)


def methods(heading: str, sign: Sign = lambda _: "", key: str = "method") -> Column:
    """A column of attribution methods, with the signs of the checks that speak against them."""
    return Column(heading, lambda row: Cell(row[key], "method", sign=sign(row)), "method")


def numbers(heading: str, key: str, term: str = "", digits: int = 2) -> Column:
    """A column of numbers."""
    return Column(heading, lambda row: Cell(row.get(key), "number", digits=digits), term, "number")


def intervals(heading: str, key: str, low: str, high: str, term: str = "") -> Column:
    """A column of numbers with their intervals."""

    def cell(row: Row) -> Cell:
        return Cell(row.get(key), "number", (row.get(low), row.get(high)))

    return Column(heading, cell, term, "number")


def counts(heading: str, key: str, term: str = "") -> Column:
    """A column of whole numbers."""
    return numbers(heading, key, term, digits=0)


def p_values(heading: str, key: str = "p_corrected") -> Column:
    """A column of p-values."""
    return Column(heading, lambda row: Cell(row[key], "p"), "", "number")


def verdicts(heading: str, key: str = "verdict") -> Column:
    """A column of verdicts."""

    def cell(row: Row) -> Cell:
        return Cell(None) if pd.isna(row[key]) else Cell(row[key], "verdict")

    return Column(heading, cell, "verdict", "verdict")


WHERE = (words("Architecture", "arch", "architecture"), methods("Method"))
