"""The tables of kept and of excluded images.

All cells are text, to be read as such: patient 007 is not 7, and a class may be called None.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evidrift.base.files.writing import writing
from evidrift.images.store import EXCLUSION_COLUMNS, MANIFEST_COLUMNS
from evidrift.prepare.entry import Entry, Excluded, Loaded
from evidrift.prepare.films.header import COLUMNS
from evidrift.prepare.split import patient_of

FLAGS_COLUMN = "flags"


def write_manifest(
    path: Path,
    images: Sequence[Loaded],
    splits: Sequence[str],
    identical: Mapping[str, str],
    ids: Sequence[str] | None = None,
) -> None:
    """A row for each kept image; the column `flags` is there where one has a flag.

    Args:
        path: the file to write.
        images: the kept ones.
        splits: one an image.
        identical: images identical to one in another split -> that one.
        ids: image ids, where they are not the paths.
    """
    ids = [image.entry.path for image in images] if ids is None else ids
    # A manifest's own columns come first, then those of DICOM headers, which not every film has.
    names = {name: None for image in images for name in image.entry.extra}
    flags = {FLAGS_COLUMN: None} if any(image.flags for image in images) else {}
    columns = [*dict.fromkeys([*MANIFEST_COLUMNS, *sorted(names, key=COLUMNS.__contains__), *flags])]
    rows = (
        {
            **image.entry.extra,
            "image_id": image_id,
            "path": image.entry.path,
            "label": image.entry.label,
            "patient_id": patient_of(image.entry),
            "split": split,
            "width": str(image.width),
            "height": str(image.height),
            "sha256": image.sha256,
            "identical_to": identical.get(image.entry.path, ""),
            **dict.fromkeys(flags, " ".join(image.flags)),
        }
        for image, split, image_id in zip(images, splits, ids, strict=True)
    )
    _write(path, columns, rows)


def write_exclusions(path: Path, exclusions: Sequence[tuple[Entry, Excluded]]) -> None:
    """A row for each image left out, with the reason and what was found."""
    rows = (
        {"path": entry.path, "label": entry.label, "reason": why.reason, "detail": why.detail}
        for entry, why in exclusions
    )
    _write(path, list(EXCLUSION_COLUMNS), rows)


def _write(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    with writing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
