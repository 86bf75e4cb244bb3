"""The report of an audit as a record: what a change-control file asks for stands in it, and no more."""

import re

import pytest

from evidrift.auditing.recording.record_tables import flipped
from evidrift.report.page.charts.rows import from_zero
from evidrift.report.page.page import write_report
from evidrift.report.page.tables import performance
from tests.drift.study import architecture
from tests.report.page import records
from tests.report.page.made import HOSTILE, HOSTILE_CLASS, audit_context, hostile, material, payload

pytestmark = pytest.mark.slow


def written(folder, maps=None, **context) -> str:
    maps = maps or architecture()
    files = material(folder, maps, context=audit_context(**context))
    return write_report(files, folder / "report").read_text(encoding="utf-8")


def section(text: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)
    assert found, name
    return found[0]


def table(text: str, name: str) -> list[list[str]]:
    """A table's rows as texts."""
    own = text[text.index(f'id="table-{name}"') :].partition("</table>")[0].partition("<tbody>")[2]
    rows = re.findall(r"<tr>(.*?)</tr>", own, re.DOTALL)
    return [
        [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    return written(tmp_path_factory.mktemp("record"), record=records.record())


def test_the_first_screen_asks_whether_the_model_may_be_replaced_and_says_what_stands_in_the_way(page):
    first = section(page, "answer")
    assert "May the model after take the place of the model before?" in first
    assert '<span class="chip failed">Gate failed</span>' in first
    way = first[first.index('class="way"') :].partition("</ul>")[0]
    assert way.count("<li>") == 1  # the broken limit alone
    assert "Accuracy before less accuracy after" in way
    assert table(first, "key")[0][:4] == [
        "Accuracy",
        "0.90 0.85 to 0.95",
        "0.89 0.84 to 0.94",
        "0.78 0.73 to 0.83",
    ]
    # of the classes the one that lost most
    assert table(first, "key")[-1][0] == "Sensitivity for normal"


def test_broken_limits_come_first_and_say_against_whom(page):
    rows = table(page, "gate")
    assert [row[4] for row in rows] == ["failed", "not judged", "passed"]
    assert [row[1] for row in rows] == ["before", "original", "before"]
    assert records.GATE_TEXT.strip() in section(page, "gate")


def test_performance_of_each_side_stands_by_class_and_subgroup_with_its_difference(page):
    rows = table(page, "performance-by-class")
    sensitivity = next(row for row in rows if row[:2] == ["normal", "Sensitivity"])
    # patients, with it, three models, three pairs: 0.9, -0.01 and -0.12 less 0.2; -0.11 and -0.12 less 0.2
    assert sensitivity[2:4] == ["6", "3"]
    assert [cell.split()[0] for cell in sensitivity[4:]] == [
        "0.70",
        "0.69",
        "0.58",
        "-0.31",
        "-0.32",
        "-0.21",
    ]
    assert [row[0] for row in table(page, "performance-by-subgroup")][::3] == ["sex: F", "sex: M"]
    assert {row[0] for row in table(page, "performance-by-class-and-subgroup")} == {
        f"{label}, sex: {sex}" for label in records.CLASSES for sex in "FM"
    }


def test_every_two_sides_are_held_against_each_other(page):
    assert [row[0] for row in table(page, "sides")] == [
        "after against before",
        "after against original",
        "before against original",
    ]


def test_flips_stand_with_mcnemar_and_lead_to_their_films(page):
    assert table(page, "flips")[0] == ["after against before", "2", "0", "0.500"]
    assert re.findall(r'data-image="([^"]*)"', page)[:2] == ["covid19/00.png", "normal/01.png"]


def test_models_gate_command_what_was_not_checked_and_what_to_watch_are_on_file(page):
    models = section(page, "models")
    for part in records.record().models:
        assert part.sha256 in models and part.file in models
    assert "9" * 64 in section(page, "gate")
    assert "2030-01-02T03:04:05+00:00" in section(page, "gate")
    assert "evidrift audit --original v1.keras" in section(page, "reproduce")
    assert "lateral films" in section(page, "limits")
    assert table(page, "columns")[1] == ["site", "none", "it has a value of its own for nearly every film"]
    assert table(page, "watch") == [["share of films called normal", "0.50 0.45 to 0.55"]]
    sign_off = section(page, "sign-off")
    assert all(model.sha256 in sign_off for model in records.record().models)
    assert page.index('id="sign-off"') > page.index('id="reproduce"')


def test_no_key_of_a_parameter_stands_in_a_sentence(page):
    sentences = re.findall(r"<(?:p|li|h\d|strong)[^>]*>(.*?)</", page.partition("<script")[0], re.DOTALL)
    assert len(sentences) > 30
    assert not [each for each in sentences if re.search(r"\b(?:compare|prepare|finetune|explain)\.\w", each)]


def test_without_labels_no_performance_is_claimed(tmp_path):
    record = records.record(performance=(), differences=(), flips=())
    text = written(tmp_path, record=record, labels_known=False)
    assert "No labels were given" in section(text, "performance")
    assert 'id="flips"' not in text and 'id="table-key"' not in text


def test_the_gates_margin_is_drawn_and_no_difference_lies_beyond_what_one_can_be(page):
    figures = payload(page, "figure-data")["forest"]
    margin = figures[0]["data"][-1]
    assert margin["name"] == "most that the gate allows"
    # through the row of all films alone: the gate has no limit on subgroups
    assert (margin["x"], margin["y"]) == ([-0.1, -0.1, None], [-0.5, 0.5, None])
    assert not any(trace["name"] == margin["name"] for figure in figures[1:] for trace in figure["data"])
    for figure in figures:
        low, high = figure["layout"]["xaxis"]["range"]
        assert -1 <= low < 0 < high <= 1
    assert figures[0]["layout"]["yaxis"]["ticktext"] == ["all films", "sex: F", "sex: M"]


def test_hostile_names_stay_text_in_the_record(tmp_path):
    record = records.record(image_ids=(HOSTILE,), command=HOSTILE_CLASS)
    text = written(tmp_path, hostile(architecture()), record=record)
    assert "<img src=x" not in text
    assert "</script><script>alert" not in text
    assert "&lt;img src=x onerror=alert(2)&gt;" in section(text, "reproduce")


@pytest.mark.parametrize(
    ("highest", "limit", "expected"),
    [(0.4, 1, 0.432), (0.99, 1, 1), (0, 1, 1), (1.9, 2, 2), (3, float("inf"), 3.24)],
)
def test_an_axis_starts_at_zero_and_ends_where_a_measure_can(highest, limit, expected):
    assert from_zero(highest, limit) == [0, pytest.approx(expected)]


def test_long_tables_and_lists_are_cut_and_say_where_all_of_it_is(monkeypatch):
    monkeypatch.setattr(performance, "ROWS", 5)
    monkeypatch.setattr(performance, "FILMS", 3)
    films = tuple(f"{number}.png" for number in range(5))
    found = records.record()
    found = found.model_copy(update={"flips": (found.flips[0].model_copy(update={"negative": films}),)})
    heading, _, shown, note = performance.flipped_films(found)[0]
    assert heading.endswith("(5 films)")
    assert shown == films[:3]
    assert note.startswith("The first 3 of 5;") and "tables/flips.csv" in note
    assert len(flipped(found).query("became == 'wrong'")) == 5
    tables = {name: table for name, _, table in performance.performance_tables(found)}
    assert len(tables["by-class"].rows) == 5
    assert re.match(r"The first 5 of \d+ rows; tables/performance.csv", tables["by-class"].note)
    assert tables["all"].note == ""
