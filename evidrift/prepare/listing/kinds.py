"""What a file in a folder of films is taken for: by its name, or else by its first bytes.

Nothing is overlooked: a file is a film, or left out as another kind and listed, or ignored and counted.
Ignored is only what nobody takes for a film: hidden files, what systems leave behind, texts and tables.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from evidrift.base.process.faults import OF_THE_FILE
from evidrift.prepare.entry import Excluded
from evidrift.prepare.films.contents import film_format
from evidrift.prepare.pointers import head_of, stand_in

# What is taken for a film by its name; its content decides how it is read.
IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif"),
    *(".bmp", ".dcm", ".dicom", ".gif", ".jp2", ".j2k", ".tif", ".tiff", ".webp"),
)
# Films may be in these, too. They count as films of their class, which must not vanish with them.
UNREAD_SUFFIXES = (
    *(".heic", ".heif", ".avif", ".jxl", ".svg", ".psd", ".ico", ".pgm", ".ppm"),
    *(".npy", ".npz", ".mat", ".nii", ".nrrd", ".mha", ".mhd", ".raw"),
)
TEXT_SUFFIXES = (
    *(".txt", ".md", ".rst", ".rtf", ".pdf", ".doc", ".docx", ".html", ".htm", ".log", ".bib", ".cff"),
    *(".csv", ".tsv", ".xls", ".xlsx", ".ods", ".parquet", ".json", ".jsonl", ".xml", ".yaml", ".yml"),
    *(".toml", ".ini", ".cfg", ".py", ".ipynb", ".sh", ".bat", ".r", ".m", ".md5", ".sha1", ".sha256"),
    *(".url", ".lnk", ".db", ".tmp"),
)
TEXT_NAMES = (
    *("readme", "license", "licence", "copying", "notice", "authors", "changelog", "citation", "version"),
    *("makefile", "dockerfile", "dicomdir", "sha256sums", "md5sums"),
)


class Kind(NamedTuple):
    """What a file is taken for.

    Attributes:
        film: it is one, though perhaps none that is read: it counts for the layout and for the classes.
        why: it is left out; None where it is to be read.
    """

    film: bool
    why: Excluded | None = None


def is_hidden(path: str) -> bool:
    """As macOS and editors leave them behind, also in archives: `.DS_Store`, `__MACOSX/._1.png`."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))


def is_image(path: str) -> bool:
    """Whether a file is taken for an image, by its name."""
    return _suffix(path) in IMAGE_SUFFIXES and not is_hidden(path)


def is_ignored(path: str, source: Path) -> bool:
    """Whether nobody would take a file for a film: hidden, left behind by a system, a text or a table."""
    name = PurePosixPath(path).name.lower()
    if is_hidden(path) or _suffix(path) in TEXT_SUFFIXES or name in TEXT_NAMES:
        return True
    # The DVC file of what lies beside it says nothing new; the film's class is known without it.
    return name.endswith(".dvc") and (source / path).with_suffix("").exists()


def kind_of(path: str, source: Path) -> Kind:
    """What a file that is not ignored is.

    Without an ending, or with the number of a DICOM file's name in its place, the first bytes decide; a
    DICOM file is one under any ending.
    """
    suffix = _suffix(path)
    if suffix in IMAGE_SUFFIXES:
        return Kind(film=True)
    try:
        head = head_of(source / path) if (source / path).is_file() else b""
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise
        return Kind(film=True, why=Excluded("unreadable", error.strerror or type(error).__name__))
    content = film_format(head)
    if content == "DICOM":  # .dcm30, .ima, .img: devices have endings of their own
        return Kind(film=True)
    if content:
        told = f"the ending {suffix} is none of an image's, though its content is: rename it"
        return Kind(film=True, why=Excluded("other_kind", told) if suffix else None)
    instead = stand_in(head, source / path)
    if instead:
        return Kind(film=False, why=Excluded("stand_in", f"{instead.what}. {instead.mend}"))
    told = f"{suffix} files are not read; save it as PNG or DICOM if it is a film"
    if not suffix:
        told = "no ending, and its content is no image" if head else "no ending, and no content"
    return Kind(film=suffix in UNREAD_SUFFIXES, why=Excluded("other_kind", told))


def count_by_suffix(paths: Iterable[str]) -> Mapping[str, int]:
    """Number of files by suffix, sorted; those that are hidden or have no common suffix under that name."""
    counts = Counter(
        "hidden" if is_hidden(path) else suffix if suffix[1:].isalpha() and suffix.isascii() else "other"
        for path in paths
        for suffix in [PurePosixPath(path).suffix.lower()]
    )
    return dict(sorted(counts.items()))


def _suffix(path: str) -> str:
    """The ending in small letters; "" where it is a number, as the last part of a DICOM UID is."""
    suffix = PurePosixPath(path).suffix.lower()
    return "" if re.fullmatch(r"\.[0-9]*", suffix) else suffix
