"""Files that prove themselves: a checksum in every file that another stage reads, checked before it is used.

A sealed file holds `evidrift-sha256:` and 64 digits: the sha256 of the whole file with zeros for the digits.
HDF5 has them at its very end, where HDF5 itself does not look; Parquet in its footer's metadata, JSON as the
last key: their writers leave room for them, EMPTY. What people open with other programs, tables in CSV, stays
plain; a sealed file that is written with it holds its `checksum`.

The seal tells damage: a bit that flipped, an end that was cut off, a stretch of zeros. It is no signature.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from evidrift.base.errors import UserError
from evidrift.base.files.writing import writing

MARK = b"evidrift-sha256:"
ZEROS = b"0" * 64
EMPTY = (MARK + ZEROS).decode()
HDF5 = b"\x89HDF\r\n\x1a\n"
TRAILER = MARK + ZEROS + b"\n"  # of HDF5
PIECE = 1 << 20  # bytes

State = tuple[int, int, int, int]  # of a file: device, inode, size, time of the last change in ns
_whole: set[State] = set()  # sealed files that were read and found whole
_sums: dict[State, str] = {}  # checksums of plain files


@contextmanager
def writing_sealed(path: Path) -> Iterator[Path]:
    """Write a sealed file whole or not at all, see `writing`; it is sealed as the block ends."""
    with writing(path) as partial:
        yield partial
        seal(partial)


def seal(path: Path) -> None:
    """Write its checksum into a finished file: HDF5, or one with exactly EMPTY in it."""
    with path.open("r+b") as file:
        if file.read(len(HDF5)) == HDF5:
            file.seek(0, 2)
            file.write(TRAILER)
        at = _digits(file)
        if at is None or _read(file, at, len(ZEROS)) != ZEROS:
            raise ValueError(f"{path} has no room for a seal")
        digest = _sha256(file, at)
        file.seek(at)
        file.write(digest.encode())


def require_sealed(path: Path, stage: str) -> None:
    """See that a file is there and whole, as its stage wrote it. Read once a process and state of the file.

    Args:
        path: of a sealed file.
        stage: that writes it.

    Raises:
        UserError: it is missing, empty, cut off, damaged, or was not written by this program.
    """
    _require_file(path, stage)
    whole = _is_whole(path)
    if whole is None:
        raise _damaged(path, stage, "has no checksum: it is cut off, damaged, or no file of this program")
    if not whole:
        raise _damaged(path, stage, "is damaged: its content is not what its checksum says")


def require_whole(path: Path) -> None:
    """See that a file from anywhere is whole if it is sealed, as weights that somebody passed on.

    Raises:
        UserError: it is sealed, and damaged.
    """
    if _is_whole(path) is False:
        raise UserError(
            f"{path} is damaged: its content is not what its checksum says. Fetch it anew from where it came."
        )


def checksum(path: Path) -> str:
    """sha256 of a file, to be kept in a sealed one."""
    with path.open("rb") as file:
        return _sha256(file)


def require_checksum(path: Path, sha256: str, stage: str) -> None:
    """See that a file is there, and is the one whose checksum a sealed file holds.

    Args:
        path: of a file that carries no seal itself.
        sha256: as `checksum` gave it when both were written.
        stage: that writes both.

    Raises:
        UserError: it is missing, empty, damaged or another file.
    """
    _require_file(path, stage)
    state = _state(path)
    if state not in _sums:
        _sums[state] = checksum(path)
    if _sums[state] != sha256:
        raise _damaged(path, stage, "is damaged or of another run: its content is not what its stage wrote")


def _require_file(path: Path, stage: str) -> None:
    if not path.is_file():
        problem = "is no file" if path.exists() else "does not exist"
        raise UserError(f"{path} {problem}. The stage {stage} writes it: run `dvc repro`.")
    if not path.stat().st_size:
        raise _damaged(path, stage, "is empty")


def _damaged(path: Path, stage: str, problem: str) -> UserError:
    return UserError(
        f"{path} {problem}. The stage {stage} writes it: delete it and run `dvc repro`. If that brings the "
        "damage back, it is in DVC's cache: `make doctor`."
    )


def _is_whole(path: Path) -> bool | None:
    """Whether a file's seal is of its content; None without a seal."""
    state = _state(path)
    if state in _whole:
        return True
    with path.open("rb") as file:
        at = _digits(file)
        if at is None:
            return None
        if _read(file, at, len(ZEROS)) != _sha256(file, at).encode():
            return False
    _whole.add(state)
    return True


def _state(path: Path) -> State:
    now = path.stat()
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns


def _digits(file: BinaryIO) -> int | None:
    """Where the digits of a file's seal begin; None without one."""
    end = file.seek(0, 2)
    if _read(file, 0, len(HDF5)) == HDF5:
        at = max(0, end - len(TRAILER))
        return at + len(MARK) if _read(file, at, len(MARK)) == MARK else None
    while end > 0:
        start = max(0, end - PIECE)
        at = _read(file, start, end - start + len(MARK) - 1).rfind(MARK)
        if at >= 0:
            return start + at + len(MARK)
        end = start
    return None


def _sha256(file: BinaryIO, digits: int | None = None) -> str:
    """sha256 of a file, with zeros for the digits of its seal."""
    end = file.seek(0, 2)
    digest = hashlib.sha256()
    stretches = [(0, end)] if digits is None else [(0, digits), (digits + len(ZEROS), end)]
    for start, stop in stretches:
        if start:
            digest.update(ZEROS)
        for at in range(start, stop, PIECE):
            digest.update(_read(file, at, min(PIECE, stop - at)))
    return digest.hexdigest()


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
