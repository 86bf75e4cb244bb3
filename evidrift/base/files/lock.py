"""One at a time: a lock of the kernel's, which goes with the process that holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evidrift.base.errors import UserError

PATIENCE = 10.0  # seconds for the process of a run that was just stopped to end


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock inside the block; its file is gone afterwards.

    Args:
        path: of the lock's file; its folder is made.
        what: only one such may be at work.

    Raises:
        UserError: another process holds it.
    """
    until = time.monotonic() + PATIENCE
    while (held := _taken(path)) is None:
        if time.monotonic() > until:
            raise UserError(
                f"Another {what} is at work here, process {_holder(path)}. Wait for its end, or stop it; "
                "then run this again."
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(held)


def _taken(path: Path) -> int | None:
    """A file descriptor that holds the lock; None where another process does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:  # the last one to leave removed the folder meanwhile
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_ino == path.stat().st_ino:  # else its holder removed it meanwhile
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode())
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(file)
    return None


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="ascii").strip()
    return "?"
