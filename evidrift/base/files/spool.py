"""Arrays on disk while they are needed, in files without a name: gone with the process, however it ends."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

AT_ONCE = 256  # arrays, where one goes through all of them


class Spool:
    """n arrays of one shape, added one after the other, and read like an array of shape (n, ...).

    A number, a slice, numbers or a mask give what an array gives.

    Example:
        >>> spool = Spool(None)
        >>> spool.add(np.arange(6).reshape(3, 2))
        >>> spool.add(np.arange(6, 8).reshape(1, 2))
        >>> spool.shape, spool[-1].tolist(), spool.take(np.array([3, 0]))[:].tolist()
        ((4, 2), [6, 7], [[6, 7], [0, 1]])
    """

    def __init__(self, folder: Path | None) -> None:
        """Begin.

        Args:
            folder: on whose disk they lie; None for the system's temporary one.
        """
        # open as long as the arrays are used; without a buffer, which would be written once more at the end
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._rows = np.empty(0, dtype=np.int64)
        self._item: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)

    def add(self, arrays: np.ndarray) -> None:
        """Add some, (k, ...), of the shape and type of those that are there."""
        if not len(self._rows):
            self._item, self.dtype = arrays.shape[1:], arrays.dtype
        if (arrays.shape[1:], arrays.dtype) != (self._item, self.dtype):
            raise ValueError(f"{arrays.shape[1:]} {arrays.dtype} is not {self._item} {self.dtype}")
        left, at = memoryview(np.ascontiguousarray(arrays).tobytes()), self.nbytes
        while left:
            written = os.pwrite(self._file.fileno(), left, at)
            left, at = left[written:], at + written
        self._rows = np.arange(len(self._rows) + len(arrays))

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ...)."""
        return (len(self._rows), *self._item)

    @property
    def nbytes(self) -> int:
        """As an array's in memory."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: Any) -> np.ndarray:
        if isinstance(at, tuple) or at is Ellipsis:
            raise TypeError("these are read along their first axis alone; np.asarray gives all of them")
        rows = self._rows[at]
        found = np.empty((*rows.shape, *self._item), self.dtype)
        size = int(np.prod(self._item)) * self.dtype.itemsize
        for place in np.ndindex(rows.shape):
            read = os.pread(self._file.fileno(), size, int(rows[place]) * size)  # several threads may
            found[place] = np.frombuffer(read, self.dtype).reshape(self._item)
        return found

    def __iter__(self) -> Iterator[np.ndarray]:
        for first in range(0, len(self), AT_ONCE):
            yield from self[first : first + AT_ONCE]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def take(self, at: np.ndarray, axis: int = 0) -> Self:
        """Some of the arrays, by their positions along the first axis; nothing is read yet."""
        if axis != 0:
            raise ValueError("arrays are taken along the first axis")
        taken = object.__new__(type(self))
        taken.__dict__.update(self.__dict__)
        taken._rows = self._rows[at]
        return taken
