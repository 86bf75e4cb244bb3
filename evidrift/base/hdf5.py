"""Writing HDF5 where the disk may be full: HDF5 crashes once it could not write what it still holds."""

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import h5py

SLACK = 4 << 20  # bytes, for what HDF5 writes beside the data
KEEP_SIZE = 1  # of Linux's fallocate: room behind the end of a file
UNKNOWN = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)  # file systems that cannot set room aside

_broken: list[h5py.File] = []  # that could not be written: to touch one of them again is a crash


@contextmanager
def writing_hdf5(path: Path, room: int, **how: Any) -> Iterator[h5py.File]:
    """Write an HDF5 file, for which room is set aside first: a full disk is an error before HDF5 is at work.

    Args:
        path: the file to write.
        room: bytes of data, as many as it can become.
        how: of `h5py.File`.

    Raises:
        OSError: there is no room, or the disk cannot be written to; it names the file.
    """
    whole = room + room // 50 + SLACK
    path.touch()
    try:
        _reserve(path, whole, 0)  # tried, and let go as HDF5 begins the file anew
    except OSError:
        path.unlink()
        raise
    file = h5py.File(path, "w", **how)
    try:
        _reserve(path, whole, KEEP_SIZE)
        yield file
        file.close()
    except OSError as why:
        _broken.append(file)
        raise OSError(why.errno or errno.EIO, os.strerror(why.errno or errno.EIO), str(path)) from why
    except BaseException:
        file.close()
        raise
    os.truncate(path, path.stat().st_size)  # the rest of the room is given back


def leave(code: int) -> NoReturn:
    """End the process; at once, where HDF5 would crash on the way out."""
    if _broken:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)


def _reserve(path: Path, size: int, mode: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    with path.open("r+b") as file:
        if libc.fallocate(file.fileno(), mode, 0, size):
            number = ctypes.get_errno()
            if number not in UNKNOWN:
                raise OSError(number, os.strerror(number), str(path))
