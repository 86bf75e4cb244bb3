"""Parameter files, recipes, gates and command lines that make no sense: each is refused in a sentence.

Every value of the default study is replaced by what it cannot be; then come files that not all readers of
YAML read alike, phantoms and gates without measure, and options. Whole, DVC itself runs grids that would
leave the project or run a command, beside files that must stay as they are.
"""

import contextlib
import copy
import io
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from evidrift.auditing.gate.limits import load_gate
from evidrift.base.errors import UserError
from evidrift.base.yaml import dump_yaml, read_yaml
from evidrift.params import check
from evidrift.prepare.phantoms.recipe import load_recipe
from evidrift.repro.node import with_this_python
from tools.torture import senseless
from tools.torture.row import Row

ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """Something that must be refused: what it is, and what tries it."""

    name: str
    attempt: Callable[[Path], Any]


def values() -> Iterator[Case]:
    """Every value of params.yaml replaced by what it cannot be."""
    content = read_yaml(ROOT / "params.yaml")
    for place, old in leaves(content):
        for new in kinds(place, old):
            yield Case(f"{place}: {new!r:.60}", _in_file(changed(content, place, new), check))
    for place, news in senseless.MORE.items():
        for new in news:
            whole = changed(content, place, new)
            if place == "embed.batch_size":
                whole = changed(whole, senseless.SIZE, 1024)
            yield Case(f"{place}: {new!r:.60}", _in_file(whole, check))


def kinds(place: str, old: Any) -> tuple[Any, ...]:
    """What a value cannot be."""
    if place.startswith(senseless.FREE):
        return (7.5, True, [], {})
    if isinstance(old, bool):
        return senseless.SWITCHES
    if isinstance(old, int | float):
        return senseless.NUMBERS
    return senseless.WORDS if isinstance(old, str) else ()


def leaves(content: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted places of all values in dictionaries and lists."""
    if not isinstance(content, dict | list):
        yield above, content
        return
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        yield from leaves(value, f"{above}.{key}" if above else str(key))


def changed(content: Any, place: str, value: Any) -> Any:
    """The content with another value at a place."""
    whole = here = copy.deepcopy(content)
    *way, last = place.split(".")
    for key in way:
        here = here[int(key) if isinstance(here, list) else key]
    here[int(last) if isinstance(here, list) else last] = value
    return whole


def files() -> Iterator[Case]:
    """Texts that are no parameter file, recipes and gates without measure."""
    for text in senseless.TEXTS:
        yield Case(f"a file: {text!r:.60}", _of_text(text, check))
    whole = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for text in senseless.SPELLINGS:
        mended = whole.replace("  views: 0\n  batch_size: 32", f"  views: {text}\n  batch_size: 32", 1)
        yield Case(f"embed.views: {text!r:.60}", _of_text(mended, check))
    for change in senseless.RECIPES:
        recipe = senseless.RECIPE | {"classes": ["normal", "tuberculosis"], "shortcut": None} | change
        yield Case(f"a recipe: {change!r:.60}", _in_file(recipe, load_recipe))
    for text in senseless.GATES:
        yield Case(f"a gate: {text!r:.60}", _of_text(text, load_gate))


def commands() -> Iterator[Case]:
    """Command lines."""
    for words in senseless.COMMANDS:
        yield Case(f"evidrift {words}", _of_words(words.split()))


def _in_file(content: Any, read: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return _of_text(dump_yaml(content), read)


def _of_text(text: str, read: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def attempt(folder: Path) -> None:
        path = folder / "given.yaml"
        path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        try:
            read(path)
        finally:
            path.unlink()

    return attempt


def _of_words(words: list[str]) -> Callable[[Path], Any]:
    return lambda folder: _command(words)


def _command(words: list[str]) -> None:
    """A command that leaves with another code than 0, as the UserError that it prints."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            sys.argv[1:] = words
            runpy.run_module("evidrift", run_name="__main__")
        except SystemExit as left:
            if left.code and said.getvalue().startswith("error: "):
                raise UserError(said.getvalue().strip()) from None
            if not left.code:
                return
    raise RuntimeError(said.getvalue())


def judged(case: Case, folder: Path) -> str:
    """What is wrong with how a case ended; empty where it was refused in printable lines and left nothing."""
    try:
        case.attempt(folder)
        wrong = "accepted"
    except UserError as error:
        lines = str(error).splitlines()
        wrong = (
            "" if lines and all(line.isprintable() and len(line) < 6000 for line in lines) else "unprintable"
        )
    except Exception as error:  # a traceback, to whoever tried it
        wrong = f"{type(error).__name__}: {error}"[:200]
    left = [path.name for path in folder.iterdir()]
    return wrong or (f"left {left}" if left else "")


def told(what: str, cases: Iterable[Case]) -> Row:
    """Try all cases of a kind, in an empty folder; those that go wrong are printed."""
    tried = harmless = 0
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        (folder := Path(place) / "empty").mkdir()
        os.chdir(ROOT if what == "values" else folder)
        try:
            for case in cases:
                wrong = judged(case, folder)
                tried, harmless = tried + 1, harmless + (not wrong)
                if wrong:
                    print(f"  {case.name}: {wrong}", flush=True)
        finally:
            os.chdir(before)
    return Row(what, tried, harmless)


def under_dvc(grids: Iterable[dict[str, list[Any]]]) -> Row:
    """Plain `dvc repro` of a grid that would run a command or leave the project, in a copy of it."""
    tried = harmless = 0
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / "outer" / "project"
        shutil.copytree(
            ROOT, project, ignore=shutil.ignore_patterns(".venv", ".git", "data", "cache", "scratch")
        )
        subprocess.run(
            [sys.executable, "-m", "dvc", "config", "core.no_scm", "true"], cwd=project, check=True
        )
        canaries = [each / "canary" for each in (project, project.parent, project.parent.parent)]
        canaries += [project / "evidrift" / "zoo", project / "models"]
        for grid in grids:
            for each in canaries:
                each.mkdir(exist_ok=True)
                (each / "kept").write_text("mine")
            content = read_yaml(ROOT / "profiles" / "tiny.yaml")
            content["grid"] |= grid
            (project / "params.yaml").write_text(dump_yaml(content))
            done = subprocess.run(
                [sys.executable, "-m", "dvc", "repro"],
                cwd=project,
                env={**with_this_python(), "PYTHONPATH": str(project)},
                capture_output=True,
                text=True,
                check=False,
            )
            well = done.returncode != 0 and not list(Path(place).rglob("pwned"))
            well = (
                well and all((each / "kept").exists() for each in canaries) and "Traceback" not in done.stderr
            )
            tried, harmless = tried + 1, harmless + well
            if not well:
                print(f"  {grid}: {done.stdout[-500:]} {done.stderr[-500:]}", flush=True)
    return Row("grids under plain `dvc repro`, beside files that must stay", tried, harmless)


def accepted() -> Row:
    """Every parameter file that ships."""
    shipped = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]
    for path in shipped:
        check(path, files=False)
    return Row("parameter files that ship, still accepted", len(shipped), len(shipped))


def run(full: bool) -> list[Row]:
    """Try them."""
    rows = [told("values", values()), told("files", files()), told("command lines", commands()), accepted()]
    return [*rows, under_dvc(senseless.GRIDS if full else senseless.GRIDS[:1])]
