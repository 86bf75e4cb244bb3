"""A real browser, and the reports that it opens."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evidrift.report.page.page import write_report
from tests.drift.study import architecture
from tests.report.page import records
from tests.report.page.made import HOSTILE, audit_context, hostile, material

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WITHOUT = (
    "chromium is not installed: apt-get install chromium. Nothing shows that the report works in a browser."
)
# no sandbox as root; nothing that would ask the network by itself
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
METHODS = [("penultimate", "grad_cam"), ("penultimate", "layer_cam")]


@pytest.fixture(scope="session")
def browser() -> Iterator:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail(WITHOUT)
        pytest.skip(WITHOUT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


FRESH = """() => {
  document.getElementById("reset").click();
  for (const [id, pressed] of [["difference", "true"], ["lines", "false"]]) {
    const button = document.getElementById(id);
    if (button.getAttribute("aria-pressed") === pressed) button.click();
  }
  evidrift.setBlend(100);
  document.activeElement.blur();
  document.documentElement.style.scrollBehavior = "auto";
  window.scrollTo(0, 0);
}"""


class Opened:
    """A report in a browser's window, with all that it said and asked for."""

    def __init__(self, browser, path: Path, width: int = 1440, height: int = 900, hash: str = "") -> None:
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{path.as_uri()}{hash}")

    def fresh(self) -> "Opened":
        """As it was opened, for the next test: a page of megabytes is not read for each."""
        self.page.evaluate(FRESH)
        self.page.wait_for_timeout(50)
        self.said.clear()
        return self

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def choose(self, field: str, label: str) -> None:
        self.page.locator(f"#filters [name={field}]").select_option(label=label)

    def values(self) -> list[float]:
        """Of the list's page, as they are shown."""
        return [float(text) for text in self.page.locator("#rows td.number").all_inner_texts()]

    def cases(self) -> int:
        """How many cases the filters leave."""
        return int(self.text("#case-count").split()[0].replace(",", ""))


@pytest.fixture(scope="module")
def open_report(browser):
    """Opens a report; its windows are closed after the module."""
    opened = []

    def open_it(path: Path, **how) -> Opened:
        opened.append(Opened(browser, path, **how))
        return opened[-1]

    yield open_it
    for each in opened:
        each.page.close()


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Two architectures, two seeds, twelve patients, of whom one is regressed and one fixed in the first."""
    folder = tmp_path_factory.mktemp("browser")
    patients = [f"p{number}" for number in range(12)]
    maps = [
        architecture(name, patients=patients, methods=METHODS) for name in ("densenet_mini", "resnetv2_mini")
    ]
    predicted = maps[0].predicted.copy()
    predicted[1, :, 0] = 1 - predicted[1, :, 0]
    predicted[0, :, 1] = 1 - predicted[0, :, 1]
    maps[0] = replace(maps[0], predicted=predicted)
    return maps, write_report(material(folder, *maps), folder / "report")


@pytest.fixture(scope="session")
def audit_report(tmp_path_factory) -> Path:
    """An audit of twelve films, one of which became wrong and has a name that would like to be markup."""
    folder = tmp_path_factory.mktemp("audit")
    maps = hostile(architecture(patients=[f"p{number}" for number in range(12)], methods=METHODS, seeds=(1,)))
    predicted = maps.predicted.copy()
    predicted[1, :, 0] = 1 - predicted[1, :, 0]
    record = records.record(image_ids=(HOSTILE, "normal/01.png"))
    context = audit_context(record=record)
    return write_report(
        material(folder, replace(maps, predicted=predicted), context=context), folder / "report"
    )


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory) -> Path:
    """A file and a class whose names would like to be markup."""
    folder = tmp_path_factory.mktemp("hostile")
    return write_report(material(folder, hostile(architecture(methods=METHODS))), folder / "report")


@pytest.fixture(scope="session")
def large_report(tmp_path_factory) -> Path:
    """A thousand cases a method."""
    folder = tmp_path_factory.mktemp("large")
    patients = [f"p{number}" for number in np.arange(500)]
    maps = architecture(patients=patients, methods=METHODS, grid=8)
    return write_report(material(folder, maps), folder / "report")


@pytest.fixture(scope="module")
def desktop(study, open_report) -> Opened:
    """The study's report in a wide window."""
    return open_report(study[1])


@pytest.fixture(scope="module")
def phone(study, open_report) -> Opened:
    """The study's report on a phone."""
    return open_report(study[1], width=375, height=812)


@pytest.fixture
def opened(desktop) -> Opened:
    """The wide window, as if it had just been opened."""
    return desktop.fresh()
