"""Writing HDF5 where writing may fail: HDF5 itself crashes once it cannot write what it still holds.

So HDF5 writes by way of a file that never fails it. What the disk refuses is remembered, and is raised when
HDF5 has closed the file in peace.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py

from evidrift.base.files.seal import writing_sealed

BUFFER = 1 << 20  # bytes
SMALL = 1 << 16  # bytes: of what the disk refused, HDF5 may read its own notes again, which are no larger


class Patient:
    """A file for HDF5 to write, which takes everything.

    Args:
        file: opened to be read and written, with a buffer.

    Attributes:
        refused: what went wrong first; None while nothing did.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._end = 0
        self._instead: dict[int, bytes] = {}  # by place: written since, in memory
        self.refused: BaseException | None = None

    def seek(self, at: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; where it is."""
        self._at = at + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def write(self, data: Any) -> int:
        """Take all of it."""
        size = len(data)
        if self.refused is None:
            try:
                self._file.seek(self._at)
                self._file.write(data)
            except BaseException as error:  # an interruption too, which comes as one here
                self.refused = error
        if self.refused is not None and size <= SMALL:
            self._instead[self._at] = bytes(data)
        self._at += size
        self._end = max(self._end, self._at)
        return size

    def read(self, size: int) -> bytes:
        """As many bytes."""
        found = bytearray(size)
        self.readinto(found)
        return bytes(found)

    def readinto(self, buffer: Any) -> int:
        """What was written there; zeros, where nothing was."""
        size = len(buffer)
        found = bytearray(size)
        try:
            self._file.seek(self._at)
            self._file.readinto(found)  # type: ignore[attr-defined]
        except BaseException as error:
            self.refused = self.refused or error
        for at, data in self._instead.items():
            start, stop = max(at, self._at), min(at + len(data), self._at + size)
            if start < stop:
                found[start - self._at : stop - self._at] = data[start - at : stop - at]
        buffer[:] = found
        self._at += size
        return size

    def truncate(self, size: int) -> int:
        """Make it that long."""
        if self.refused is None:
            try:
                self._file.truncate(size)
            except BaseException as error:
                self.refused = error
        self._end = size
        return size

    def flush(self) -> None:
        """Nothing waits to be written."""


@contextmanager
def writing_hdf5(path: Path, **how: Any) -> Iterator[h5py.File]:
    """Write a sealed HDF5 file whole or not at all, see `writing_sealed`.

    Args:
        path: to write; its folder is made.
        how: settings of `h5py.File`.

    Raises:
        OSError: the disk has no room, or cannot be written.
    """
    with writing_sealed(path) as partial, partial.open("w+b", buffering=BUFFER) as raw:
        patient = Patient(raw)
        with h5py.File(patient, "w", **how) as file:
            yield file
        if patient.refused is not None:
            raise patient.refused
