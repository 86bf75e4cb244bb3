"""Links in the documentation lead somewhere, and every picture in docs/ is shown on a page."""

import re
from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    """Without code, in which brackets are no links."""
    without_blocks = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", lambda code: re.sub(r"[\[\]]", "", code[0]), without_blocks)


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub and GitLab make them."""
    heads = re.findall(r"^#+ (.+)$", text_of(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_a_file_and_a_heading(page):
    for link in LINK.findall(text_of(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_picture_is_shown():
    shown = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in LINK.findall(text_of(page))
    }
    assert set((ROOT / "docs").rglob("*.png")) <= shown


def test_the_index_names_every_page():
    links = LINK.findall((ROOT / "docs" / "README.md").read_text(encoding="utf-8"))
    named = {link.partition("#")[0] for link in links}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= named


def words_after(command: str) -> set[str]:
    texts = (page.read_text(encoding="utf-8") for page in PAGES)
    return {found.rstrip(".") for text in texts for found in re.findall(rf"{command} ([a-z][\w.-]*)", text)}


def test_modules_that_pages_run_exist():
    own = {
        name for name in words_after("python -m") if name.split(".")[0] in ("evidrift", "tools", "benchmarks")
    }
    missing = {name for name in own if not (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}
    assert own
    assert not missing


def test_targets_that_pages_make_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))
    in_code = {
        name
        for page in PAGES
        for code in re.findall(
            r"^(?:\$ )?make ([a-z-]+)|`make ([a-z-]+)", page.read_text("utf-8"), flags=re.M
        )
        for name in code
        if name
    }
    assert in_code
    assert in_code <= targets


def test_profiles_that_pages_name_exist_or_are_the_reader_s_own():
    named = {name for page in PAGES for name in re.findall(r"profiles/(\w+)\.yaml", page.read_text("utf-8"))}
    assert named <= {path.stem for path in (ROOT / "profiles").glob("*.yaml")} | {"mine"}
