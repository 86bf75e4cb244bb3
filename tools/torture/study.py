"""A finished tiny study, and copies of it in which one stage runs alone, with what an experiment does to it.

study = Study.made()
with Runner(study) as runner:
    place = study.place(tmp / "a", stage)        # the stage's inputs, linked, without its outputs
    damage(place, "data/images/store.h5")        # a real copy from then on: see `own`
    done = runner.run(stage, place, timeout=60)
    done.clear, study.differing(place, stage)    # one sentence? which outputs are not as they were?
"""

import filecmp
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from evidrift.base.errors import UserError
from evidrift.base.files.writing import PARTIAL
from evidrift.repro.node import with_this_python

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "scratch" / "torture"  # which git and DVC ignore
CODE = ("evidrift/", "stages/")


@dataclass(frozen=True)
class Stage:
    """One stage of the study, as dvc.lock has it: its matrix resolved.

    Attributes:
        name: as DVC addresses it, e.g. train_tl@resnetv2_mini-1.
        cmd: its command line.
        deps: files and folders that it reads, its code left out; relative to the study.
        outs: files and folders that it writes.
    """

    name: str
    cmd: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Its name in dvc.yaml."""
        return self.name.partition("@")[0]


class Study:
    """A finished run of the profile tiny; only to be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lock = yaml.safe_load((path / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        order = list(yaml.safe_load((path / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
        stages = (_stage(name, lock[name]) for name in sorted(lock))
        self.stages = tuple(sorted(stages, key=lambda stage: order.index(stage.kind)))

    @classmethod
    def made(cls, cache: Path = CACHE) -> Self:
        """The study as today's code makes it: in `cache`, from the last time, what changed run again.

        Raises:
            UserError: the run failed.
        """
        path = cache / "study"
        path.mkdir(parents=True, exist_ok=True)
        bring_code(path)
        shutil.copy2(path / "profiles" / "tiny.yaml", path / "params.yaml")
        if not (path / ".git").exists():
            _call(["git", "init", "--quiet"], path)
        _call([sys.executable, "-m", "evidrift", "repro", "--quiet"], path)
        return cls(path)

    def stage(self, name: str) -> Stage:
        """The stage of this name."""
        return next(stage for stage in self.stages if stage.name == name)

    def one_of_each(self) -> list[Stage]:
        """The first item of every stage of dvc.yaml."""
        return list({stage.kind: stage for stage in reversed(self.stages)}.values())[::-1]

    def place(self, folder: Path, stage: Stage) -> Path:
        """Make `folder`: the project with what the stage reads, as links, and none of what it writes.

        Files are hard links: see `own` before you change one. The code is a link to the study's.
        """
        folder.mkdir(parents=True)
        for name in ("dvc.yaml", "params.yaml", "dvc.lock"):
            shutil.copy2(self.path / name, folder / name)
        for name in ("evidrift", "stages"):
            (folder / name).symlink_to(self.path / name)
        for dep in stage.deps:
            _link(self.path / dep, folder / dep)
        for out in stage.outs:  # a dependency may be the folder that an output lies in
            _remove(folder / out)
        return folder

    def differing(self, place: Path, stage: Stage) -> list[str]:
        """The stage's output files that are missing there, too many, or not the bytes of the study."""
        return sorted(
            name
            for out in stage.outs
            for name in _files(self.path, out) | _files(place, out)
            if not _same(self.path / name, place / name)
        )

    def wrong(self, place: Path, stage: Stage) -> list[str]:
        """Those of `differing` that are there: something stands under an output's name that it must not."""
        return [name for name in self.differing(place, stage) if (place / name).exists()]


def own(path: Path) -> Path:
    """Make a linked file a real copy, so that changing it changes nothing else; the file."""
    copy = path.with_name(f".own-{path.name}")
    shutil.copy2(path, copy)
    copy.replace(path)
    return path


def _stage(name: str, entry: dict) -> Stage:
    deps = tuple(dep["path"] for dep in entry.get("deps", ()) if not dep["path"].startswith(CODE))
    return Stage(name, entry["cmd"], deps, tuple(out["path"] for out in entry.get("outs", ())))


def bring_code(path: Path) -> None:
    """Copy what git tracks, or would, where it is not the same already; delete what is gone."""
    words = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    names = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    names -= {"dvc.lock", "params.yaml", "metrics/compare.json", "metrics/.gitignore"}
    for name in names:
        target = path / name
        if not (target.exists() and filecmp.cmp(ROOT / name, target, shallow=False)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    for code in ("evidrift", "stages"):
        for file in (path / code).rglob("*.py"):
            if file.relative_to(path).as_posix() not in names:
                file.unlink()


def _call(words: list[str], place: Path) -> None:
    done = subprocess.run(words, cwd=place, env=with_this_python(), check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"`{' '.join(words)}` failed in {place}, so that there is nothing to try things on.")


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)
    else:
        os.link(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _files(root: Path, out: str) -> set[str]:
    path = root / out
    files = [path] if path.is_file() else path.rglob("*")
    unfinished = f"/{PARTIAL}"  # hidden from DVC, and written anew
    found = (file.relative_to(root).as_posix() for file in files if file.is_file())
    return {name for name in found if unfinished not in f"/{name}"}


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)
