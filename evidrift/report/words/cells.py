"""Names for people, and cells of the report's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evidrift.compare.summary import Summary
from evidrift.report.words.names import method_name

DASH = "–"  # noqa: RUF001 - where there is no number
MEASURES = {
    "overlap": "1 - overlap",
    "displacement": "displacement",
    "correlation": "1 - correlation",
    "concentration": "concentration",
}
COHORTS = {
    "right": "right before and after",
    "regressed": "right before, wrong after",
    "fixed": "wrong before, right after",
    "wrong": "wrong before and after",
}
WITHOUT_LABELS = {"right": "same prediction", "regressed": "another prediction"}


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: as it is shown.
        kind: "" for words, `number`, `name` of something, or `verdict`.
        note: smaller, below.
    """

    text: str
    kind: str = ""
    note: str = ""

    @property
    def slug(self) -> str:
        """The text as a CSS class: of a verdict its colour hangs on it."""
        return self.text.replace(" ", "-")


@dataclass(frozen=True)
class Column:
    """A column's heading, the glossary's term behind it if any, and whether it holds numbers."""

    heading: str
    term: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class TableView:
    """A table as it is shown.

    Attributes:
        caption: what it says.
        columns: headings.
        rows: cells; the first one of each row heads it.
        note: in smaller print, below.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], note: str = ""
) -> TableView:
    """A table view of any sequences."""
    return TableView(caption, tuple(columns), tuple(map(tuple, rows)), note)


def cohort_names(summary: Summary) -> dict[str, str]:
    """What each cohort is called; without labels nothing is right or wrong."""
    return COHORTS if summary.labels_known else WITHOUT_LABELS


def run_word(summary: Summary) -> str:
    """What distinguishes two trainings of one architecture."""
    return "seed" if summary.kind == "study" else "pair"


def method_label(method: str, sign: str = "") -> str:
    """A method as papers write it, with the signs of the checks that speak against it."""
    return f"{method_name(method)} {sign}".strip()


def number(value: Any, digits: int = 2) -> Cell:
    """A number, or a dash."""
    return Cell(number_text(value, digits), "number")


def count(value: Any) -> Cell:
    """A whole number with commas in large ones."""
    return Cell(DASH if pd.isna(value) else f"{int(value):,}", "number")


def interval(value: Any, low: Any, high: Any, digits: int = 2) -> Cell:
    """A number with its interval beside it."""
    if pd.isna(value) or pd.isna(low) or pd.isna(high):
        return number(value, digits)
    return Cell(number_text(value, digits), "number", f"{low:z.{digits}f} to {high:z.{digits}f}")


def verdict(text: str) -> Cell:
    """A verdict."""
    return Cell(text, "verdict")


def number_text(value: Any, digits: int = 2) -> str:
    """A number as text, or a dash."""
    return DASH if pd.isna(value) else f"{value:z.{digits}f}"


def p_text(value: Any) -> str:
    """A p-value as text."""
    return DASH if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"
