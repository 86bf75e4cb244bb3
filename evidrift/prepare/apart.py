"""Films, and lists in Parquet, read by processes apart.

What breaks a decoder, or never ends, costs that film and nothing else.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry, Excluded, Loaded
from evidrift.prepare.films.header import KEY, passing_key

TRIES = 2  # a reader may be killed for no fault of the film's, such as by a system without memory


def load_apart(
    entry: Entry, source: Path, size: int, padding: bool, min_side: int
) -> tuple[Loaded, np.ndarray]:
    """As `source.load_file`, in another process; from several threads, in as many.

    Raises:
        Excluded: likewise; also `unreadable` where the film breaks its reader or takes it too long, and
            `too_large` where it needs too much memory.
        UserError: the key of the pseudonyms cannot be used, or its reader is killed by somebody else.
    """
    if entry.excluded:
        raise entry.excluded
    passing_key()  # refuses a key that cannot be used
    told = {"path": entry.path, "label": entry.label, "patient_id": entry.patient_id, "split": entry.split}
    request = {
        "entry": told | {"extra": dict(entry.extra)},
        "source": str(source),
        "size": size,
        "padding": padding,
        "min_side": min_side,
    }
    try:
        answer, pixels = _asked(entry.path, request, size * size)
    except _Broken as broken:
        raise Excluded("unreadable", f"it {broken}: it is damaged, or made to be") from None
    return _loaded(entry, answer, pixels, size)


def read_parquet_apart(file: Path) -> tuple[list[str], list[list[str]]]:
    """As `listing.cells.parquet_cells`, in another process.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        answer = _asked(str(file), {"parquet": str(file)}, 0)[0]
    except _Broken as broken:
        raise UserError(f"{file} {broken}: it is damaged, or made to be.") from None
    if "told" in answer:
        raise UserError(answer["told"])
    return answer["columns"], answer["rows"]


def dismiss() -> None:
    """End the readers that have no work; new ones start when they are asked again."""
    idle = _idle(os.getpid())
    while not idle.empty():
        idle.get_nowait().end()


class _Broken(Exception):  # noqa: N818 - never seen outside
    """What the file does to its reader."""


def _asked(name: str, request: dict[str, Any], n_pixels: int) -> tuple[dict[str, Any], bytes]:
    request = {"folder": str(Path.cwd()), "key": os.environ.get(KEY, ""), "asked": request}  # as they are now
    for _ in range(TRIES):
        reader = _idle_reader()
        answer = reader.ask(request, n_pixels)
        if answer:
            _idle(os.getpid()).put(reader)
            return answer
        code = reader.end()
        if code == -signal.SIGXCPU:
            raise _Broken("takes too long to read")
    if code == -signal.SIGKILL:  # which nothing here does: which films are read must not hang on the day
        raise UserError(
            f"The process that reads {name} was killed by another, {TRIES} times: by a system that has too "
            "little memory, as a rule. Run the same command again when there is more; if it happens again, "
            "take that file away."
        )
    how = signal.Signals(-code).name if code < 0 else f"code {code}"
    raise _Broken(f"breaks its decoder ({how})")


class Reader:
    """A process that reads films."""

    def __init__(self) -> None:
        replies, theirs = os.pipe()
        # Not from the working folder, where a file could be called as a module is.
        path = [str(Path(__file__).parents[2]), *(each for each in sys.path if each)]
        self._process = subprocess.Popen(  # noqa: S603 - itself
            [sys.executable, "-P", "-m", "evidrift.prepare.reader", str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # decoders complain
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs,),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            start_new_session=True,  # Ctrl-C is for its parent, with which it ends
        )
        os.close(theirs)
        self._replies: IO[bytes] = os.fdopen(replies, "rb")
        self._tell(passing_key().hex())

    def ask(self, request: dict[str, Any], n_pixels: int) -> tuple[dict[str, Any], bytes] | None:
        """The answer, and the pixels where there are any; None where the process ended over it."""
        try:
            self._tell(json.dumps(request))
            answer = json.loads(self._replies.readline() or "null")
            if answer is None:
                return None
            pixels = self._replies.read(n_pixels) if "pixel_hash" in answer else b""
        except OSError:
            return None
        return (answer, pixels) if "pixel_hash" not in answer or len(pixels) == n_pixels else None

    def end(self) -> int:
        """Its code, once it has ended; a signal's is negative."""
        self._replies.close()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            return self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _tell(self, line: str) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(line.encode() + b"\n")
            stdin.flush()


@cache
def _idle(process: int) -> "queue.SimpleQueue[Reader]":
    """Readers without work, of this process: one that was forked from it has its own."""
    return queue.SimpleQueue()


def _idle_reader() -> Reader:
    try:
        return _idle(os.getpid()).get_nowait()
    except queue.Empty:
        return Reader()


def _loaded(entry: Entry, answer: dict[str, Any], pixels: bytes, size: int) -> tuple[Loaded, np.ndarray]:
    if "reason" in answer:
        raise Excluded(answer["reason"], answer["detail"])
    entry = replace(entry, patient_id=answer.pop("patient_id"), extra=answer.pop("extra"))
    top, left, bottom, right = answer.pop("content")
    flags = tuple(answer.pop("flags"))
    loaded = Loaded(entry, content=(top, left, bottom, right), flags=flags, **answer)
    return loaded, np.frombuffer(pixels, np.uint8).reshape(1, size, size)
