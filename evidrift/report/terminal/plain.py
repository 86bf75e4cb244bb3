"""Tables for the terminal: rules above and below the heads, numbers to the right, names without harm."""

from rich import box
from rich.table import Table

from evidrift.report.words.numbers import PLAIN
from evidrift.report.words.view import Cell, TableView


def safe(name: str) -> str:
    """A name without control characters."""
    return "".join(character if character.isprintable() else "?" for character in str(name))


def plain_table(view: TableView, *, once: bool = True, sections: bool = False) -> Table:
    """A table with a bold title and no frame; where space is short, names are folded, numbers never cut.

    Args:
        view: to show.
        once: the head of several rows in a row stands at the first one alone.
        sections: a space after the last row of a head.
    """
    table = Table(
        title=safe(view.caption),
        title_justify="left",
        title_style="bold",
        caption=_lines(view.note),
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
    heads = [row[0].value for row in view.rows]
    for head, before, after, row in zip(heads, [None, *heads], [*heads[1:], None], view.rows, strict=False):
        cells = [_spelled(cell) for cell in row]
        if once and head == before:
            cells[0] = ""
        table.add_row(*cells, end_section=sections and head != after)
    return table


def _spelled(cell: Cell) -> str:
    """The value with its interval beside it, and the note below."""
    words = f"{cell.text(PLAIN, str)} {cell.interval(PLAIN)}".strip()
    return "\n".join(filter(None, (safe(words), _lines(cell.note))))


def _lines(text: str) -> str:
    return "\n".join(map(safe, text.split("\n")))
