"""How a view of a table looks in the terminal."""

import io

import pytest

from evidrift.report.terminal.plain import plain_table
from evidrift.report.terminal.tables import console
from evidrift.report.words import view

ROWS = [
    {"arch": "one", "method": "layer_cam", "x": 0.5, "low": 0.25, "high": 0.75, "note": "below"},
    {"arch": "one", "method": "grad\x1b_cam", "x": float("nan"), "low": 0.25, "high": 0.75, "note": ""},
    {"arch": "two", "method": "rise", "x": -0.001, "low": float("nan"), "high": 0.75, "note": ""},
]
COLUMNS = [
    view.words("architecture", "arch"),
    view.Column("method", lambda row: view.Cell(row["method"], "method", note=row["note"])),
    view.intervals("share", "x", "low", "high"),
]


def lines(**how) -> list[str]:
    file = io.StringIO()
    console(file).print(plain_table(view.table("A title", ROWS, COLUMNS, "A note"), **how))
    return [" ".join(line.split()) for line in file.getvalue().splitlines()]


def test_values_have_their_interval_beside_them_and_notes_below():
    shown = lines()
    assert shown[0] == "A title" and shown[-1] == "A note"
    assert "one layer_cam 0.50 [0.25, 0.75]" in shown
    assert shown[shown.index("one layer_cam 0.50 [0.25, 0.75]") + 1] == "below"
    assert "grad\\x1b_cam -" in shown  # no number, no interval; no control characters
    assert "two rise 0.00" in shown  # half an interval is none


@pytest.mark.parametrize(("once", "heads"), [(True, ["one", "two"]), (False, ["one", "one", "two"])])
def test_a_head_that_rows_share_stands_once_unless_asked_otherwise(once, heads):
    assert [line.split()[0] for line in lines(once=once) if line.startswith(("one", "two"))] == heads


def test_sections_have_a_space_after_the_rows_of_each_head():
    shown = lines(sections=True)
    assert shown[shown.index("two rise 0.00") - 1] == ""
    assert shown[shown.index("grad\\x1b_cam -") - 1] != ""
    assert lines()[lines().index("two rise 0.00") - 1] != ""
