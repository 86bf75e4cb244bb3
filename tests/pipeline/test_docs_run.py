"""Every command that a page shows is run, in a copy of the tiny study, with films and models beside it.

Blocks are run by bash down the page, so that later commands see what earlier ones did, and diffs are made.
What cannot be run as it stands is listed here with its reason: lines left out, words that stand for others,
and what a reader is taken to have done before. A command that the page shows to fail (the next line is its
`error:`) must fail with a sentence. A new block needs no entry, unless it cannot be run.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np
import pytest

from evidrift.images.store import SPLITS, ImageStore
from tests.auditing.made import network
from tests.foreign.kinds import SHAPE
from tests.pipeline.workplace import Workplace
from tests.places import ROOT
from tests.prepare.films import film, save

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```", flags=re.M | re.S)
SHELLS = ("", "bash", "sh", "shell", "console")

INSTALLED = "installs what every test here runs with, by the same files"
RAY = "needs a Ray cluster: tests/repro/test_ray.py starts one"
LEFT_OUT = {
    "python3.11 -m venv .venv && . .venv/bin/activate": INSTALLED,
    "pip install . -c constraints.txt": INSTALLED,
    "pip install -r requirements.txt -c constraints.txt": INSTALLED,
    "pip install -r requirements-remotes.txt -c constraints.txt": INSTALLED,
    "pip install -r requirements-ray.txt -c constraints.txt": INSTALLED,
    "evidrift demo": "takes two minutes; tests/demo/test_demo.py runs it",
    "evidrift repro --ray auto": RAY,
    "evidrift repro --ray 10.0.0.5:6379": RAY,
    "python -m benchmarks.size 1000 10000 100000 --folder size": "takes hours",
    "evidrift audit --before old1.keras old2.keras old3.keras --after new1.keras new2.keras new3.keras ...": (
        "is cut short on the page; tests/auditing/test_audit.py holds several pairs against each other"
    ),
    "make verify": "runs the tiny study once more; .ci/run does",
    "make torture": "takes hours; tests/torture and others run parts of it",
    "python -m tools.torture --small": "takes minutes; likewise",
    "python -m tools.verify": "compares with the committed dvc.lock, and the default study has not run here",
    "git clone ... && cd ... && dvc pull && make repro": "stands line by line under another heading",
}
INSTEAD = {
    # places of the reader's own
    "git clone ... && cd ...": "git clone --quiet ../origin.git ../elsewhere && cd ../elsewhere",
    "/mnt/share/evidrift": '"$PWD/../store"',
    "-  source: ../films": "-  source: phantoms/tiny.yaml",
    "--classes bacterial_pneumonia,covid19,normal,tuberculosis,viral_pneumonia": "--classes a,b,c",
    # the tiny study's networks
    "evidrift export mobilenetv2": "evidrift export resnetv2_mini",
    "'densenet201', 224": "'resnetv2_mini', 64",
    # what depends on the area alone, instead of minutes of fine-tuning; a later section changes the same
    "finetune.resnetv2_mini.learning_rate=0.001": "drift.area=0.1",
    # the tutorial's profile takes weights from the network: checked, but the profile that has run is run
    "make repro PROFILE=mine": (
        "cp profiles/mine.yaml .. && cp profiles/tiny.yaml profiles/mine.yaml && make repro PROFILE=mine && "
        "mv ../mine.yaml profiles"
    ),
}
BEFORE = {
    "evidrift audit --original v1.keras --before v3.keras --after v4.keras --images films/manifest.csv \\": (
        "printf 'drift: {mean_at_most: 0.9}\\nunusable_at_most: 0.9\\n' > gate.yaml"
    ),
    'git add --update && git commit --message "where I started"': "echo '# a change' >> params.yaml",
    "evidrift export mobilenetv2 1 ft tuned.keras": "rm -f tuned.keras",  # that of other examples
}
BEFORE_IT_FAILS = {
    "python -m evidrift.params profiles/mine.yaml": (
        "sed -i 's/learning_rate: 0.0003/learning_rat: 1/' profiles/mine.yaml"
    ),
    "make repro PROFILE=tiny": (
        "git reset --quiet --hard origin/main && dvc checkout --quiet && "
        "sed -i 's/draws: 3/draws: 4/' params.yaml"
    ),
    "make repro": (  # the files of a third seed
        "git restore params.yaml && cp data/epochs/inception_mini/2.h5 data/epochs/inception_mini/3.h5"
    ),
}
# Their exit code is a verdict: a dozen films do not pass, a copy has no command of its own.
VERDICTS = {
    "--gate gate.yaml": "Gate: ",
    "docs/release/release.sh": "stopped: ",
    "make doctor": "ok      disk",  # the command that is installed is that of another folder
}


class Block(NamedTuple):
    """What a page asks to do.

    Attributes:
        line: of the page.
        text: commands, or a diff.
        kind: `run`, `fail` (the page shows that it does) or `diff`.
    """

    line: int
    text: str
    kind: str


def blocks(page: Path) -> list[Block]:
    """All of them, down the page; of a session each command by itself."""
    text, found = page.read_text(encoding="utf-8"), []
    for fence in FENCE.finditer(text):
        line = text[: fence.start()].count("\n") + 2
        content = re.sub(rf"^{fence['indent']}", "", fence["text"], flags=re.M)
        if fence["language"] == "diff":
            found.append(Block(line, content, "diff"))
        elif fence["language"] in SHELLS and content.startswith("$ "):
            for shown in re.finditer(r"^\$ ((?:.*\\\n)*.*\n)(error:)?", content, flags=re.M):
                at = line + content[: shown.start()].count("\n")
                found.append(Block(at, shown[1], "fail" if shown[2] else "run"))
        elif fence["language"] in SHELLS and begins_with_a_command(content):
            found.append(Block(line, content, "run"))
    return found


def begins_with_a_command(content: str) -> bool:
    """Or it is a table, a file or something printed."""
    first = content.split(maxsplit=1)[0]
    return first == "." or shutil.which(first) is not None or (ROOT / first).is_file()


def without_comment(line: str) -> str:
    return re.sub(r"\s+# .*$", "", line).strip()


def script(block: Block) -> str:
    """What is run of it; empty where nothing is."""
    before = BEFORE_IT_FAILS if block.kind == "fail" else BEFORE
    lines = []
    for line in block.text.splitlines():
        if without_comment(line) not in LEFT_OUT:
            lines += [before[without_comment(line)]] if without_comment(line) in before else []
            lines.append(line)
    return replaced("\n".join(lines))


def replaced(text: str) -> str:
    for words, others in INSTEAD.items():
        text = text.replace(words, others)
    return text


@pytest.fixture
def reader(tiny_copy):
    """The study as a reader has it, in git with a remote, and a `make` that installs nothing."""
    place, tools = tiny_copy, tiny_copy.path.parent / "tools"
    tools.mkdir()
    link = f"[ -e .venv ] || ln -s '{sys.prefix}' .venv"
    calls = {
        "make": f'{link}\nexec {shutil.which("make")} --old-file=.venv/.runtime "$@"',
        "evidrift": f'exec "{sys.executable}" -m evidrift "$@"',
    }
    for name, does in calls.items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    place.env["PATH"] = f"{tools}:{place.env['PATH']}"
    place.env |= {"HOME": str(place.path.parent), "PYTHONPATH": str(place.path)}
    (place.path.parent / ".gitconfig").write_text("[user]\nname = reader\nemail = reader@example.org\n")
    (place.path / ".venv").symlink_to(sys.prefix)
    (place.path / ".git" / "info" / "exclude").write_text("/.venv\n")
    place.run("git", "init", "--quiet", "--bare", "--initial-branch=main", "../origin.git")
    place.run("git", "branch", "--move", "main")
    place.run("git", "remote", "add", "origin", "../origin.git")
    place.run("git", "push", "--quiet", "--set-upstream", "origin", "main")
    return place


def bring(place: Workplace, text: str) -> None:
    """The films and models that a page's commands name, but for models that they export first."""
    names = sorted(set(re.findall(r"\b[a-z0-9]+\.keras\b", text)))
    names = [name for name in names if not re.search(r"export \w+ \d \w+ $", text[: text.index(name)])]
    models = [network(seed) for seed in range(len(names))]
    for name, model in zip(names, models, strict=True):
        model.save(place.path / name)
    if "films/" in text:
        write_called(place.path / "films", models[0])
    save(place.path / "film.png", film(0, 80, 72))
    if "../films" in text:
        store = ImageStore(place.path / "data" / "images" / "store.h5")
        for images in map(store.split, SPLITS):
            for pixels, label, name in zip(images.pixels[:], images.labels, images.ids, strict=True):
                for brighter in (0, 80) if "prepare" in text else (0,):  # enough for every split
                    file = f"{images.classes[label]}/{Path(str(name)).name}-{brighter}.png"
                    save(place.path.parent / "films" / file, cv2.resize(pixels // 2, (96, 96)) + brighter)


def write_called(folder: Path, model: keras.Model) -> None:
    """Films in the folders of what a model calls them, so that models like it can be trusted."""
    films = [film(seed, 80, 72) for seed in range(64)]
    inputs = np.stack([np.repeat(cv2.resize(each, SHAPE[1::-1])[..., None], 3, axis=-1) for each in films])
    for number, (each, called) in enumerate(zip(films, model(inputs).numpy().argmax(axis=-1), strict=True)):
        save(folder / "abc"[called] / f"{number:02d}.png", each)
    named = sorted(path.relative_to(folder) for path in folder.rglob("*.png"))
    rows = [f"{path.as_posix()},{path.parent},p{path.stem}" for path in named]
    (folder / "manifest.csv").write_text("\n".join(["path,label,patient_id", *rows]))


def make_changes(diff: str, place: Workplace) -> None:
    """To the reader's own profile where there is one, else to params.yaml."""
    own = place.path / "profiles" / "mine.yaml"
    file = own if own.exists() else place.path / "params.yaml"
    lines = replaced(diff).splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
    place.replace(str(file), old, new)


PAGES_WITH_COMMANDS = [page for page in PAGES if any(map(script, blocks(page)))]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_do_what_it_says(page, reader):
    asked = blocks(page)
    bring(reader, "".join(map(script, asked)))
    for block in asked:
        where = f"{page.relative_to(ROOT)}, line {block.line}"
        if block.kind == "diff":
            make_changes(block.text, reader)
        elif text := script(block):
            done = subprocess.run(
                ["bash", "-euxo", "pipefail", "-c", text],
                cwd=reader.path,
                env=reader.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            told = f"{where}: exit code {done.returncode}. What was run and printed:\n{done.stdout}"
            assert "Traceback" not in done.stdout, told
            verdict = next((said for words, said in VERDICTS.items() if words in text), None)
            if block.kind == "fail":
                assert done.returncode, told
                assert "\nerror: " in done.stdout, told
            elif verdict:
                assert verdict in done.stdout, told
            else:
                assert not done.returncode, told


def test_what_is_listed_stands_on_a_page():
    """So that a reason does not outlive its command."""
    asked = [block for page in PAGES for block in blocks(page)]
    lines = {without_comment(line) for block in asked for line in block.text.splitlines()}
    assert {*LEFT_OUT, *BEFORE, *BEFORE_IT_FAILS} <= lines
    text = "".join(block.text for block in asked)
    assert [words for words in (*INSTEAD, *VERDICTS) if words not in text] == []


def test_commands_and_what_they_print_are_told_apart(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```\n$ cat one \\\n    two\nprinted\n$ make repro\nerror: no\n```\n\n```\npath,label\na,b\n```\n\n"
        "1. text\n\n   ```\n   git status   # why\n   ```\n\n```python\nprint(1)\n```\n```diff\n-a\n+b\n```\n"
    )
    assert blocks(page) == [
        Block(2, "cat one \\\n    two\n", "run"),
        Block(5, "make repro\n", "fail"),
        Block(17, "git status   # why\n", "run"),
        Block(24, "-a\n+b\n", "diff"),
    ]
