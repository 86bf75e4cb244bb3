"""A copy of the project in a folder of its own, with git and DVC, for tests that run the pipeline."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.places import ROOT

GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


class Workplace:
    """One copy of the project."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    @classmethod
    def create(cls, path: Path, profile: str = "tiny") -> "Workplace":
        """Copy what git tracks or would track, take a profile as params.yaml, and commit it."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if name != "dvc.lock" and (ROOT / name).is_file():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, path / name)
        shutil.copy2(ROOT / "profiles" / f"{profile}.yaml", path / "params.yaml")
        place = cls(path)
        place.run("git", "init", "--quiet")
        place.commit("start")
        return place

    def run(self, *command: str, expect: int = 0, **env: str) -> str:
        """Run a command there; its output, with errors. Fails where the exit code is not the expected."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == expect, f"{' '.join(command)} left with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def commit(self, message: str) -> None:
        self.run(*GIT, "add", "--all")
        self.run(*GIT, "commit", "--quiet", "--message", message)

    def clone(self, path: Path) -> "Workplace":
        self.run("git", "clone", "--quiet", str(self.path), str(path))
        return Workplace(path)

    def pushed_and_pulled(self, remote: Path, path: Path) -> "Workplace":
        """A new clone whose outputs came by way of a remote, a folder."""
        self.run("dvc", "remote", "add", "--default", "--force", "store", str(remote))
        self.commit("remote")
        self.run("dvc", "push", "--quiet")
        clone = self.clone(path)
        clone.run("dvc", "pull", "--quiet")
        return clone

    def make(self, *words: str, expect: int = 0) -> str:
        """`make` in this environment, as it is: installing the copy into it would outlive the copy."""
        if not (self.path / ".venv").exists():
            (self.path / ".venv").symlink_to(sys.prefix)
        return self.run("make", *words, "--old-file=.venv/.runtime", expect=expect)

    def repro(self, *arguments: str) -> list[str]:
        """`dvc repro`; the names of the stages that ran, in order."""
        return ran(self.run("dvc", "repro", *arguments))

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        (self.path / name).write_text(text.replace(old, new, 1))


def ran(output: str) -> list[str]:
    """The stages that a `dvc repro` ran, by its own words."""
    lines = (line.strip() for line in output.splitlines())
    return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]
