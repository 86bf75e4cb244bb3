"""Parameter files, recipes, gates and command lines that make no sense: each is refused in a sentence.

Every value of the default study is replaced by what it cannot be; then come files that not all readers of YAML
read alike, phantoms and gates without measure, and options. Whole, DVC itself runs grids that would leave the
project or run a command, beside files that must stay as they are.
"""

import contextlib
import copy
import io
import os
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
from evidrift.cli.main import main as command
from evidrift.params import check
from evidrift.prepare.phantoms.recipe import load_recipe
from evidrift.repro.node import with_this_python
from tools.torture.row import Row

ROOT = Path(__file__).parents[2]
NUMBERS = (-1, 10**15, 10**29, 1e30, 1e308, -1e308, "1", "1; touch pwned", "../../x", "\u202e", True, [], {})
WORDS = (
    7,
    None,
    True,
    [],
    {},
    "",
    "x" * 5000,
    "../../x",
    "a/b",
    "$(touch pwned)",
    "1; touch pwned",
    "no such",
)
SWITCHES = ("yes", "true", 1, 0, None, [])
# What is more than a value: paths in the file, and what to put there.
MORE: dict[str, tuple[Any, ...]] = {
    "prepare.source": (
        ".",
        "/",
        "..",
        "models",
        "data",
        "data/images",
        "params.yaml",
        "metrics/x",
        ".git",
        "~",
    ),
    "prepare.manifest": ("../x.csv", "/etc/passwd", "films.csv", "", 7),
    "prepare.size": (31, 1025, 100.5),
    "prepare.split": (
        {"salt": "a", "train": 0.9, "validation": 0.2},
        {"salt": "a", "train": 0, "validation": 0.5},
    ),
    "grid.seeds": (
        [],
        [1, 1],
        [2**32],
        ["1"],
        [{"; touch pwned #": 1}],
        [[1]],
        [1.0],
        [None],
        1,
        "1",
        {"1": 1},
    ),
    "grid.architectures": (["../../evidrift"], ["densenet_mini/../x"], ["DENSENET_MINI"], [""], ["none"]),
    "grid.families": (["../zoo/vit_mini"], ["cam", "cam"], ["__init__"], [1]),
    "finetune.densenet_mini": ({}, None, []),
    "finetune.densenet_mini.warmup_epochs": (8, 1e9),
    "finetune.densenet_mini.keep_epochs": ([1, 1], [-1], [2]),
    "explain.cam.methods": ([], ["grad_cam", "grad_cam"], ["layercam"]),
    "explain.cam.layers": ([], ["a/b"], ["../x"], ["a\tb"], ["/"], [""]),
    "check.layers": (["none there"],),
    "reliance.boxes": (
        *({"a": [0, 0, 2, 1]}, {"a": [0.5, 0, 0.5, 1]}, {"../x": [0, 0, 1, 1]}, {"a": [0, 0, 1]}),
        *({"corners": [0, 0, 1, 1]}, {"A b": [0, 0, 1, 1]}),
    ),
    "drift.curve": ([0.1, 0.1], [0], [1e-9], [1], ["0.1"]),
    "embed.batch_size": (65_536,),  # more than memory holds, at 1024 px
    "architectures.densenet_mini.options": ({"alpha": 1}, {"x": "y"}),
    "drift.extra": (1,),
    "extra": ({}, 1, None),
}
FREE = (
    "prepare.split.salt",
    "grid.",
    "check.layers",
    "explain.cam.layers",
    "explain.gradients.images_per_class",
)
SIZE = "prepare.size"
TEXTS = (
    *("", "null", "7", "[]", "text", "\x00", "a: \x07", "\ud800", "%YAML 1.1\n---\n{}", "--- {}\n--- {}"),
    *("[" * 10_000, "- " * 5_000, "{" * 10_000, "a: " * 5_000, "a: [1", "a: 'x", "\ta: 1", "? [a]\n: 1"),
    *(
        "a: &a [1]\nb: *a",
        "a: !!python/object/apply:os.system ['touch pwned']",
        "a: !!binary aGk=",
        "a: !!str 1",
    ),
    *("a: {<<: {b: 1}}", "=: 1", "1: 2", "a: 1\na: 2", "x\u2028y: 1", "a" * 300_000),
)
SPELLINGS = (
    *("0777", "0o17", "0x10", "0b1", "1:30", "1_000", "yes", "on", ".inf", ".nan", "2026-01-01", "1e999"),
    *("007", "9" * 40, "1.2.3", "'1'", "!!int '1'", "&x 1", "*x", "~", ""),
)
RECIPE = {"seed": 1, "contrast": 1.0, "patients": {"train": 5, "validation": 5, "test": 5}}
RECIPES: tuple[dict[str, Any], ...] = (
    *({"seed": -1}, {"seed": 2**32}, {"contrast": 1e308}, {"contrast": 0}, {"contrast": -1}, {"size": 9}),
    *(
        {"patients": {"train": 10**12, "validation": 5, "test": 5}},
        {"patients": {"train": 4}},
        {"patients": 5},
    ),
    *(
        {"classes": ["normal"]},
        {"classes": ["normal", "normal"]},
        {"classes": ["normal", "no"]},
        {"classes": []},
    ),
    *({"shortcut": {"class": "covid19", "share": 1}}, {"shortcut": {"class": "normal", "share": 1e308}}),
)
GATES = (
    *(
        "drift: {mean_at_most: 1e308}",
        "drift: {mean_at_most: -1}",
        "drift: {mean_at_most: '0.1'}",
        "drift: {}",
    ),
    *(
        "drift: {mean_at_most: .nan}",
        "drift: {mean_at_most: 0.1}\ndrift: {mean_at_most: 0.9}",
        "drfit: {}",
        "{}",
    ),
    *("wrong_at_most: yes", "wrong_at_most: 1e30", "unusable_at_most: 2", "subgroups: {columns: 7}", "[]"),
    *("reliance: {corners: {at_most: 10}}", "border: {at_most: !!float 1}", "drift: {film_at_most: 0.1}"),
)
COMMANDS = (
    *("audit", "audit --before a.keras", "gate --out x", "explain", "export", "frobnicate", "--frobnicate"),
    *(
        "repro --jobs 0",
        "repro --jobs -1",
        "repro --jobs 1e9",
        "repro --jobs 99999999999999999999",
        "repro --jobs ٣",
    ),
    *("export densenet_mini -1 ft x.keras", "export densenet_mini 4294967296 ft x.keras"),
    *(
        "export densenet_mini 1_0 ft x.keras",
        "export densenet_mini 1 best x.keras",
        "export ../x 1 ft x.keras",
    ),
    *("export densenet_mini 1 ft x.txt", "report --params none.yaml", "report --out data/report", "report x"),
    *("explain film.png --model m.keras --size 0", "explain film.png --model m.keras --size 1e9"),
    *(
        "explain film.png --model m.keras --size 1000000000000",
        "explain film.png --model m.keras --methods ,",
    ),
    *("explain film.png --model m.keras --out x.txt", "explain film.png --model m.keras --methods none"),
    *("audit --before a --after b --images c --out d --batch-size 0",),
    *("audit --before a --after b --images c --out d --batch-size 1000000000000000",),
    *("audit --before a --after b --images c --out d --size -5",),
    *("audit --before a --after b --images c --out d --methods layer_cam,,rise",),
    *("audit --before a --after b --images c --out d --subgroups ,",),
    *(
        "gate --from a b --images c --out g --headroom nan",
        "gate --from a b --images c --out g --headroom 1e308",
    ),
    *("gate --from a b --images c --out g --headroom -1", "gate --from a b --images c --out g --headroom x"),
)
GRIDS: tuple[dict[str, list[Any]], ...] = (
    {"seeds": ["1; touch pwned"]},
    {"seeds": ["x'\ntouch pwned\n'"]},
    {"seeds": ["../../../../canary"]},
    {"architectures": ["../../canary"]},
    {"architectures": ["../../../canary"]},
    {"families": ["$(touch pwned)"]},
)


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
    for place, news in MORE.items():
        for new in news:
            whole = changed(content, place, new)
            if place == "embed.batch_size":
                whole = changed(whole, SIZE, 1024)
            yield Case(f"{place}: {new!r:.60}", _in_file(whole, check))


def kinds(place: str, old: Any) -> tuple[Any, ...]:
    """What a value cannot be."""
    if place.startswith(FREE):
        return (7.5, True, [], {})
    if isinstance(old, bool):
        return SWITCHES
    if isinstance(old, int | float):
        return NUMBERS
    return WORDS if isinstance(old, str) else ()


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
    for text in TEXTS:
        yield Case(f"a file: {text!r:.60}", _of_text(text, check))
    whole = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for text in SPELLINGS:
        mended = whole.replace("  views: 0\n  batch_size: 32", f"  views: {text}\n  batch_size: 32", 1)
        yield Case(f"embed.views: {text!r:.60}", _of_text(mended, check))
    for change in RECIPES:
        recipe = RECIPE | {"classes": ["normal", "tuberculosis"], "shortcut": None} | change
        yield Case(f"a recipe: {change!r:.60}", _in_file(recipe, load_recipe))
    for text in GATES:
        yield Case(f"a gate: {text!r:.60}", _of_text(text, load_gate))


def commands() -> Iterator[Case]:
    """Command lines."""
    for words in COMMANDS:
        yield Case(f"evidrift {words}", lambda folder, words=words: _command(words.split()))


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


def _command(words: list[str]) -> None:
    """A command that leaves with another code than 0, as the UserError that it prints."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            command(words)
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
    return [*rows, under_dvc(GRIDS if full else GRIDS[:1])]
