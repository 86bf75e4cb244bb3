"""Planes of many images, pixels or masks, read from a prepared store when they are asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

READ_AT_ONCE = 256  # images, where one goes through all of them


class Planes:
    """Reads like an array of shape (n, size, size), along its first axis, without being in memory.

    A number, a slice, numbers or a mask give what an array gives. The file is opened for each reading, which
    takes as long as eight images of 64 px: a batch is to be read at once.

    Attributes:
        shape: (n, size, size).
        dtype: uint8 for grey values, bool for masks.
    """

    def __init__(self, path: Path, name: str, rows: np.ndarray, size: int, dtype: Any) -> None:
        self._path, self._name, self._rows = path, name, rows
        self.shape = (len(rows), size, size)
        self.dtype = np.dtype(dtype)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: Any) -> np.ndarray:
        if isinstance(at, tuple) or at is Ellipsis:
            raise TypeError("planes are read along their first axis alone; np.asarray gives all of them")
        rows = self._rows[at]
        found = np.empty((*rows.shape, *self.shape[1:]), self.dtype)
        with h5py.File(self._path) as file:
            dataset = file[self._name]
            for place in np.ndindex(rows.shape):
                found[place] = dataset[rows[place]]
        return found

    def __iter__(self) -> Iterator[np.ndarray]:
        for first in range(0, len(self), READ_AT_ONCE):
            yield from self[first : first + READ_AT_ONCE]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def take(self, at: np.ndarray, axis: int = 0) -> "Planes":
        """Some of the planes, by their positions along the first axis; nothing is read yet."""
        if axis != 0:
            raise ValueError("planes are taken along the first axis")
        return Planes(self._path, self._name, self._rows[at], self.shape[1], self.dtype)
