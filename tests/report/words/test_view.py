"""A table is made once, and each medium spells its cells."""

import pandas as pd

from evidrift.report.words import view
from evidrift.report.words.names import method_name
from evidrift.report.words.numbers import PAGE, PLAIN

ROWS = pd.DataFrame(
    {
        "method": ["layer_cam", "grad_cam"],
        "label": ["1", None],
        "drift": [0.25, float("nan")],
        "low": [0.1, 0.2],
        "high": [0.5, 0.4],
        "n": [1200, 3],
    }
)


def test_both_media_spell_the_same_view():
    shown = view.table(
        "Drift",
        ROWS,
        [
            view.methods("Method", lambda row: "‡" if row["method"] == "layer_cam" else ""),
            view.words("Class", "label", names={"1": "one"}),
            view.intervals("Drift", "drift", "low", "high"),
            view.counts("Images", "n"),
        ],
    )
    first, second = shown.rows
    assert [cell.text(PLAIN, str) for cell in first] == ["layer_cam ‡", "one", "0.25", "1,200"]
    assert [cell.text(PAGE, method_name) for cell in first] == ["LayerCAM ‡", "one", "0.25", "1,200"]
    assert (first[2].interval(PLAIN), first[2].interval(PAGE)) == ("[0.10, 0.50]", "0.10 to 0.50")
    assert [cell.text(PLAIN, str) for cell in second] == ["grad_cam", "-", "-", "3"]
    assert second[2].interval(PAGE) == ""  # no interval of a missing number
