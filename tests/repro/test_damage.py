"""Damaged outputs as docs/pipeline.md has it: what DVC notices, what brings a file back, what does not."""

import os
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

WHOLE = "what the stage writes\n"
STAGE = 'stages:\n  make: {cmd: "cat in > out && echo run >> runs.log", deps: [in], outs: [out]}\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    Repo.init().close()
    for name, text in (("in", WHOLE), ("dvc.yaml", STAGE), ("runs.log", "")):
        Path(name).write_text(text)
    return tmp_path


def run(cache: str, *, force: bool = False) -> str:
    """What is in the output after a run."""
    with Repo() as repo:
        with repo.config.edit() as config:
            config["cache"]["type"] = [cache]
        repo.reproduce(force=force)
    return Path("out").read_text()


def damage(path: Path) -> None:
    """Changes a letter, in place, and keeps the time stamp."""
    before = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    path.chmod(before.st_mode & 0o777)


def cached() -> Path:
    return next(path for path in Path(".dvc/cache/files/md5").rglob("*") if path.is_file())


def test_a_run_overlooks_damage_of_an_old_time_stamp_and_restores_what_is_deleted(project):
    run("copy")
    damage(Path("out"))
    assert run("copy") != WHOLE
    Path("out").unlink()
    assert run("copy") == WHOLE
    assert len(Path("runs.log").read_text().split()) == 1  # it came from the cache


@pytest.mark.parametrize("cache", ["copy", "hardlink", "symlink"])
def test_damage_of_the_cache_comes_back_until_its_object_is_taken_out(project, cache):
    run(cache)
    damage(cached())
    Path("out").unlink()
    assert run(cache) != WHOLE
    if cache == "hardlink":
        assert run(cache, force=True) != WHOLE
    Path("out").unlink()
    cached().unlink()  # `make doctor FIX=1` takes it out
    assert run(cache) == WHOLE
