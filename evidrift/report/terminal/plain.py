"""Tables for the terminal: rules above and below the heads, numbers to the right."""

from typing import Literal

from rich import box
from rich.table import Table


def plain_table(title: str) -> Table:
    """A table with a bold title and no frame."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )


def add_columns(table: Table, **headings: Literal["left", "right", "name"]) -> None:
    """Columns by heading, `_` for a space; where space is short, names are folded, numbers never cut."""
    for heading, kind in headings.items():
        fold = kind == "name"
        table.add_column(
            heading.replace("_", " "),
            justify="right" if kind == "right" else "left",
            no_wrap=not fold,
            overflow="fold" if fold else "ellipsis",
        )
