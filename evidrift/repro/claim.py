"""One run at a time: what a folder is claimed by, and what a killed run has left there.

DVC's own lock is held from the first look at the pipeline to the last line of dvc.lock: no DVC command comes
in between. It is the kernel's, and goes with the process. So does a second lock, which every stage's
process inherits: what outlives a killed run holds it, and could still write to outputs.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo

from evidrift.base.errors import UserError

FOLDER = Path("repro")  # under .dvc/tmp, which git and DVC ignore
RWLOCK = "rwlock"  # DVC's list of busy paths, under .dvc/tmp
PATIENCE = 10.0  # seconds for the stages of a killed run to end: their worker kills them


@contextmanager
def claimed(repo: Repo, *, for_commands: bool = False, drop: bool = True) -> Iterator[int]:
    """Claim the project for this process; a file descriptor that every stage's process must inherit.

    Args:
        repo: the project's.
        for_commands: let go of DVC's own lock once it was had, for this process will start commands of DVC's.
        drop: take out of DVC's list of busy paths what dead processes left there.

    Raises:
        UserError: another DVC command or `evidrift repro` is at work, or stages of one that was killed.
    """
    temporary = Path(repo.tmp_dir)
    with ExitStack() as stack:
        lock = stack.enter_context(ExitStack())
        try:
            lock.enter_context(lock_repo(repo))
        except LockError:
            raise UserError(_busy(temporary / "lock")) from None
        (temporary / FOLDER).mkdir(exist_ok=True)
        claim = os.open(temporary / FOLDER / "running", os.O_RDWR | os.O_CREAT, 0o644)
        stack.callback(os.close, claim)
        _wait_for_leftovers(claim)
        if drop:
            drop_dead(temporary / RWLOCK)
        if for_commands:
            lock.close()
        yield claim


def _wait_for_leftovers(claim: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise UserError(
                    "Another `evidrift repro`, or stages of one that was killed, are at work in this "
                    f"project: {_holders(claim)}. Wait for their end, or end them (kill). Then run it again."
                ) from None
            time.sleep(0.05)


def _busy(lock: Path) -> str:
    process = lock.read_text().strip()
    return (
        f"Another DVC command or `evidrift repro` is at work in this project (process {process}). Wait for "
        "its end, or stop it with Ctrl-C, then run this again."
    )


def _holders(claim: int) -> str:
    """The processes that have the claim's file open."""
    file, found = os.fstat(claim).st_ino, []
    for process in psutil.process_iter():
        try:
            names = Path(f"/proc/{process.pid}/fd").iterdir()
            if process.pid != os.getpid() and any(name.stat().st_ino == file for name in names):
                found.append(process.pid)
        except OSError:
            continue
    return f"processes {', '.join(map(str, found))}" if found else "processes that are not ours to see"


def drop_dead(rwlock: Path) -> None:
    """Take out of DVC's list of busy paths what dead processes left; a half-written list goes altogether.

    Raises:
        UserError: a living process is at work on some of them: a `dvc repro` whose stage runs.
    """
    if left_behind(rwlock):
        rwlock.unlink()


def left_behind(rwlock: Path) -> bool:
    """Whether DVC's list of busy paths names dead processes, or was half-written by one.

    Raises:
        UserError: it names a living one.
    """
    try:
        written = rwlock.stat().st_mtime
        listed = json.loads(rwlock.read_text(encoding="utf-8"))
        holders = [*listed.get("write", {}).values(), *chain(*listed.get("read", {}).values())]
        living = [holder for holder in holders if _holds(holder, written)]
    except FileNotFoundError:
        return False
    except (ValueError, AttributeError, TypeError, KeyError):
        return True
    if living:
        raise UserError(
            f"`{living[0]['cmd']}` is at work in this project (process {living[0]['pid']}). Wait for its "
            "end, or stop it with Ctrl-C, then run this again."
        )
    return bool(holders)


def _holds(holder: dict[str, Any], written: float) -> bool:
    """Whether a process is the one that wrote itself down: it lives, and was there before the writing."""
    try:
        return psutil.Process(int(holder["pid"])).create_time() <= written
    except psutil.Error:
        return False
