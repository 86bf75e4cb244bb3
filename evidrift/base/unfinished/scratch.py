"""A stage's unfinished work on disk: a run that was killed goes on where it was, to the same bytes.

It lies in `scratch/<stage>-<item>-<fingerprint>/`, in pieces. Each is written whole or not at all, and holds
its checksum, its name and the fingerprint of what it was made from (see `fingerprint`). A piece that is not
what it says is set aside with a warning, and its work is done again. A run that ends well removes the folder.
"""

import hashlib
import json
import re
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from evidrift.base.files.lock import locked
from evidrift.base.files.writing import write_text, writing
from evidrift.base.unfinished.fingerprint import code, fingerprint
from evidrift.base.unfinished.memo import Arrays, Job, Memo

# Seconds of work that may be lost beside the piece at hand: writing each of many small ones would take longer
# than to make them.
EVERY = 1.0
ABOUT = "about.json"
MARK = b"evidrift piece 1\n"
DIGITS = 64


@contextmanager
def unfinished(stage: str, args: Namespace, *settings: Any) -> Iterator["Scratch"]:
    """What a stage's item has finished so far, to be added to; gone when the block ends well.

    Args:
        stage: its name.
        args: of its script, see `arguments`.
        settings: all parameters that its results depend on.

    Raises:
        UserError: another run of the same item is at work.
    """
    item = " ".join(map(str, (stage, *args.item)))
    label = "-".join(map(str, (stage, *args.item)))
    with locked(args.scratch / f".{label}.lock", f"run of {item}"):
        parts = fingerprint((*settings, label), args.inputs)
        whole = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        folder = args.scratch / f"{label}-{whole[:16]}"
        folders = [path for path in args.scratch.glob(f"{label}-*") if _is_of(path, label)]
        for other in folders:
            if other != folder:
                changed = ", ".join(_changed(other, parts)) or "of another version of evidrift"
                print(f"{other}: what was begun there does not count: {changed}.", file=sys.stderr)
        rooms = code()
        yield Scratch(folder, whole, parts)
        if late := set(code()) - set(rooms):
            raise RuntimeError(f"loaded after the fingerprint was taken, which lacks them: {sorted(late)}")
        for path in {folder, *folders}:
            shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        args.scratch.rmdir()  # if nothing else is unfinished


def _is_of(path: Path, label: str) -> bool:
    return re.fullmatch(re.escape(label) + "-[0-9a-f]{16}", path.name) is not None


def _changed(folder: Path, parts: dict[str, str]) -> list[str]:
    """Which parts of the fingerprint are others now."""
    try:
        before = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return [f"other {name}" for name in parts if before[name] != parts[name]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


class Scratch(Memo):
    """Pieces of unfinished work by name; those of less than a second wait in memory."""

    def __init__(self, folder: Path, whole: str, parts: dict[str, str]) -> None:
        """Begin with what is there.

        Args:
            folder: of the pieces; made when there is one.
            whole: the fingerprint.
            parts: what it is made of.
        """
        self._folder, self._fingerprint, self._parts = folder, whole, parts
        self._waiting: dict[str, list[Arrays]] = {}
        self._leaving: set[str] = set()
        self._started: dict[str, str] = {}  # by work the piece that takes what is made next
        self._written = time.monotonic()

    def get(self, name: str) -> Arrays | None:
        """A piece; None where there is none, or none that can be trusted."""
        found = self._read(name)
        return found[0] if found else None

    def put(self, pieces: Mapping[str, Arrays]) -> None:
        """Keep pieces, each in place of one of its name. They come to disk together, in this order."""
        for name, arrays in pieces.items():
            self._waiting.pop(name, None)
            self._waiting[name] = [arrays]
            self._leaving.discard(name)
        self._write_if_due()

    def drop(self, name: str) -> None:
        """Let a piece go, once what was put before is on disk."""
        self._leaving.add(name)

    def part(self, name: str) -> "Part":
        """The pieces of one of several like works, whose names begin with that of the work."""
        return Part(self, name)

    def each(self, name: str, jobs: Iterable[Job], make: Callable[[Job], Arrays]) -> Iterator[Arrays]:
        """What `make` makes of each job, or made when the work was done before; see `Memo.each`."""
        known, fresh = self._known(name), False
        for number, job in enumerate(jobs):
            made = None if fresh else next(known, None)
            if made is None:
                if number and not fresh:
                    total = f" of {len(jobs)}" if isinstance(jobs, Sequence) else ""
                    print(f"{name}: continues after piece {number}{total}", file=sys.stderr)
                fresh = True
                made = make(job)
                piece = self._started.setdefault(name, f"{name}-{number}")
                self._waiting.setdefault(piece, []).append(made)
                self._write_if_due()
            yield made

    def _known(self, name: str) -> Iterator[Arrays]:
        number = 0
        while found := self._read(f"{name}-{number}"):
            yield from found
            number += len(found)

    def _write_if_due(self) -> None:
        if time.monotonic() - self._written < EVERY:
            return
        if not (self._folder / ABOUT).exists():
            write_text(self._folder / ABOUT, json.dumps(self._parts, indent=2) + "\n")
        for name, arrays in self._waiting.items():
            if name not in self._leaving:
                self._write(name, arrays)
        for name in self._leaving:
            self._path(name).unlink(missing_ok=True)
        for each in (self._waiting, self._leaving, self._started):
            each.clear()
        self._written = time.monotonic()

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
            raise ValueError(f"{name!r} is no name of a piece")
        return self._folder / f"{name}.piece"

    def _write(self, name: str, works: list[Arrays]) -> None:
        header = {"of": self._fingerprint, "name": name, "arrays": [list(arrays) for arrays in works]}
        with writing(self._path(name)) as partial, partial.open("w+b") as file:
            file.write(MARK + b"0" * DIGITS)
            summed = _Summed(file)
            summed.write(json.dumps(header).encode() + b"\n")
            for arrays in works:
                for array in arrays.values():
                    np.lib.format.write_array(summed, np.asarray(array), allow_pickle=False)
            file.seek(len(MARK))
            file.write(summed.digest.hexdigest().encode())

    def _read(self, name: str) -> list[Arrays] | None:
        if name in self._waiting:
            return self._waiting[name]
        path = self._path(name)
        if not path.exists():
            return None
        whole = memoryview(path.read_bytes())
        mark, digits, content = whole[: len(MARK)], whole[len(MARK) :][:DIGITS], whole[len(MARK) + DIGITS :]
        if mark != MARK or hashlib.sha256(content).hexdigest().encode() != digits:
            _set_aside(path, "is damaged, or was not written here")
            return None
        file = BytesIO(content)
        header = json.loads(file.readline())
        if (header["of"], header["name"]) != (self._fingerprint, name):
            _set_aside(path, "is of other parameters, inputs or code")
            return None
        return [
            {key: np.lib.format.read_array(file, allow_pickle=False) for key in keys}
            for keys in header["arrays"]
        ]


class Part:
    """Pieces of one of several like works in a scratch, by the names that they have within it."""

    def __init__(self, scratch: Scratch, name: str) -> None:
        self._scratch, self._name = scratch, name

    def get(self, name: str) -> Arrays | None:
        """See `Scratch.get`."""
        return self._scratch.get(f"{self._name}-{name}")

    def put(self, pieces: Mapping[str, Arrays]) -> None:
        """See `Scratch.put`."""
        self._scratch.put({f"{self._name}-{name}": arrays for name, arrays in pieces.items()})

    def drop(self, name: str) -> None:
        """See `Scratch.drop`."""
        self._scratch.drop(f"{self._name}-{name}")


def _set_aside(path: Path, why: str) -> None:
    aside = path.with_suffix(".aside")
    path.replace(aside)
    print(f"warning: {path} {why}. It is now {aside.name}; its work is done again.", file=sys.stderr)


class _Summed:
    """A file to write to that sums up what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)
