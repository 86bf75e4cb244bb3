"""A folder of class folders, with or without train, validation and test above them.

The class folders may lie deeper, as long as each folder on the way is the only one. An image that lies
elsewhere than directly in a class folder has no known label: guessing would take `COVID/masks/1.png` for a
radiograph.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.prepare.entry import Entry, Excluded, Listing
from evidrift.prepare.split import split_name

# Formats that are not read are listed too: they are excluded by name, not overlooked.
IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif"),
    *(".bmp", ".dcm", ".dicom", ".gif", ".jp2", ".tif", ".tiff", ".webp"),
)


def list_folder(source: Path) -> Listing:
    """Every image in a folder of class folders.

    Raises:
        UserError: the layout is ambiguous, a folder is a link, or one cannot be read.
    """
    files, links = walk(source)
    if links:
        told = (
            "{link} is a link to a folder; links are not followed. Put the folder itself there, or "
            "list the images in a manifest ({manifest})."
        )
        raise UserError(say(told, link=source / links[0], manifest=parameter("images")))
    images = [path for path in files if is_image(path)]
    depth, has_splits = _layout(images, source)
    entries = [_entry(path, depth, has_splits, source) for path in images]
    return Listing(entries, count_by_suffix(set(files) - set(images)))


def walk(source: Path) -> tuple[list[str], list[str]]:
    """All files, and all visible links to folders, below a folder: sorted, relative, with "/"."""
    files, links = [], []
    for folder, names_of_folders, names_of_files in os.walk(source, onerror=_refuse):
        here = Path(folder).relative_to(source)
        files += [(here / name).as_posix() for name in names_of_files]
        paths = [here / name for name in names_of_folders]
        links += [p.as_posix() for p in paths if (source / p).is_symlink() and not _hidden(p.as_posix())]
    return sorted(files), sorted(links)


def is_image(path: str) -> bool:
    """Whether a file is taken for an image, by its name."""
    return PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES and not _hidden(path)


def count_by_suffix(paths: set[str]) -> Mapping[str, int]:
    """Number of files by suffix, sorted; those that are hidden or have no common suffix under that name."""
    counts = Counter(
        "hidden" if _hidden(path) else suffix if suffix[1:].isalpha() and suffix.isascii() else "other"
        for path in paths
        for suffix in [PurePosixPath(path).suffix.lower()]
    )
    return dict(sorted(counts.items()))


def name_problem(path: str) -> Excluded | None:
    """Why a file's name cannot stand in a table: control characters, or bytes that are not UTF-8."""
    bad = [character for character in path if unicodedata.category(character) in ("Cc", "Cs")]
    if not bad:
        return None
    return Excluded("bad_name", f"the name holds {bad[0]!a}: a control character, or no UTF-8")


def leaves(source: Path, path: str) -> bool:
    """Whether a path leads out of the source folder, itself or through a link."""
    # Not Path.resolve, which raises where a link leads to itself.
    return not Path(os.path.realpath(source / path)).is_relative_to(os.path.realpath(source))


def _hidden(path: str) -> bool:
    """As macOS and editors leave them behind, also in archives: `.DS_Store`, `__MACOSX/._1.png`."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def _layout(images: Sequence[str], source: Path) -> tuple[int, bool]:
    """How many folders lie above the split or class folders, and whether there are splits."""
    folders = [path.split("/")[:-1] for path in images]
    depth = 0
    while True:
        below = [parts[depth:] for parts in folders if len(parts) > depth]
        tops = {parts[0] for parts in below}
        splits = {top for top in tops if split_name(top)}
        if len(tops) != 1 or splits or any(len(parts) == 1 for parts in below):
            break
        depth += 1
    if splits and splits != tops:
        raise UserError(
            say(
                "{source} holds the split folders {splits} and beside them {others}. Give either class "
                "folders, or train, validation and test with class folders in them; or list the images in "
                "a manifest ({manifest}).",
                source=source,
                splits=sorted(splits),
                others=sorted(tops - splits),
                manifest=parameter("images"),
            )
        )
    return depth, bool(splits)


def _entry(path: str, depth: int, has_splits: bool, source: Path) -> Entry:
    problem = name_problem(path)
    if problem:
        return Entry(path.encode("unicode_escape").decode(), label="", excluded=problem)
    folders = path.split("/")[depth:-1]
    split = split_name(folders.pop(0)) if has_splits and folders else None
    # macOS decomposes accents, other systems do not: one class, not two.
    label = unicodedata.normalize("NFC", folders[0]) if len(folders) == 1 else ""
    if leaves(source, path):
        excluded = Excluded("outside", "a link that leaves the source folder; such links are not followed")
    elif not label:
        excluded = Excluded("unknown_label", "not directly in a class folder")
    else:
        excluded = None
    return Entry(path, label, split=split, excluded=excluded)


def _refuse(error: OSError) -> None:
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")
