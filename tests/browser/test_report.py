"""The report in a real browser: quiet, alone, quick, and usable by mouse, keys and screen readers."""

import json
import re
import statistics
from pathlib import Path

import numpy as np
import pytest

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.canvas import SIDE, draw
from evidrift.report.page import page as page_module
from evidrift.report.page.material import ReportFiles
from evidrift.report.page.page import write_report
from tests.report.page.made import HOSTILE, HOSTILE_CLASS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

QUICK = 200  # ms from a key to the drawn case


def show_all_charts(opened) -> int:
    """Scrolls every chart into view; how many charts were drawn."""
    plots = opened.page.locator(".plot")
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
        plots.nth(number).locator(".main-svg").first.wait_for(timeout=5000)
    return plots.count()


def test_it_opens_quietly_and_asks_for_nothing_but_itself(study, desktop):
    assert show_all_charts(desktop) >= 4
    desktop.page.wait_for_timeout(200)
    assert desktop.said == []
    assert [url for url in desktop.asked if not url.startswith("data:")] == [study[1].as_uri()]


def test_no_request_can_leave_it(opened):
    blocked = opened.page.evaluate("fetch('https://example.org/').then(() => 'left', () => 'blocked')")
    assert blocked == "blocked"
    assert any("Content Security Policy" in line for line in opened.said)


@pytest.mark.parametrize("window", ["desktop", "phone"])
def test_axe_finds_no_serious_violation(window, request):
    from axe_playwright_python.sync_playwright import Axe

    opened = request.getfixturevalue(window)
    show_all_charts(opened)
    opened.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = Axe().run(opened.page).response["violations"]
    serious = [
        (each["id"], each["impact"], [node["html"][:120] for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_filters_leave_the_cases_that_fit(opened):
    assert opened.cases() == 2 * 2 * 12
    opened.choose("arch", "densenet_mini")
    assert opened.cases() == 24
    opened.choose("label", "normal")
    assert opened.cases() == 12
    opened.choose("cohort", "wrong before, right after")
    assert opened.cases() == 2
    assert "wrong before, right after" in opened.text("#case-about")
    opened.choose("run", "2")
    assert opened.cases() == 1
    opened.choose("cohort", "right before, wrong after")
    assert opened.text("#case-count") == "No case fits these filters."
    assert not opened.page.locator("#case").is_visible()
    opened.page.locator("#reset").click()
    assert opened.cases() == 48
    opened.page.locator("#filters [name=text]").fill("/03")
    assert opened.cases() == 4


def test_the_list_is_sorted_by_each_measure_worst_first(opened):
    measures = ("moved share", "displacement", "1 - correlation", "concentration", "1 - overlap (IoU)")
    for measure in (*measures, "moved share over its scale", "fall in probability"):
        opened.choose("sort", measure)
        values = opened.values()
        assert values == sorted(values, reverse=True)
        assert len(set(values)) > 1
    opened.choose("order", "smallest first")
    assert opened.values() == sorted(opened.values())


def test_the_numbers_are_those_of_the_drift_table(opened):
    assert opened.values()[0] == float(opened.page.locator("#case-drift td").first.inner_text())
    opened.choose("sort", "moved share over its scale")
    drift, _, scale = (float(text) for text in opened.page.locator("#case-drift td").all_inner_texts()[:3])
    assert abs(opened.values()[0] - drift / scale) < 0.01
    assert "0 %" in opened.text("#case-prediction")


def test_reliance_is_shown_for_the_films_that_were_asked_about_and_for_no_other(opened):
    opened.choose("run", "1")
    opened.page.locator("#filters [name=text]").fill("/03")
    assert opened.text("#case-reliance tbody tr:first-child").split("\t") == [
        "the upper left corner",
        "0.03",
        "1.03",
    ]
    opened.choose("run", "2")
    assert not opened.page.locator("#case-reliance").is_visible()


def test_slider_toggle_and_difference_change_what_is_drawn(opened):

    def drawn() -> str:
        return opened.page.evaluate("document.getElementById('overlay').toDataURL()")

    pictures = {"after": drawn()}
    assert opened.text("#overlay-caption") == "Evidence, fine-tuned"
    opened.page.locator("#toggle").click()
    assert opened.text("#overlay-caption") == "Evidence, transfer-learned"
    pictures["before"] = drawn()
    opened.page.locator("#blend").fill("50")
    assert opened.text("#overlay-caption") == "Evidence, 50 % transfer-learned, 50 % fine-tuned"
    pictures["half"] = drawn()
    opened.page.locator("#difference").click()
    assert opened.text("#overlay-caption") == "Evidence, fine-tuned minus transfer-learned"
    assert opened.text("#legend-low").startswith("-")
    pictures["difference"] = drawn()
    assert len(set(pictures.values())) == 4
    opened.page.locator("#lines").click()
    assert not opened.page.locator("#outlines").is_visible()


def test_the_film_lies_unobscured_beside_the_overlay(opened):
    film, overlay = (opened.page.locator(each).bounding_box() for each in ("#film", "#overlay"))
    assert film["x"] + film["width"] <= overlay["x"]
    assert opened.page.evaluate("document.getElementById('film').naturalWidth") == 64


def test_keys_go_through_the_cases_and_toggle(opened):
    opened.page.locator("#case").scroll_into_view_if_needed()
    opened.page.wait_for_timeout(100)
    press = opened.page.keyboard.press
    press("ArrowRight")
    press("ArrowRight")
    assert opened.text("#case-about").startswith("3 of 48")
    assert "Case 3 of 48" in opened.page.locator("#announce").text_content()
    press("ArrowLeft")
    assert opened.text("#case-about").startswith("2 of 48")
    press("t")
    assert opened.text("#overlay-caption") == "Evidence, transfer-learned"
    press("Space")
    assert opened.text("#overlay-caption") == "Evidence, fine-tuned"
    press("d")
    assert opened.page.locator("#difference").get_attribute("aria-pressed") == "true"
    press("/")
    opened.page.keyboard.type("covid19/t")  # letters and arrows belong to the field now
    press("ArrowLeft")
    assert opened.page.locator("#filters [name=text]").input_value() == "covid19/t"
    assert opened.page.locator("#difference").get_attribute("aria-pressed") == "true"


def test_a_row_that_is_chosen_keeps_the_focus(opened):
    opened.page.locator("#rows .pick").nth(3).click()
    assert opened.text("#case-about").startswith("4 of 48")
    assert opened.page.evaluate("document.activeElement.dataset.place") == "3"
    opened.page.keyboard.press("t")
    assert opened.text("#overlay-caption") == "Evidence, transfer-learned"


def test_letters_do_nothing_outside_the_cases(opened):
    opened.page.keyboard.press("d")
    assert opened.page.locator("#difference").get_attribute("aria-pressed") == "false"


def test_an_address_leads_back_to_its_case(study, opened, open_report):
    opened.choose("arch", "resnetv2_mini")
    opened.page.locator("#rows .pick").nth(4).click()
    shown = opened.text("#case-about")
    again = open_report(study[1], hash=opened.page.evaluate("location.hash"))
    assert again.text("#case-about") == shown
    assert again.cases() == 24


def test_names_that_would_like_to_be_markup_stay_text(hostile_report, open_report):
    opened = open_report(hostile_report)
    show_all_charts(opened)
    opened.page.locator("#filters [name=text]").fill("alert")
    assert HOSTILE in opened.text("#case-about")
    assert HOSTILE_CLASS in opened.text("#case-title")
    assert opened.page.locator("img[src='x']").count() == 0
    assert opened.page.locator("#plot-classes").evaluate("each => each.innerHTML.includes('<img')") is False
    assert opened.said == []


def test_a_term_explains_itself_by_key(opened):
    opened.page.locator("#answer .term", has_text="scale").last.focus()
    opened.page.keyboard.press("Enter")
    tip = opened.page.locator("#term-scale")
    assert tip.is_visible()
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440
    opened.page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_phone_scrolls_down_only(phone):
    show_all_charts(phone)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_it_prints_with_all_charts(opened):
    data = opened.page.pdf(format="A4")
    assert data.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 40
    assert opened.page.locator(".plot .main-svg").count() >= opened.page.locator(".plot").count()


@pytest.fixture(scope="module")
def beside(study, tmp_path_factory) -> Path:
    """The study's report with its films and maps in a folder beside it."""
    _, path = study
    folder = path.parents[1]
    files = ReportFiles(folder / "tables", folder / "drift", folder / "maps", folder / "store.h5")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page_module, "LIMIT", 1000)
        return write_report(files, tmp_path_factory.mktemp("beside"))


DRAWN = "() => document.getElementById('film').naturalWidth > 0 && document.querySelector('#outlines path')"


def test_films_and_maps_beside_the_file_are_shown(beside, open_report):
    opened = open_report(beside)
    opened.page.wait_for_function(DRAWN, timeout=10_000)
    assert "report_files/" in opened.page.locator("#film").get_attribute("src")
    for _ in range(3):
        opened.page.keyboard.press("ArrowRight")
        opened.page.wait_for_function(DRAWN, timeout=10_000)
    assert opened.page.locator("#case-status").is_hidden()
    assert opened.said == []
    assert all(url.startswith("file:") for url in opened.asked if not url.startswith("data:"))


def test_a_page_without_its_folder_says_so(beside, tmp_path, open_report):
    alone = tmp_path / "report.html"
    alone.write_bytes(beside.read_bytes())
    opened = open_report(alone)
    opened.page.wait_for_function("() => !document.getElementById('case-status').hidden", timeout=10_000)
    assert "the folder report_files belongs beside this file" in opened.text("#case-status")


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_maps_in_the_browser_are_those_that_were_measured(study, opened, beside, open_report, where):
    maps, _ = study
    found = (opened if where == "inside" else open_report(beside)).page.evaluate(
        "(async () => { const each = evidrift.casesOf(1)[5]; await evidrift.load(each);"
        "const canvases = evidrift.canvases(each).map((canvas) => [...canvas]);"
        "return [each.block.run, evidrift.data.images[each.image], canvases]; })()"
    )
    run, image, canvases = found
    own = maps[run // 2]
    at = own.image_ids.tolist().index(image)
    for when in range(len(CHECKPOINTS)):
        signed = own.signed["penultimate", "layer_cam"][when, run % 2, at : at + 1]
        expected = draw(signed, own.content[at : at + 1], own.size).values[0] * SIDE**2
        np.testing.assert_allclose(np.reshape(canvases[when], (SIDE, SIDE)), expected, atol=2e-3)


TIMED = """async ([key, times]) => {
  const found = [], viewer = document.getElementById("case");
  viewer.scrollIntoView({ behavior: "instant" });
  await new Promise((done) => setTimeout(done, 200));
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    found.push(performance.now() - start);
  }
  return found;
}"""


def test_a_thousand_cases_stay_responsive(large_report, open_report):
    opened = open_report(large_report)
    assert opened.cases() == 1000
    assert opened.page.locator("#rows tr").count() == 12  # whatever their number
    steps = opened.page.evaluate(TIMED, ["ArrowRight", 40])
    assert opened.text("#case-about").startswith("41 of 1,000")
    filtering = opened.page.evaluate(
        """() => { const start = performance.now(), field = document.querySelector("[name=sort]");
        field.value = "1"; field.dispatchEvent(new Event("input", { bubbles: true }));
        return performance.now() - start; }"""
    )
    median = statistics.median(steps)
    print(json.dumps({"key_to_drawn_ms": {"median": median, "max": max(steps)}, "sort_ms": filtering}))
    assert median < QUICK
    assert filtering < 2 * QUICK
