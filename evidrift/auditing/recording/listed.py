"""Which files of a folder an audit wrote, by a list with hashes: nothing else is an audit's to delete."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.base.files.writing import PARTIAL, write_text
from evidrift.base.json import as_json
from evidrift.base.sentence import Sentence, parameter, say

NAME = "audit.files.json"
UNFINISHED = "unfinished-audit"  # folder of what an audit has not finished
FORMAT = "evidrift audit files 1"
# What file managers leave behind wherever they look; it is neither touched nor in the way.
LEFT_BY_SYSTEMS = (".DS_Store", "Thumbs.db", "desktop.ini")

Hashes = Mapping[str, str]  # sha256 by path below the folder, with /


def write_list(folder: Path, files: Hashes, coming: Hashes | None = None) -> None:
    """Write the list.

    Args:
        folder: the audit's.
        files: that are there.
        coming: that may take their place at any moment; None where nothing is under way.
    """
    content = {"format": FORMAT, "files": dict(sorted(files.items()))}
    if coming is not None:
        content["coming"] = dict(sorted(coming.items()))
    write_text(folder / NAME, as_json(content))


def own_files(folder: Path, summary: str) -> dict[str, str]:
    """The files in a folder, all of which an audit must have written, and as it wrote them.

    Args:
        folder: that may hold an audit.
        summary: file that every audit has, by which one without a list is known.

    Returns:
        sha256 by path; without the list itself, and what an audit that was killed did not finish.

    Raises:
        UserError: one of them was written or changed by somebody else.
    """
    there = list(_walk(folder))
    if not there:
        return {}
    listing = _read(folder)
    if listing is None:
        older = " An audit of an earlier version kept no list of its files." if summary in there else ""
        raise _refused(folder, "holds other things than an audit: {file}.", there[0], older)
    known, found = _known(listing), {}
    for name in there:
        if name == NAME or name.startswith(PARTIAL + NAME):
            continue
        if "coming" in listing and name.startswith(f"{UNFINISHED}/"):
            continue
        if name not in known:
            raise _refused(folder, "holds other things than an audit: {file}.", name)
        found[name] = sha256(folder / name)
        if found[name] not in known[name]:
            raise _refused(folder, "holds {file}, which was changed since an audit wrote it.", name)
    return found


def listed_files(folder: Path) -> list[str]:
    """The files in a folder that its list has and that are as an audit wrote them, whatever else is there."""
    known = _known(_read(folder) or {})
    return [
        name for name, digests in known.items() if _is_file(folder, name) and sha256(folder / name) in digests
    ]


def hashes_of(folder: Path) -> dict[str, str]:
    """sha256 of all files below a folder, by path."""
    return {name: sha256(folder / name) for name in _walk(folder)}


def sha256(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unfinished(folder: Path) -> bool:
    """Whether the folder's list says that an audit was at work when it ended."""
    found = _read(folder)
    return found is not None and "coming" in found


def _known(listing: Mapping[str, Hashes]) -> dict[str, set[str]]:
    """The hashes that a file may have, by path."""
    known: dict[str, set[str]] = {}
    for part in ("files", "coming"):
        for name, digest in listing.get(part, {}).items():
            known.setdefault(name, set()).add(digest)
    return known


def _is_file(folder: Path, name: str) -> bool:
    """Whether a listed name is that of a file inside the folder, and no way out of it."""
    path = folder / name
    return path.resolve() == path and path.is_relative_to(folder) and path.is_file()


def _read(folder: Path) -> dict[str, dict[str, str]] | None:
    path = folder / NAME
    if path.is_symlink() or not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        parts = [found["files"], found.get("coming", {})]
        sound = found["format"] == FORMAT and all(
            isinstance(text, str) for part in parts for each in part.items() for text in each
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise _refused(folder, "holds {file}, which is no list of an audit's files any more.", NAME)
    return found


def _walk(folder: Path, below: str = "") -> Iterator[str]:
    """All that lies in a folder and is not a folder, by its path, sorted; links are not followed."""
    with os.scandir(folder / below) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder, f"{name}/")
        elif entry.name not in LEFT_BY_SYSTEMS:
            if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                raise _refused(folder, "holds {file}, which is a link, or no file.", name)
            yield name


def _refused(folder: Path, told: str, name: str, more: str = "") -> UserError:
    sentence = say(
        "{folder} {told}{more} Nothing that an audit did not write is deleted: give another folder ({out}), "
        "or move it away.",
        folder=folder,
        told=Sentence(told, {"file": name}),
        more=more,
        out=parameter("out"),
    )
    return UserError(sentence)
