"""Tables for the terminal: rules above and below the heads, numbers to the right, names without harm."""

import pandas as pd
from rich import box
from rich.table import Table

from evidrift.base.shown import printable, shown
from evidrift.report.words.numbers import PLAIN
from evidrift.report.words.view import Cell, Column, TableView


def plain_table(view: TableView, *, once: bool = True, sections: bool = False) -> Table:
    """A table with a bold title and no frame; where space is short, names are folded, numbers never cut.

    Args:
        view: to show.
        once: a head that rows share stands at the first of them alone.
        sections: a space after the rows of each head.
    """
    table = Table(
        title=shown(view.caption),
        title_justify="left",
        title_style="bold",
        caption=printable(view.note),
        caption_justify="left",
        box=box.SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )
    for column in view.columns:
        table.add_column(
            column.heading,
            justify="right" if column.kind == "number" else "left",
            no_wrap=bool(column.kind),
            overflow="ellipsis" if column.kind else "fold",
        )
    heads = [None, *(row[0] for row in view.rows), None]
    for before, row, after in zip(heads, view.rows, heads[2:], strict=False):
        first = "" if once and row[0] == before else _spelled(row[0])
        table.add_row(first, *map(_spelled, row[1:]), end_section=sections and row[0] != after)
    return table


def spreads(heading: str, mean: str, sd: str) -> Column:
    """A column of `mean ± sd`, by the names of both in a row."""
    return Column(heading, lambda row: spread(row[mean], row[sd]), kind="number")


def spread(mean: float, sd: float) -> Cell:
    """`mean ± sd`, without the latter where there is none."""
    shown = [PLAIN.number(mean), *([] if pd.isna(sd) else [PLAIN.number(sd)])]
    return Cell(" ± ".join(shown), "number")


def _spelled(cell: Cell) -> str:
    """The value with its interval beside it, and the note below."""
    words = f"{cell.text(PLAIN, str)} {cell.interval(PLAIN)}".strip()
    return "\n".join(filter(None, (shown(words), printable(cell.note))))
