"""A small project under DVC, whose commands run in forks: the words they print, and what a kill leaves."""

import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

SEED = 15
N_FOLDERS, N_FILES = 12, 3  # in each folder
CONFIG = "[core]\n    analytics = false\n    check_update = false\n"
WRITE = """\
echo "$1" >> runs.txt
mkdir -p "$2"
for number in 0 1 2; do yes "$1-$number" | head -c 20000 > "$2/$number.bin"; done
echo "$1" > "$2.csv"
"""
PIPELINE = {
    "stages": {
        "train": {
            "matrix": {"seed": list(range(N_FOLDERS))},
            "cmd": "sh write.sh train-${item.seed} data/${item.seed}",
            "deps": ["write.sh"],
            "outs": ["data/${item.seed}", "data/${item.seed}.csv"],
        }
    }
}
N_OBJECTS = N_FOLDERS * (N_FILES + 2)  # a listing each, and a table


class Done(NamedTuple):
    """How a command ended: its exit code, minus a signal's number; and what it printed."""

    code: int
    words: str

    @property
    def clear(self) -> bool:
        """Whether it ended well, or with an error that is no traceback."""
        return self.code == 0 or (bool(self.words.strip()) and "Traceback" not in self.words)


class Project:
    """One such project. Its commands take no second: DVC is loaded already, in the process that forks."""

    def __init__(self, path: Path, **environment: str) -> None:
        self.path = path
        self.environment = {"DVC_SITE_CACHE_DIR": f"{path}-site", "DVC_NO_ANALYTICS": "1"} | environment

    @classmethod
    def made(cls, path: Path, **environment: str) -> "Project":
        """In git, its stages not run."""
        path.mkdir(parents=True)
        (path / ".dvc").mkdir()
        (path / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
        (path / ".gitignore").write_text("/data\n/runs.txt\n")
        (path / ".dvc" / "config").write_text(CONFIG)
        (path / "write.sh").write_text(WRITE)
        (path / "dvc.yaml").write_text(yaml.safe_dump(PIPELINE))
        project = cls(path, **environment)
        project.git("init", "--quiet")
        project.commit()
        return project

    def git(self, *words: str) -> str:
        """What git answers."""
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
        return subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=True).stdout  # noqa: S603

    def commit(self) -> None:
        """All that git sees."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")

    def clone(self, path: Path) -> "Project":
        """Another place, with an empty cache."""
        self.git("clone", "--quiet", str(self.path), str(path))
        return Project(path, **(self.environment | {"DVC_SITE_CACHE_DIR": f"{path}-site"}))

    def remote(self, url: str, **settings: str) -> None:
        """Set the default remote, in the file that git has."""
        lines = "".join(f"    {key} = {value}\n" for key, value in settings.items())
        config = CONFIG.replace("[core]\n", "[core]\n    remote = store\n")
        (self.path / ".dvc" / "config").write_text(f"{config}['remote \"store\"']\n    url = {url}\n{lines}")

    def dvc(self, *words: str, kill_after: float | None = None) -> Done:
        """A command of DVC's; killed after so many seconds where they are given."""

        def command() -> int:
            from dvc.cli import main

            return main(list(words))

        return self.fork(command, kill_after)

    def doctor(self, *, fix: bool = False) -> Done:
        """The doctor's checks of what DVC keeps."""

        def command() -> int:
            from tools.doctor.__main__ import of_dvc
            from tools.doctor.finding import State

            found = list(of_dvc(None, fix=fix))
            print("\n".join(map(str, found)))
            return int(any(each.state is State.WRONG for each in found))

        return self.fork(command)

    def repro(self) -> Done:
        """`evidrift repro`."""

        def command() -> int:
            from evidrift.repro.local import repro

            return repro([], 2, quiet=False)

        return self.fork(command)

    def fork(self, command: Callable[[], int], kill_after: float | None = None) -> Done:
        """Run it in the project's folder, in a process of its own."""
        printed = self.path.parent / f"{self.path.name}.printed"
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.setsid()
                stream = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(stream, 1)
                os.dup2(stream, 2)
                os.environ.update(self.environment)
                os.chdir(self.path)
                code = _told(command)
            finally:
                os._exit(code)
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return Done(os.waitstatus_to_exitcode(status), printed.read_text(errors="replace"))

    def ran(self) -> list[str]:
        """The stages that ran since this was asked last."""
        runs = self.path / "runs.txt"
        names = runs.read_text().split() if runs.exists() else []
        runs.unlink(missing_ok=True)
        return names

    def contents(self) -> dict[str, bytes]:
        """By file of the outputs its content, and dvc.lock's."""
        files = [*sorted((self.path / "data").rglob("*")), self.path / "dvc.lock"]
        return {str(file.relative_to(self.path)): file.read_bytes() for file in files if file.is_file()}

    def remove_outputs(self) -> None:
        """From the workspace."""
        shutil.rmtree(self.path / "data")

    def objects(self) -> list[Path]:
        """The files of the cache, sorted."""
        return sorted(file for file in (self.path / ".dvc/cache/files/md5").rglob("*") if file.is_file())


def _told(command: Callable[[], int]) -> int:
    """Its exit code. Where it prints is set anew: what the fork has inherited may lead elsewhere."""
    from evidrift.base.errors import UserError

    with open(1, "w", closefd=False) as sys.stdout, open(2, "w", closefd=False) as sys.stderr:
        for name in ("dvc", "dvc_data", "dvc_objects"):
            for handler in logging.getLogger(name).handlers:
                handler.setStream(sys.stderr)  # type: ignore[attr-defined]
        try:
            return command()
        except UserError as error:
            print(f"error: {error}")
            return 1


def damaged(file: Path, how: str, chance: random.Random) -> None:
    """Damage a file as a disk does: time and mode stay as they were."""
    stat = file.stat()
    data = bytearray(file.read_bytes())
    at = chance.randrange(len(data))
    if how == "flipped":
        data[at] ^= 1 << chance.randrange(8)
    elif how == "zeroed":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
        data[at] ^= 0x80
    else:
        del data[at:]
    file.chmod(0o644)
    file.write_bytes(data)
    file.chmod(stat.st_mode)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def copied(project: Project, path: Path) -> Project:
    """The project with its cache, somewhere else."""
    shutil.copytree(project.path, path, symlinks=True)
    return Project(path, **(project.environment | {"DVC_SITE_CACHE_DIR": f"{path}-site"}))
