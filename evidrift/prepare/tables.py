"""The tables of kept and of excluded images.

All cells are text, to be read as such: patient 007 is not 7, and a class may be called None.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from evidrift.images.store import EXCLUSION_COLUMNS, MANIFEST_COLUMNS
from evidrift.prepare.entry import Entry, Excluded, Loaded
from evidrift.prepare.split import patient_of


def write_manifest(
    path: Path,
    images: Sequence[Loaded],
    splits: Sequence[str],
    identical: Mapping[str, str],
    ids: Sequence[str] | None = None,
) -> None:
    """A row for each kept image.

    Args:
        path: the file to write.
        images: the kept ones.
        splits: one an image.
        identical: images identical to one in another split -> that one.
        ids: image ids, where they are not the paths.
    """
    named = [image.entry.path for image in images] if ids is None else ids
    extra = list(images[0].entry.extra) if images else []
    columns = [*MANIFEST_COLUMNS, *(name for name in extra if name not in MANIFEST_COLUMNS)]
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
        }
        for image, split, image_id in zip(images, splits, named, strict=True)
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
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
