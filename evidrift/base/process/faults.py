"""What a machine refuses a run, in one sentence: a full disk, a folder not to be written, no memory."""

import errno
import os
import re
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from evidrift.base.files.writing import PARTIAL

FULL = (errno.ENOSPC, errno.EDQUOT)
# Of a file itself, not of the machine on that day.
OF_THE_FILE = (
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)
AGAIN = "Then run the same command again."
# What others make of it: HDF5 "errno = 28, ... filename = 'x'", Arrow "[errno 28]", Python "[Errno 28]".
NUMBER = re.compile(r"\berrno(?: = |\s)(\d+)", re.IGNORECASE)
NAME = re.compile(r"filename = '([^']+)'")
WORDS = {os.strerror(number): number for number in (*FULL, errno.EROFS, errno.EIO)}


def fault(error: BaseException) -> str | None:
    """What is the matter with the machine, where, and what to do; None of an error of another kind.

    What a disk refuses reaches a run in many kinds of exception, and in exceptions that follow on it.
    """
    for each in _chain(error):
        number = _number(each)
        if number is not None and (isinstance(each, OSError) or number in WORDS.values()):
            return _of_system(number, _path(each), each)
        if isinstance(each, MemoryError) or type(each).__name__ == "ResourceExhaustedError":  # TensorFlow's
            return _no_memory(each)
    if isinstance(error, OSError):  # as of a library that says nothing more
        return f"{_named(error)}{_first_line(error)}."
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, it first."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno:
        return error.errno
    text = str(error)
    if found := NUMBER.search(text):
        return int(found[1])
    return next((number for words, number in WORDS.items() if words in text), None)


def _path(error: BaseException) -> Path | None:
    """The file that it is about, by the name that it would have had when it is finished."""
    name = getattr(error, "filename2", None) or getattr(error, "filename", None)
    if name is None and (found := NAME.search(str(error))):
        name = found[1]
    if not isinstance(name, str | bytes | os.PathLike):
        return None
    path = Path(os.fsdecode(name))
    return path.with_name(path.name.removeprefix(PARTIAL))


def _of_system(number: int, path: Path | None, error: BaseException) -> str:
    name = shown(path) if path else "a file"
    if number in FULL:
        return _full(path, quota=number == errno.EDQUOT)
    if number == errno.EROFS:
        return f"{name} cannot be written: its disk is read-only (so mounted, or after a fault)."
    if number in (errno.EACCES, errno.EPERM):
        return _no_permission(path, name)
    if number == errno.EIO:
        return (
            f"{name} could not be read or written: the disk reports a fault (input/output error). See "
            f"that it is sound and connected. {AGAIN}"
        )
    if number in (errno.EMFILE, errno.ENFILE):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"Too many files are open; {limit} may be. Allow more, with `ulimit -n 4096`. {AGAIN}"
    if number == errno.ENAMETOOLONG and path:
        longest = max(len(os.fsencode(part)) for part in path.parts)
        return f"{name}: the name is too long for this disk: a part of it has {longest} bytes, 255 are usual."
    if number == errno.EFBIG:
        return f"{name} may not become so large: this disk, or `ulimit -f`, allows no more. {AGAIN}"
    if number == errno.ENOMEM:
        return _no_memory(error)
    return f"{name}: {os.strerror(number)}."


def _full(path: Path | None, *, quota: bool) -> str:
    if path is None:  # the fullest of those that a run writes to
        places = (Path.cwd(), Path(tempfile.gettempdir()))
        path = min(places, key=lambda place: shutil.disk_usage(place).free)
    disk = os.statvfs(_existing(path))
    state = f"The disk that holds {shown(path)} is full"
    if quota:
        state = f"Your quota on the disk that holds {shown(path)} is used up"
    elif disk.f_files and not disk.f_favail:
        state = f"The disk that holds {shown(path)} has no room for more files (inodes)"
    kept = " What was finished is kept, in scratch/ too." if Path("scratch").is_dir() else ""
    free = size(disk.f_bavail * disk.f_frsize)
    return f"{state}: {free} free now.{kept} Free some space, then run the same command again."


def _no_permission(path: Path | None, name: str) -> str:
    if path is None:
        return f"A file may not be read or written by this user, number {os.geteuid()}."
    if path.exists() and not os.access(path, os.R_OK):
        return f"{name} may not be read by this user, number {os.geteuid()}: see `ls -l`. {AGAIN}"
    at = path if path.exists() and not os.access(path, os.W_OK) else _existing(path.parent)
    return (
        f"{name} may not be written by this user, number {os.geteuid()}: {shown(at)} belongs to user number "
        f"{at.stat().st_uid}, see `ls -ld`. {AGAIN}"
    )


def _no_memory(error: BaseException) -> str:
    used = size(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    words = _first_line(error)
    return (
        f"There was not enough memory: this process had {used}{f' ({words})' if words else ''}. Run fewer "
        f"stages side by side (`--jobs`), take a smaller batch_size, or a machine with more memory. {AGAIN}"
    )


def _named(error: BaseException) -> str:
    path = _path(error)
    return f"{shown(path)}: " if path else ""


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")


def _existing(path: Path) -> Path:
    """The nearest folder above that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def shown(path: Path) -> str:
    """A path as the user knows it: from the folder of the project, where it lies in there."""
    here = Path.cwd()
    return str(path.relative_to(here) if here in path.parents else path)


def size(n_bytes: int) -> str:
    """E.g. 0 MB, 3 MB, 1.5 GB."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes // 1_000_000} MB"
