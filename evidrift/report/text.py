"""What all printed tables share: plain boxes, numbers that may be missing, names that cannot do harm."""

import math
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


def mean_text(mean: float, sd: float) -> str:
    """`mean ± sd`, without the latter where there is none."""
    return number_text(mean) if math.isnan(sd) else f"{number_text(mean)} ± {number_text(sd)}"


def interval_text(value: float, low: float, high: float) -> str:
    """`value [low, high]`, signed where it may be."""
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if math.isnan(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def number_text(value: float) -> str:
    """Three decimals, `-` where there is no number."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def p_text(value: float) -> str:
    """A p-value, `<0.001` below that."""
    return "<0.001" if value < 0.001 else number_text(value)


def safe(name: str) -> str:
    """A name without control characters."""
    return "".join(character if character.isprintable() else "?" for character in str(name))
