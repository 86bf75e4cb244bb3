"""What the tables about choices say, for every medium."""

import pandas as pd

from evidrift.compare.findings.choices import OPPOSITE, SAME, SAYS, column_of, measure_words
from evidrift.report.words.choices import cohorts_view, left_out_view, left_out_words, robustness_view


def robust(**changes):
    counts = {column_of(says): 0 for says in SAYS} | {column_of(SAME): 24, column_of(OPPOSITE): 4}
    about = {"kind": "difference", "arch": "a", "other": "b", "method": "layer_cam", "against": ""}
    row = (
        about | counts | {"verdict": "supported", "choices": 60, "agree": 38 / 60, "turned_by": "w; x; y; z"}
    )
    return pd.DataFrame([row | changes])


def texts(view):
    return [[cell.value for cell in row] for row in view.rows]


def test_shares_are_counts_and_what_turns_a_claim_is_named_and_counted():
    assert texts(robustness_view(robust())) == [
        ["a, b", "layer_cam", "", "supported", "38 of 60", 24, 4, "w; x; y and 1 more"]
    ]
    undecided = robust(choices=9, not_decidable=9, agree=float("nan"), turned_by=float("nan"))
    assert texts(robustness_view(undecided))[0][4:] == ["0 of 0", 24, 4, ""]


def test_a_lead_stands_with_its_images_on_each_cohort():
    row = {"kind": "difference", "arch": "a", "other": "b", "method": "layer_cam", "stable": "b"}
    rows = [
        row | {"layer": layer, "measure": measure, "cohort": cohort, "lead": lead, "low": 0.0, "high": 0.2}
        for layer, measure, cohort, lead in (
            ("penultimate", "moved_share", "all", 0.1),
            ("penultimate", "moved_share", "pair", 0.11),
            ("penultimate", "displacement", "all", 0.5),
            ("last", "moved_share", "all", -0.1),
        )
    ]
    view = cohorts_view(pd.DataFrame(rows).assign(n_images=1460), "penultimate")
    assert [column.heading for column in view.columns[3:]] == ["All", "The two"]
    assert texts(view) == [["a, b", "layer_cam", "b", 0.1, 0.11]]
    assert view.rows[0][3].note == "1,460 images"


def test_who_is_left_out_stands_by_class_and_cohort():
    table = pd.DataFrame(
        [
            (cohort, label, 60, n)
            for cohort, ns in (("all", (13, 27)), ("a", (29, 46)))
            for label, n in zip("xy", ns, strict=True)
        ],
        columns=["cohort", "label", "n_images", "n_counted"],
    )
    assert texts(left_out_view(table)) == [["x", 60, 13, 29], ["y", 60, 27, 46]]
    assert left_out_words(table) == "40 of 120 films count, 13 of 60 of x."


def test_areas_are_named_in_percent():
    assert measure_words("moved_share_5") == "moved share of 5 %"
    assert measure_words("moved_share") == "moved share"
