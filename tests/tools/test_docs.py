"""Links in the documentation lead somewhere, pictures are shown, and the reference has what the code has."""

import importlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from evidrift.attribution.settings import FamilyParams
from evidrift.params import BY_ARCHITECTURE, Study
from tests.places import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
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
    docs = ROOT / "docs"
    named = {link.partition("#")[0] for link in LINK.findall((docs / "README.md").read_text("utf-8"))}
    assert {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")} - {"README.md"} <= named


def files_in_git() -> Iterator[Path]:
    """Text files of the repository, without what DVC writes."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".sh", ".html", ".txt", "") and path.is_file():
            yield path


def test_documents_that_files_cite_are_in_the_repository():
    """Those in docs/ and those in capitals; a section by its heading, as in (docs/design.md, Estimands)."""
    cited = re.compile(r"(?<![\w./-])(docs/[\w/-]+\.md|[A-Z]+\.md)(?:, ([A-Z][\w ,]*)\))?")
    found = 0
    for path in files_in_git():
        text = re.sub(r"\n[#\s]*", " ", path.read_text(encoding="utf-8"))
        for document, section in cited.findall(text):
            found += 1
            page = next((page for page in (ROOT / document, path.parent / document) if page.is_file()), None)
            assert page, f"{path.relative_to(ROOT)} cites {document}"
            if section:
                assert section.lower().replace(",", "").replace(" ", "-") in anchors(page), section
    assert found > 10


def words_after(command: str) -> set[str]:
    texts = (page.read_text(encoding="utf-8") for page in PAGES)
    return {found.rstrip(".") for text in texts for found in re.findall(rf"{command} ([a-z][\w.-]*)", text)}


def test_modules_that_pages_run_exist():
    own = {
        name for name in words_after("python -m") if name.split(".")[0] in ("evidrift", "tools", "benchmarks")
    }
    places = {name: ROOT / name.replace(".", "/") for name in own}
    missing = {
        name
        for name, place in places.items()
        if not (place.with_suffix(".py").exists() or (place / "__main__.py").exists())
    }
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
    assert named <= {path.stem for path in (ROOT / "profiles").glob("*.yaml")} | {"mine", "tiny_2"}


def reference() -> str:
    return (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ["zoo", "families"])
def test_the_reference_names_every_architecture_and_family(room):
    names = {path.stem for path in (ROOT / "evidrift" / room).glob("[a-z]*.py")}
    assert names
    row = next(line for line in reference().splitlines() if f"`evidrift/{room}/`" in line)
    assert names <= set(re.findall(r"\w+", row))


def keys_of(section: type[BaseModel], within: str = "") -> Iterator[str]:
    """Names of a section's keys, those of its parts as `part.key`."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys_of(field.annotation, f"{within}{name}.")
        else:
            yield f"{within}{name}"


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Each section of the parameter file with its class, as the reference heads it."""
    for name, field in Study.model_fields.items():
        if name in BY_ARCHITECTURE:
            yield f"{name}.<name>", get_args(field.annotation)[1]
        elif name == "explain":
            yield "explain.<family>", FamilyParams
        elif name != "strategies":  # each strategy's keys stand in docs/strategies.md
            yield name, field.annotation
    for path in (ROOT / "evidrift" / "families").glob("[a-z]*.py"):
        yield f"explain.{path.stem}", importlib.import_module(f"evidrift.families.{path.stem}").Params


@pytest.mark.parametrize(("head", "section"), [pytest.param(*each, id=each[0]) for each in sections()])
def test_the_reference_has_every_key(head, section):
    written = documented().get(head, set())
    common = set() if section is FamilyParams else documented()["explain.<family>"] | {"methods"}
    known = written | (common if head.startswith("explain.") else set())
    assert set(keys_of(section)) <= known


def documented() -> dict[str, set[str]]:
    """Keys in the first column of the reference's tables, by section; `.key` continues the part before it."""
    found: dict[str, set[str]] = {}
    heads: list[str] = []
    for line in reference().splitlines():
        if not line.startswith("|"):
            continue
        cell = line.split("|")[1].replace("\\", "")
        if bold := re.findall(r"\*\*(.+?)\*\*", cell):
            heads = bold
            continue
        part = ""
        for key in re.findall(r"`([\w.]+)`", cell):
            key = part + key if key.startswith(".") else key
            part = key.rpartition(".")[0]
            for head in heads:
                found.setdefault(head, set()).add(key)
    return found
