"""Films read by processes apart: what breaks a decoder, or never ends, costs that film and nothing else."""

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

from evidrift.prepare.entry import Entry, Excluded, Loaded
from evidrift.prepare.films.header import passing_key

TRIES = 2  # a reader may be killed for no fault of the film's, such as by a system without memory


def load_apart(
    entry: Entry, source: Path, size: int, padding: bool, min_side: int
) -> tuple[Loaded, np.ndarray]:
    """As `source.load_file`, in another process; from several threads, in as many.

    Raises:
        Excluded: likewise; also `unreadable` where the film breaks its reader or takes it too long, and
            `too_large` where it needs too much memory.
        UserError: the key of the pseudonyms cannot be used.
    """
    if entry.excluded:
        raise entry.excluded
    request = {
        "entry": {"path": entry.path, "label": entry.label, "extra": dict(entry.extra)},
        "source": str(source),
        "size": size,
        "padding": padding,
        "min_side": min_side,
    }
    request["entry"] |= {"patient_id": entry.patient_id, "split": entry.split}  # type: ignore[operator]
    for _ in range(TRIES):
        reader = _idle_reader()
        answer = reader.ask(request, size * size)
        if answer:
            _idle(os.getpid()).put(reader)
            return _loaded(entry, *answer, size)
        code = reader.end()
        if code == -signal.SIGXCPU:
            raise Excluded("unreadable", "it takes too long to read: it is damaged, or made to be")
    how = signal.Signals(-code).name if code < 0 else f"code {code}"
    raise Excluded("unreadable", f"it breaks its decoder ({how}): it is damaged, or made to be")


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
            if answer is None or "reason" in answer:
                return answer and (answer, b"")
            pixels = self._replies.read(n_pixels)
        except OSError:
            return None
        return (answer, pixels) if len(pixels) == n_pixels else None

    def end(self) -> int:
        """Its code, once it has ended; a signal's is negative."""
        self._replies.close()
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
