"""The report of an audit in a real browser: readers' verdicts that are saved, a phone, and paper."""

import csv
import json

import pytest

from tests.report.page.made import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def audit(audit_report, open_report):
    return open_report(audit_report)


def saved(opened, button: str):
    with opened.page.expect_download() as download:
        opened.page.locator(button).click()
    return download.value.path().read_text(encoding="utf-8-sig")


def judge(opened, verdict: str, remark: str = "", reader: str = "") -> None:
    opened.page.locator("#reading [name=remark]").fill(remark)
    opened.page.locator("#reading [name=reader]").fill(reader)
    opened.page.locator(f"#reading [value='{verdict}']").check()


@pytest.fixture(scope="module")
def file(audit, tmp_path_factory):
    """Two verdicts and a sign-off, given in a page and saved by it."""
    audit.page.locator(".film-link").first.click()
    assert HOSTILE in audit.text("#case-about")
    judge(audit, "misplaced", '=1+1, "at the letter"', "AB")
    audit.page.locator("#next").click()
    assert audit.page.locator("#reading [name=reader]").input_value() == "AB"  # the same reader goes on
    assert audit.page.locator("#reading :checked").count() == 0
    judge(audit, "agree", reader="AB")
    audit.page.locator("#sign [value=keep]").check()
    audit.page.locator("#sign [name=prepared_by]").fill("A. Bee")
    assert audit.text("#reading-count") == "2 cases have a verdict."
    path = tmp_path_factory.mktemp("saved") / "reading.json"
    path.write_text(saved(audit, "#reading-save"), encoding="utf-8")
    return path


def test_verdicts_are_saved_under_names_that_tell_cases_apart(file, audit):
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["format"] == "evidrift reading 1"
    first = next(row for row in content["verdicts"] if row["image_id"] == HOSTILE)
    assert first == {
        "image_id": HOSTILE,
        "architecture": "densenet_mini",
        "pair": 1,
        "method": "layer_cam",
        "verdict": "misplaced",
        "remark": '=1+1, "at the letter"',
        "reader": "AB",
    }
    assert len(content["verdicts"]) == 2
    assert [sorted(run) for run in content["models"]] == [["after", "architecture", "before", "pair"]]
    assert content["sign_off"]["decision"] == "keep"
    assert content["sign_off"]["prepared_by"] == "A. Bee"
    rows = list(csv.DictReader(saved(audit, "#reading-table").splitlines()))
    assert {row["verdict"] for row in rows} == {"misplaced", "agree"}
    # a spreadsheet must not reckon with it
    assert next(row["remark"] for row in rows if row["image_id"] == HOSTILE) == '\'=1+1, "at the letter"'


def test_saved_verdicts_are_loaded_again_and_those_of_other_models_are_not(
    file, audit_report, open_report, tmp_path
):
    opened = open_report(audit_report)

    def load(path) -> str:
        opened.page.locator("#reading-file").set_input_files(path)
        opened.page.wait_for_function(
            "name => document.getElementById('reading-count').textContent.includes(name)", arg=path.name
        )
        return opened.text("#reading-count")

    content = json.loads(file.read_text(encoding="utf-8"))
    others = tmp_path / "others.json"
    others.write_text(json.dumps(content | {"models": [content["models"][0] | {"after": "0" * 64}]}))
    assert load(others).endswith("Its verdicts are about other models.")
    strange = tmp_path / "strange.json"
    strange.write_text(json.dumps(content | {"verdicts": [content["verdicts"][0] | {"verdict": "<b>"}]}))
    assert "Its verdict number 1 is of no case of this report, or is not whole." in load(strange)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert load(broken).startswith("0 cases have a verdict. Nothing was loaded")

    assert load(file).startswith("2 cases have a verdict.")
    opened.page.locator(".film-link").first.click()
    assert opened.page.locator("#reading :checked").get_attribute("value") == "misplaced"
    assert opened.page.locator("#reading [name=remark]").input_value() == '=1+1, "at the letter"'
    assert sorted(opened.page.locator("#rows .read").all_inner_texts()) == ["agrees", "misplaced"]
    assert opened.page.locator("#sign [value=keep]").is_checked()
    assert opened.page.locator("#sign [name=prepared_by]").input_value() == "A. Bee"
    assert json.loads(saved(opened, "#reading-save"))["verdicts"] == content["verdicts"]

    second = tmp_path / "second.json"  # another reader's, who differs in one case and signs nothing
    other = [content["verdicts"][0] | {"reader": "zz"}, *content["verdicts"][1:]]
    unsigned = dict.fromkeys(content["sign_off"], "")
    second.write_text(json.dumps(content | {"verdicts": other, "sign_off": unsigned}))
    assert "1 left out: another verdict was given here." in load(second)
    kept = json.loads(saved(opened, "#reading-save"))
    assert (kept["verdicts"], kept["sign_off"]) == (content["verdicts"], content["sign_off"])
    assert opened.said == []


def test_a_phone_shows_the_verdict_without_scrolling_and_each_limits_verdict_without_panning(
    audit_report, open_report
):
    opened = open_report(audit_report, width=390, height=844)
    chip = opened.page.locator("#answer .chip").first.bounding_box()
    assert chip["y"] + chip["height"] < 844
    assert opened.text("#answer .lead").startswith("Gate failed 1 of 3 limits is broken")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    for each in opened.page.locator("#table-gate .chip").all():
        box = each.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_films_are_shown_in_their_own_shape(audit):
    """They were 300 x 200 before the store made squares of them."""
    for name in ("#film", "#film-under", "#overlay", "#rows img"):
        box = audit.page.locator(name).first.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(1.5, rel=0.03)


def test_paper_has_the_worst_cases_with_boxes_and_no_buttons(file, audit):
    audit.page.emulate_media(media="print")
    audit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    cases = audit.page.locator(".sheet-case")
    assert cases.count() == 12
    assert HOSTILE in cases.first.inner_text()  # became wrong
    assert "☒ misplaced" in cases.first.inner_text()
    assert cases.first.locator("canvas").count() == 2
    assert not audit.page.locator("#reading-save").is_visible()
    assert not audit.page.locator("#case").is_visible()
    assert audit.page.locator("#sign-off .ink").count() == 3
    assert audit.page.locator("details:not([open])").count() == 0
    width = audit.page.evaluate("document.documentElement.scrollWidth")
    audit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    audit.page.emulate_media(media="screen")
    assert width <= 1440
    assert cases.count() == 0
    assert audit.page.locator("details:not([open])").count() > 0


def test_axe_finds_no_serious_violation_in_the_record(audit):
    from axe_playwright_python.sync_playwright import Axe

    audit.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(audit.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
