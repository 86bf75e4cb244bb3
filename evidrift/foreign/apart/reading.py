"""Model files read by a process apart, which has limits: this process gets arrays and a checked description.

A file that is made to break its reader breaks the other process. What that one hands over is JSON and
numbers, which are judged here once more: the file itself, HDF5 and ZIP are never opened here.
"""

import contextlib
import json
import math
import os
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.process.confining import MB, limits_for
from evidrift.base.sentence import of_json
from evidrift.foreign.apart.child import IDLE, QUIET, serve

if TYPE_CHECKING:
    from evidrift.foreign.opening import Opened

HANDED_SPARE = 256 * MB  # bytes that a file's values may have beyond its own size
TYPES = (
    *("float16", "bfloat16", "float32", "float64", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
MOST_OF_A_REPLY = 64 * MB  # bytes: a description is 16 MB at most
TAIL = 64 * 1024  # bytes of what the other process wrote to its error stream, to tell why it ended
OUT_OF_MEMORY = (b"bad_alloc", b"ut of memory", b"OOM", b"annot allocate", b"memory allocation")


class Apart:
    """A process apart, as its parent sees it.

    Args:
        forks: it is a fork of this process, which has imported TensorFlow but not started it; otherwise a
            new one, which imports it anew.
    """

    def __init__(self, forks: bool) -> None:
        self.values: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        theirs, self._requests = os.pipe()
        self._replies, their_replies = os.pipe()
        given = (theirs, their_replies, self.values.fileno())
        start = _forked if forks else _started
        self._child: int | None = start(given, self._errors.fileno())
        os.close(theirs)
        os.close(their_replies)
        self._pending = b""
        self._used = time.monotonic()

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        # After a while it may be about to end.
        if self._child is not None and (self._ended() or time.monotonic() - self._used > IDLE / 2):
            self.end()
        return self._child is not None

    def _ended(self) -> bool:
        try:
            return bool(os.waitpid(self._child or 0, os.WNOHANG)[0])
        except ChildProcessError:  # others waited for it
            return True

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to one request; {"died": code} where reading broke, {"late": True} after the time."""
        until = time.monotonic() + seconds
        with contextlib.suppress(BrokenPipeError):
            os.write(self._requests, json.dumps(request).encode() + b"\n")
        while b"\n" not in self._pending:
            ready = select.select([self._replies], [], [], max(until - time.monotonic(), 0))[0]
            if not ready:
                return {"late": True}
            read = os.read(self._replies, 1 << 20)
            if not read or len(self._pending) > MOST_OF_A_REPLY:
                return {"died": 1}
            self._pending += read
        line, _, self._pending = self._pending.partition(b"\n")
        answer = json.loads(line)
        return answer if isinstance(answer, dict) else {"died": 1}

    def dismiss(self) -> None:
        """No more requests of this command."""
        if self._child is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._requests, b"\n")
        os.ftruncate(self.values.fileno(), 0)
        self._used = time.monotonic()

    def end(self) -> None:
        """End it, and with it what reads for it."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)
            os.close(self._requests)
            os.close(self._replies)
        self._child = None

    def told(self) -> bytes:
        """The end of what it wrote to its error stream."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), TAIL, max(size - TAIL, 0))


_ready: Apart | None = None
_asking = threading.Lock()  # it answers one command at a time


def prepare() -> None:
    """Have a process apart ready, where that is cheap: before TensorFlow starts, at the edge of a command."""
    global _ready
    os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")
    from evidrift.networks.import_tensorflow import started

    if sys.platform == "linux" and not started():
        _ready = Apart(forks=True)


def read_apart(paths: Sequence[Path], architecture: str | None, size: int) -> dict[Path, "Opened"]:
    """Read model files in a process apart, which stays for a minute more, for others.

    Args:
        paths: of the files.
        architecture: of the zoo, for files of weights.
        size: side of the input, px, for these.

    Returns:
        By path what `opening.open_file` gives.

    Raises:
        UserError: as that; or a file takes more than it may, or breaks its reader.
    """
    global _ready
    if not paths:
        return {}
    with _asking:
        if _ready is None or not _ready.lives:
            _ready = Apart(forks=False)
        apart = _ready
        try:
            return {path: _read(apart, path, architecture, size) for path in dict.fromkeys(paths)}
        except UserError:
            raise
        except BaseException:  # interrupted, as a rule: nobody reads on
            apart.end()
            raise
        finally:
            apart.dismiss()


def _read(apart: Apart, path: Path, architecture: str | None, size: int) -> "Opened":
    n_bytes = path.stat().st_size if path.is_file() else 0
    limits = limits_for(n_bytes)
    request = {
        "path": str(path),
        "architecture": architecture,
        "size": size,
        "memory": limits.memory,
        "seconds": limits.seconds,
        "to_write": os.fstat(apart.values.fileno()).st_size + n_bytes + HANDED_SPARE,
    }
    try:
        answer = apart.ask(request, limits.wall)
        if "arrays" in answer:
            return _opened(apart, path, answer, size)
        if "told" in answer:
            raise UserError(of_json(answer["told"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, StopIteration):
        apart.end()  # it was taken over by the file
        raise UserError(f"{path} breaks what reads it, as a file does that is made to: refused.") from None
    if "late" in answer:
        apart.end()
    if "late" in answer or answer.get("died") == -signal.SIGXCPU:
        told = f"takes more than {limits.seconds} s to be read (it is {_amount(n_bytes)}): refused."
        raise UserError(f"{path} {told}")
    if "memory" in answer or ("died" in answer and any(word in apart.told() for word in OUT_OF_MEMORY)):
        told = f"needs more than {_amount(limits.memory)} of memory to be read"
        raise UserError(f"{path} {told} (it is {_amount(n_bytes)}): refused.")
    if "died" in answer:
        code = answer["died"]
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        raise UserError(
            f"{path} breaks what reads it ({how}), as a file does that is damaged, or one that needs more "
            f"than {_amount(limits.memory)} of memory (it is {_amount(n_bytes)}): refused."
        )
    raise UserError(f"{path} cannot be read: {answer.get('broke')}. It is damaged, or made to be.")


def _opened(apart: Apart, path: Path, answer: dict[str, Any], size: int) -> "Opened":
    from evidrift.foreign.opening import Opened, zoo_classifier
    from evidrift.foreign.reading.description import Saved
    from evidrift.foreign.reading.loading import made_of

    values = _values(apart.values, answer)
    if answer["architecture"] is None:
        model = made_of(path, answer["described"], values)
    else:
        model = zoo_classifier(answer["architecture"], size, answer["outputs"])
        for variable in model.variables:
            variable.assign(next(values))
    notes = [
        f"{path.name} was read by a process apart, but this system does not limit {missing}: read files of "
        "strangers on another, such as Linux on x86-64."
        for missing in answer["missing"]
    ]
    saved = Saved(*answer["saved"])
    return Opened(
        path, answer["sha256"], model, saved, answer["described"], answer["architecture"], tuple(notes)
    )


def _values(file: IO[bytes], answer: dict[str, Any]) -> Iterator[np.ndarray]:
    at, size = int(answer["start"]), os.fstat(file.fileno()).st_size
    for name, shape in answer["arrays"]:
        if name not in TYPES:
            raise ValueError(name)
        made = np.empty(shape if at + math.prod(shape) <= size else -1, np.dtype(name))
        left = memoryview(made.reshape(-1).view("u1").data)
        while left:
            n_read = os.preadv(file.fileno(), [left], at)
            if not n_read:
                raise ValueError("what was handed over is too short")
            left, at = left[n_read:], at + n_read
        yield made


def _amount(n_bytes: int) -> str:
    units = ((1000**3, "GB"), (1000**2, "MB"), (1000, "kB"))
    unit, name = next(((unit, name) for unit, name in units if n_bytes >= unit), (1, "bytes"))
    return f"{n_bytes / unit:.1f} {name}" if unit > 1 and n_bytes < 10 * unit else f"{n_bytes // unit} {name}"


def _started(given: tuple[int, int, int], errors: int) -> int:
    """A new process; without the working folder on its path, where a file could be called as a module is."""
    words = [sys.executable, "-P", "-m", serve.__module__, *map(str, given)]
    found = [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    for each in given:
        os.set_inheritable(each, True)
    try:
        return os.posix_spawn(
            sys.executable,
            words,
            os.environ | QUIET | {"PYTHONPATH": os.pathsep.join(found)},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, errors, 2),
            ],
        )
    finally:
        for each in given:
            os.set_inheritable(each, False)


def _forked(given: tuple[int, int, int], errors: int) -> int:
    """A fork of this process, with nothing of it open but what it is given."""
    child = os.fork()
    if child:
        return child
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (nothing, 1), (errors, 2)):
            os.dup2(source, target)
        for each in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208
            if each > 2 and each not in given:
                with contextlib.suppress(OSError):
                    os.close(each)
        serve(*given)
        os._exit(0)  # and nothing of what the parent would do at its end
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)
