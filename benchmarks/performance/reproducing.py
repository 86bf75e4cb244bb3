"""`evidrift repro` against `dvc repro`, and both when there is nothing to do.

The clone that is measured in is the repository's last commit, without DVC's cache of it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.performance.measuring import Line, Side, side_by_side
from evidrift.base.errors import UserError
from evidrift.repro.node import with_this_python

ROOT = Path(__file__).parents[2]
DVC = (sys.executable, "-m", "dvc")
EVIDRIFT = (sys.executable, "-m", "evidrift")
PROFILE = "tiny"


def clone(into: Path, profile: str) -> Path:
    """The last commit in a folder of its own, with a profile as its parameters and an empty cache."""
    call(ROOT, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(into))
    (into / "params.yaml").write_bytes((ROOT / "profiles" / f"{profile}.yaml").read_bytes())
    return into


def call(folder: Path, *command: str) -> None:
    """Run a command that must succeed.

    Raises:
        UserError: it fails.
    """
    # the stages are `python -m stages....`: of this environment, with the clone's code
    environment = with_this_python() | {"PYTHONPATH": str(folder), "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise UserError(f"{' '.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")


def against_dvc_repro(rounds: int, profile: str = PROFILE) -> Iterator[Line]:
    """A whole study on all cores, against one stage after the other; both must give one dvc.lock."""
    with tempfile.TemporaryDirectory() as folder:
        locks: list[bytes] = []

        def study(*command: str) -> None:
            repository = clone(Path(tempfile.mkdtemp(dir=folder)) / "clone", profile)
            call(repository, *command)
            locks.append((repository / "dvc.lock").read_bytes())

        line = side_by_side(
            "repro",
            f"evidrift repro, the study of profiles/{profile}.yaml, {os.cpu_count()} cores",
            "dvc repro",
            Side(partial(study, *EVIDRIFT, "repro")),
            Side(partial(study, *DVC, "repro")),
            rounds,
        )
        if len(set(locks)) > 1:
            raise ValueError("the two sides wrote different dvc.lock files")
        yield line


def against_dvc_status(rounds: int, profile: str = PROFILE) -> Iterator[Line]:
    """The same again at once: nothing is to be done, which both must see."""
    with tempfile.TemporaryDirectory() as folder:
        repository = clone(Path(folder) / "clone", profile)
        call(repository, *DVC, "repro", "--quiet")
        yield side_by_side(
            "nothing",
            f"evidrift repro with nothing to do, profiles/{profile}.yaml",
            "dvc status",
            Side(partial(call, repository, *EVIDRIFT, "repro")),
            Side(partial(call, repository, *DVC, "status", "--quiet")),
            rounds,
        )
