"""What stands in the place of a file: a pointer of Git LFS, DVC or git-annex, a web page, an archive.

Recognised by content, whatever the name: a repository that was cloned without its large files holds small
texts of the same names.
"""

import errno
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

HEAD = 512  # bytes, enough for each
LFS = b"version https://git-lfs.github.com/spec/"
ANNEX = (b"/annex/objects/", b"../.git/annex/objects/", b".git/annex/objects/")
ARCHIVES = {
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"(\xb5/\xfd": "a Zstandard archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
}
TAR = 257  # where `ustar` stands in a tar archive
DVC = re.compile(rb"^outs:\s*(?:\n|\r\n?)(?:[-\s].*(?:\n|\r\n?|$))+", re.MULTILINE)


class StandIn(NamedTuple):
    """What was found instead of a file.

    Attributes:
        what: it is, with its article.
        mend: how to get the file itself, a whole sentence.
    """

    what: str
    mend: str


def stand_in(head: bytes, path: Path) -> StandIn | None:
    """What stands where a file should be, by its first bytes.

    Args:
        head: its first HEAD bytes at least, or all where it has fewer.
        path: of the file, for the command that fetches it.

    Returns:
        None where nothing of the kind is recognised. Archives are: ask only where a ZIP file is no file
        that could be used.
    """
    if head.startswith(LFS):
        mend = "Fetch the file in its repository: git lfs pull."
        return StandIn("a Git LFS pointer, not the file itself", mend)
    if head.lstrip(b".").startswith(ANNEX):
        return StandIn("a git-annex pointer, not the file itself", f"Fetch it: git annex get {path}.")
    if DVC.search(head) and b"path:" in head:
        what = "a DVC file, which names the file but does not hold it"
        instead = f", and give {path.with_suffix('')}" * (path.suffix == ".dvc")
        return StandIn(what, f"Fetch the file: dvc pull {path}{instead}.")
    if re.match(rb"\s*<(!doctype html|html|\?xml[^>]*>\s*<!doctype html)", head, re.IGNORECASE):
        return StandIn("a web page", "Its download gave a page (of a login?): download the file itself.")
    return archive(head)


def archive(head: bytes) -> StandIn | None:
    """Which archive begins with these bytes."""
    kinds = [kind for magic, kind in ARCHIVES.items() if head.startswith(magic)]
    if head[TAR : TAR + 5] == b"ustar":
        kinds.append("a tar archive")
    return StandIn(kinds[0], "Unpack it and give what it holds.") if kinds else None


def only_tracked(path: Path) -> StandIn | None:
    """What is there of a file that is missing: its DVC file, or a link of git-annex without its end."""
    tracked = path.with_name(f"{path.name}.dvc")
    if tracked.is_file():
        mend = f"Fetch it: dvc pull {tracked}."
        return StandIn("not here, only its DVC file is", mend)
    if path.is_symlink() and "annex/objects" in path.readlink().as_posix():
        return StandIn("not here, only git-annex's link to it is", f"Fetch it: git annex get {path}.")
    return None


def head_of(path: Path) -> bytes:
    """The first bytes of a file; none of what is no regular file."""
    try:
        return regular_bytes(path, HEAD)
    except NoRegularFileError:
        return b""


class NoRegularFileError(OSError):
    """A pipe, a device, a socket or a folder: what has no end, or nothing to read."""


def regular_bytes(path: Path, most: int) -> bytes:
    """The first bytes of a regular file, whatever stands in its place meanwhile: a pipe is never waited for.

    Raises:
        NoRegularFileError: it is none.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # asked before: opening a device may do something
        raise NoRegularFileError(errno.EINVAL, "no regular file")
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:  # noqa: PTH123
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise NoRegularFileError(errno.EINVAL, "no regular file")
        return file.read(min(most, found.st_size + 1))  # it may grow meanwhile
