"""A folder of class folders, with or without train, validation and test above them.

The class folders may lie deeper, as long as each folder on the way is the only one. Folders of masks are left
out, and a folder of images beside them is passed over: `COVID/images/1.png` is a film of COVID. An image that
lies elsewhere than directly in a class folder has no known label: it is not guessed.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path, PurePosixPath

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.prepare.entry import Entry, Excluded, Listing
from evidrift.prepare.listing.kinds import Kind, count_by_suffix, is_hidden, is_ignored, kind_of
from evidrift.prepare.listing.links import leaves
from evidrift.prepare.pointers import only_tracked
from evidrift.prepare.split import split_name

MASKS = re.compile(
    r"(.*[ _-])?(masks?|segmentations?|annotations?|ground[ _-]?truths?)|(lung|left|right|manual)masks?",
    re.IGNORECASE,
)
# BUSI's way: `17_mask.png`, `17_mask_1.png` beside the film `17.png`.
MASK_OF = re.compile(r"(.+)[ _-](mask|segmentation|seg)([ _-]?\d+)?", re.IGNORECASE)
IMAGES = re.compile(r"images?|imgs?|films?|x[ _-]?rays?|cxrs?|radiographs?", re.IGNORECASE)


def list_folder(source: Path) -> Listing:
    """Every film in a folder of class folders, and every other file that could have been meant as one.

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
    ignored = {path for path in files if is_ignored(path, source)}
    kinds = {path: kind_of(path, source) for path in files if path not in ignored}
    places, notes = _places([path for path, kind in kinds.items() if kind.film])
    depth, has_splits = _layout(list(places.values()), source)
    below = {path: folders[depth:] for path, folders in places.items()}
    entries = [_entry(path, kind, below.get(path), has_splits, source) for path, kind in kinds.items()]
    stems = {str(PurePosixPath(path).with_suffix("")) for path, kind in kinds.items() if kind.film}
    entries = [_unless_mask(entry, stems) for entry in entries]
    labelled = any(len(folders) > int(has_splits) for folders in below.values())
    return Listing(entries, count_by_suffix(ignored), "folders" if labelled else None, notes)


def walk(source: Path) -> tuple[list[str], list[str]]:
    """All files, and all visible links to folders, below a folder: sorted, relative, with "/".

    Raises:
        UserError: a folder cannot be read, or they lie in one another without an end.
    """
    files, links = [], []
    try:
        for folder, names_of_folders, names_of_files in os.walk(source, onerror=_refuse):
            here = Path(folder).relative_to(source)
            files += [(here / name).as_posix() for name in names_of_files]
            paths = [(here / name).as_posix() for name in names_of_folders]
            links += [path for path in paths if (source / path).is_symlink() and not is_hidden(path)]
    except RecursionError:
        raise UserError(
            f"{source} holds folders in one another, a thousand deep: no films are there."
        ) from None
    return sorted(files), sorted(links)


def name_problem(path: str) -> Excluded | None:
    """Why a file's name cannot stand in a table: control characters, or bytes that are not UTF-8."""
    bad = [character for character in path if unicodedata.category(character) in ("Cc", "Cs")]
    if not bad:
        return None
    return Excluded("bad_name", f"the name holds {bad[0]!a}: a control character, or no UTF-8")


def _places(films: Iterable[str]) -> tuple[Mapping[str, list[str]], tuple[str, ...]]:
    """The folders above each film that are no mask, without those that only say that they hold images.

    Such a folder is passed over where nothing beside it holds films but folders of masks.

    Returns:
        path -> folders; and a note where a folder was passed over.
    """
    above = {path: path.split("/")[:-1] for path in films}
    above = {path: parts for path, parts in above.items() if not _is_mask(path)}
    inside: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for parts in above.values():
        for n, name in enumerate([*parts, ""]):  # "": a film lies directly in it
            inside[tuple(parts[:n])].add(name)
    places, passed = {}, []
    for path, parts in above.items():
        kept = [
            name
            for n, name in enumerate(parts)
            if not (IMAGES.fullmatch(name) and inside[tuple(parts[:n])] == {name})
        ]
        places[path] = kept
        passed += [path] * (0 < len(kept) < len(parts))  # else no folder is left to be the class
    if not passed:
        return places, ()
    told = "Folders that are called images were passed over: the class is the folder above ({path})."
    return places, (say(told, path=passed[0]),)


def _is_mask(path: str) -> bool:
    return any(MASKS.fullmatch(part) for part in path.split("/")[:-1])


def _layout(places: Sequence[Sequence[str]], source: Path) -> tuple[int, bool]:
    """How many folders lie above the split or class folders, and whether there are splits."""
    depth = 0
    while True:
        below = [parts[depth:] for parts in places if len(parts) > depth]
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


def _entry(path: str, kind: Kind, folders: Sequence[str] | None, has_splits: bool, source: Path) -> Entry:
    """A file's entry; `folders` are those of the split and the class, None where it is no film."""
    problem = name_problem(path)
    if problem:
        return Entry(path.encode("unicode_escape").decode(), label="", excluded=problem)
    if folders is None:
        mask = Excluded("mask", "in a folder of masks")
        return Entry(path, label="", excluded=mask if kind.film else kind.why)
    split = split_name(folders[0]) if has_splits and folders else None
    classes = folders[1:] if split else folders
    # macOS decomposes accents, other systems do not: one class, not two.
    label = unicodedata.normalize("NFC", classes[0]) if len(classes) == 1 else ""
    if leaves(source, path):
        why = Excluded("outside", "a link that leaves the source folder; such links are not followed")
        absent = None if (source / path).exists() else only_tracked(source / path)
        if absent:
            why = Excluded("stand_in", f"{absent.what}. {absent.mend}")
        return Entry(path, label, split=split, excluded=why)
    excluded = kind.why
    if not label and excluded is None:
        excluded = Excluded("unknown_label", "not directly in a class folder")
    return Entry(path, label, split=split, excluded=excluded)


def _unless_mask(entry: Entry, stems: Set[str]) -> Entry:
    """A film's entry; one that is called a mask of another film beside it is left out."""
    found = MASK_OF.fullmatch(str(PurePosixPath(entry.path).with_suffix("")))
    if found is None or found[1] not in stems or entry.excluded is not None:
        return entry
    return replace(entry, label="", excluded=Excluded("mask", f"by its name a mask of {found[1]}"))


def _refuse(error: OSError) -> None:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return  # it went while the others were listed
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.")
