"""One branch of the study on a node of the cluster: clone the revision, pull, run, push.

Loads nothing of evidrift, and travels to the node by value: the code that counts is the revision's.
"""

import fcntl
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DVC = (sys.executable, "-m", "dvc")
Lock = dict[str, Any]  # by stage, what dvc.lock says of it


@dataclass(frozen=True)
class Source:
    """Where the revision comes from, and where the outputs go."""

    run: str  # one call of the command; names its scratch folder on the nodes
    revision: str
    places: tuple[str, ...]  # to clone from; the first that has the revision
    remote: str  # DVC's


@dataclass(frozen=True)
class Outcome:
    """What became of a branch."""

    node: str
    log: str
    lock: Lock  # of its stages; empty where it failed
    failed: str | None = None  # how


class _StepError(Exception):
    """A command left with another code than 0: what it was for, and all that it printed."""


def run_branch(
    source: Source, stages: tuple[str, ...], needs: tuple[str, ...], lock: Lock, *before: Outcome
) -> Outcome:
    """Run stages in a clone of the revision, and push their outputs and runs.

    Args:
        source: the revision and its remotes.
        stages: names, in the order to run.
        needs: stages and .dvc files whose outputs these stages read.
        lock: what dvc.lock says of those of `needs` that the head has itself.
        before: the outcomes of the branches that made the others.
    """
    node, log = socket.gethostname(), ""
    if any(each.failed for each in before):
        return Outcome(node, "", {}, "not started")
    for each in before:
        lock = lock | each.lock
    try:
        with _clone(source) as place:
            adopt(place, lock)
            if needs:
                log += run("pulling what it needs", (*DVC, "pull", *needs), place)
            # each pushed at once: what a branch had finished before it failed, or its worker died, is kept
            for stage in stages:
                log += run(f"running {stage}", (*DVC, "repro", "--pull", "--single-item", stage), place)
                log += run(f"pushing {stage}", (*DVC, "push", "--run-cache", stage), place)
            return Outcome(node, log, {stage: read_lock(place)[stage] for stage in stages})
    except _StepError as error:
        doing, printed = error.args
        return Outcome(node, log + printed, {}, f"failed on {node} while {doing}")


def adopt(place: Path, lock: Lock) -> None:
    """Let dvc.lock say of these stages what it said where they ran."""
    from dvc.utils.serialize import dump_yaml

    path = place / "dvc.lock"
    dump_yaml(str(path), {"schema": "2.0", "stages": read_lock(place) | lock})


def read_lock(place: Path) -> Lock:
    """What dvc.lock says, by stage."""
    import yaml

    path = place / "dvc.lock"
    return (yaml.safe_load(path.read_text()) or {}).get("stages", {}) if path.exists() else {}


def scratch(run: str) -> Path:
    """The folder of a run on this node."""
    return Path(tempfile.gettempdir()) / f"evidrift-{run}"


def clean(run: str) -> None:
    """Delete the run's clones on this node."""
    shutil.rmtree(scratch(run), ignore_errors=True)


@contextmanager
def _clone(source: Source) -> Iterator[Path]:
    """A clone of the revision that no other process uses: one that a branch left in order, or a new one."""
    scratch(source.run).mkdir(mode=0o700, exist_ok=True)
    for number in itertools.count():
        place = scratch(source.run) / str(number)
        with place.with_suffix(".held").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            in_order = place.with_suffix(".in_order")
            if in_order.exists():
                in_order.unlink()
                run("cleaning", ("git", "checkout", "--quiet", "--force", source.revision), place)
            else:
                shutil.rmtree(place, ignore_errors=True)
                _make(source, place)
            yield place
            in_order.touch()
            return


def _make(source: Source, place: Path) -> None:
    doing, tried = "cloning the revision", ""
    for each in source.places:
        try:
            run(doing, ("git", "clone", "--quiet", "--no-checkout", each, str(place)), place.parent)
            run(doing, ("git", "checkout", "--quiet", "--detach", source.revision), place)
        except _StepError as error:
            tried += f"{each}: {error.args[1]}"
            shutil.rmtree(place, ignore_errors=True)
            continue
        # DVC takes what it pulls for what it asked for, unless it is told to look
        (place / ".dvc" / "config.local").write_text(f"['remote \"{source.remote}\"']\n    verify = true\n")
        return
    raise _StepError(
        doing,
        f"{tried}{socket.gethostname()} cannot clone {source.revision[:12]}. Push it to a git remote that "
        "the node reaches, or keep the repository on a file system that all nodes share.",
    )


def with_this_python() -> dict[str, str]:
    """This process's environment, in which `python` is the one that runs it."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


# The process group dies with the worker, however that dies: then the pipe closes that it holds open.
GUARD = 'exec 3<&0 </dev/null; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&-'


def run(doing: str, command: tuple[str, ...], place: Path) -> str:
    """What a command prints, errors too.

    Raises:
        _StepError: it left with another code than 0.
    """
    environment = with_this_python() | {
        "DVC_NO_ANALYTICS": "1",
        # what DVC believes the remote to hold is forgotten with the clone: after a push cut short it is wrong
        "DVC_SITE_CACHE_DIR": str(place / ".dvc" / "tmp" / "site"),
    }
    with tempfile.TemporaryFile("w+", errors="replace") as printed:
        with subprocess.Popen(  # noqa: S603 - stages, and commands of this file
            ("/bin/sh", "-c", GUARD, "sh", *command),
            cwd=place,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            process.wait()
        printed.seek(0)
        text = printed.read()
    if process.returncode != 0:
        raise _StepError(doing, text)
    return text
