"""The report as a file: its bytes, its safety, its first screen, and studies that lack something."""

import base64
import hashlib
import html
import re
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

from evidrift.base.errors import UserError
from evidrift.compare.summary import read_summary
from evidrift.report.page import page
from evidrift.report.page.browser.shown import clear
from evidrift.report.page.charts.rows import plain
from evidrift.report.page.page import embed, write_report
from tests.drift.study import architecture, in_two_clouds
from tests.report.page.made import HOSTILE, HOSTILE_CLASS, audit_context, hostile, material, payload

pytestmark = pytest.mark.slow

METHODS = [("penultimate", "grad_cam"), ("penultimate", "grad_cam_pp"), ("penultimate", "layer_cam")]


def written(folder, *maps, **how) -> str:
    files = material(folder, *maps, context=how.pop("context", None))
    return write_report(files, folder / "report", **how).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A study of two architectures: its folder and its page."""
    folder = tmp_path_factory.mktemp("two")
    maps = [architecture(name, methods=METHODS) for name in ("densenet_mini", "resnetv2_mini")]
    return folder, written(folder, *maps, parameters={"drift": {"area": 0.2}})


def test_the_same_material_gives_the_same_bytes_without_date_or_path(two, tmp_path):
    folder, text = two
    maps = [architecture(name, methods=METHODS) for name in ("densenet_mini", "resnetv2_mini")]
    assert written(tmp_path / "again", *maps, parameters={"drift": {"area": 0.2}}) == text
    assert str(folder) not in text
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", own)


def test_a_stamp_stands_in_a_copy_alone(two, tmp_path):
    folder, text = two
    files = page.ReportFiles(folder / "tables", folder / "drift", folder / "maps", folder / "store.h5")
    stamped = write_report(files, tmp_path, stamp={"date": "2030-01-02", "revision": "abc"}).read_text(
        "utf-8"
    )
    assert "2030-01-02" in stamped
    assert "2030-01-02" not in text


def test_a_floor_of_two_clouds_of_trainings_is_marked_as_a_mixture(tmp_path, two):
    text = written(tmp_path, in_two_clouds((1, 2, 3, 4, 5, 6, 7), (1, 3, 6)))
    assert "lie in 2 clouds of maps, seeds {1, 3, 6} and {2, 4, 5, 7}" in text
    # of both methods, in the table of drift and, by five measures, in that of all measures
    assert text.count("mixture of 2 clouds") == 2 * (1 + 5)
    assert "Not decidable: 2 trainings, and at least 5 are needed." in two[1]
    assert "mixture of" not in two[1]


def test_names_from_outside_stay_text(tmp_path):
    text = written(tmp_path, hostile(architecture()))
    scripts = len(page.SCRIPTS) + 1
    assert text.count("<script>") == text.count("</script>") - 2 == scripts  # two more hold data
    assert "<img src=x" not in text
    data = payload(text, "case-data")
    assert HOSTILE in data["images"]
    assert HOSTILE_CLASS in data["classes"]


def test_embedded_json_cannot_end_its_element():
    assert embed({"a": "</script>&<!--"}) == '{"a":"\\u003c/script\\u003e\\u0026\\u003c!--"}'


def test_the_policy_allows_these_scripts_and_no_request(two):
    _, text = two
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts]
    assert policy.startswith("default-src 'none'; script-src ")
    assert re.findall(r"'sha256-([^']*)'", policy) == digests
    assert "http" not in policy
    assert not re.search(
        r"(?:src|href)=\"https?:", re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    )


def test_the_first_screen_holds_question_answer_verdict_table_and_warnings(two):
    folder, text = two
    summary = read_summary(folder / "tables")
    first = text[text.index('id="answer"') : text.index('id="rankings"')]
    assert summary.answer.question in first
    assert f'<span class="chip {summary.answer.verdict.replace(" ", "-")}">' in first
    drift = pd.read_csv(folder / "tables/drift.csv")
    rows = drift[(drift["measure"] == "moved_share") & (drift["layer"] == "penultimate")]
    for row in rows.to_dict("records"):
        assert f"{row['mean']:.2f}" in first
        assert f"{row['low']:z.2f} to {row['high']:.2f}" in first
        assert f"alike {row['shared']:z.2f}, scale {row['scale']:.2f}" in first
    assert len(rows) == 6
    assert first.index('id="table-primary"') < first.index('id="table-headline"')
    assert "More stable by Grad-CAM++" in first
    assert "Grad-CAM++" in first
    for caveat in summary.caveats:
        if caveat.key != "insensitive":
            assert caveat.sentence[:40] in first


def test_every_claim_stands_with_its_patients_and_what_could_have_been_seen(two):
    claims = pd.read_csv(two[0] / "tables/claims.csv")
    own = claims[(claims["estimand"] == "recipe") & (claims["kind"] != "reversal")]
    section = two[1][two[1].index('id="claims"') : two[1].index('id="cases"')]
    for kind, rows in own.groupby("kind"):
        table = section[section.index(f'id="table-{kind}"') :].partition("</table>")[0]
        assert table.count("<tr>") == 1 + len(rows)
        for claim in rows.to_dict("records"):
            assert f'<td class="number">{claim["n_patients"]}</td>' in table
            assert pd.isna(claim["detectable"]) or f"{claim['detectable']:.2f}" in table


def test_one_seed_is_said_and_has_no_shared_drift(tmp_path):
    text = written(tmp_path, *(architecture(name, seeds=(1,)) for name in ("densenet_mini", "resnetv2_mini")))
    assert "One seed only" in text
    assert 'class="chip not-decidable"' in text
    assert (
        "alike"
        not in text[text.index('id="table-headline"') : text.index('id="rankings"')]
        .split("<tbody>")[1]
        .split("</tbody>")[0]
    )
    assert "of these checkpoints, one by one" in text


def test_one_architecture_is_asked_whether_its_evidence_moved(tmp_path):
    text = written(tmp_path, architecture())
    assert "would another training move it alike?" in text
    assert 'id="table-difference"' not in text and 'id="table-primary"' not in text


def test_an_empty_cohort_says_so(tmp_path):
    maps = architecture()
    text = written(tmp_path, replace(maps, predicted=1 - maps.predicted))
    assert "No drift by class: no image that counts has a usable map." in text
    assert 'id="case-data"' in text


def test_without_kept_epochs_the_report_says_why_there_is_no_drift_along_training(two):
    assert "No drift along training: no epochs of fine-tuning were kept" in two[1]


def test_an_audit_without_labels_shows_its_gate_and_no_training(tmp_path):
    text = written(tmp_path, architecture(), context=audit_context(labels_known=False))
    first = text[text.index('id="answer"') : text.index('id="rankings"')]
    assert "By LayerCAM the evidence moved." in first
    assert 'chip failed">failed' in first
    assert "1 of 3 limits is broken, 1 could not be judged, 1 is kept." in first
    assert "As the numbers say." in first
    assert "Below 0.5 of the scale" in first
    assert 'id="table-preserved"' not in text  # not said again
    assert 'id="training"' not in text
    assert "Confounding was not probed for." in text
    assert "&lt;old&gt;.keras" in text
    assert "unreadable" in text
    assert set(payload(text, "case-data")["cohorts"]) == {"right", "regressed"}


def test_above_the_limit_films_and_maps_lie_beside_under_names_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "LIMIT", 1000)
    text = written(tmp_path, hostile(architecture()))
    data = payload(text, "case-data")
    assert data["beside"] == "report_files"
    assert not {"films", "maps"} & set(data)
    assert "style-src 'unsafe-inline' 'self' file:;" in html.unescape(text)
    assert "It belongs beside this file" in text
    names = {f"{number:05d}.{ending}" for number in range(6) for ending in ("jpg", "css")}
    assert {path.name for path in (tmp_path / "report/report_files").iterdir()} == names
    monkeypatch.undo()
    files = page.ReportFiles(
        tmp_path / "tables", tmp_path / "drift", tmp_path / "maps", tmp_path / "store.h5"
    )
    write_report(files, tmp_path / "report")
    assert not (tmp_path / "report/report_files").exists()  # of the run before
    text = (tmp_path / "report" / page.NAME).read_text(encoding="utf-8")
    assert "style-src 'unsafe-inline';" in html.unescape(text)
    monkeypatch.setattr(page, "LIMIT", len(text) - 1)  # what the parts would have is known to the byte
    write_report(files, tmp_path / "report")
    assert (tmp_path / "report/report_files").exists()


def test_a_folder_that_is_not_an_earlier_reports_is_not_deleted(tmp_path):
    mine = tmp_path / "report_files" / "notes.txt"
    mine.parent.mkdir()
    (mine.parent / "00001.jpg").touch()
    page_of_it = tmp_path / "report.html"
    page_of_it.touch()
    clear(mine.parent / "none", page_of_it)
    mine.touch()
    with pytest.raises(UserError, match=r"notes\.txt is no part of a report"):
        clear(mine.parent, page_of_it)
    mine.unlink()
    (tmp_path / "link").symlink_to(mine.parent)
    with pytest.raises(UserError, match="link is no part of a report"):
        clear(tmp_path / "link", page_of_it)
    assert page_of_it.exists()
    clear(mine.parent, page_of_it)
    assert not (mine.parent.exists() or page_of_it.exists())  # no page without its films


def test_every_term_that_is_used_is_explained(two):
    used = set(re.findall(r'popovertarget="([^"]*)"', two[1]))
    explained = set(re.findall(r'<div popover id="([^"]*)"', two[1]))
    assert used <= explained
    assert len(used) > 15


def test_missing_material_is_named(tmp_path):
    files = page.ReportFiles(tmp_path / "tables", tmp_path, tmp_path, tmp_path)
    with pytest.raises(UserError, match=r"summary\.json does not exist"):
        write_report(files, tmp_path / "report")


def test_names_in_charts_are_shown_as_they_are_though_plotly_reads_html():
    figure = go.Figure()
    figure.add_scatter(x=[1], y=[0], name="<b>a & b</b>", text=["<img src=x onerror=alert(1)>", "007"])
    figure.update_yaxes(tickvals=[0], ticktext=["<i>x</i>"])
    found = plain(figure)
    assert found["data"][0]["name"] == "&lt;b&gt;a &amp; b&lt;/b&gt;"
    assert found["data"][0]["text"] == ["&lt;img src=x onerror=alert(1)&gt;", "007"]
    assert found["layout"]["yaxis"]["ticktext"] == ["&lt;i&gt;x&lt;/i&gt;"]
