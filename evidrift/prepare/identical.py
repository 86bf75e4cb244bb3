"""Images that are the same, pixel for pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from evidrift.prepare.entry import Excluded, Loaded


@dataclass(frozen=True)
class Identical:
    """What follows for which image, by path.

    Attributes:
        excluded: duplicates, and all images whose pixels stand under two labels.
        kept: images identical to one in another given split -> that one. Given splits are kept as they are.
    """

    excluded: dict[str, Excluded]
    kept: dict[str, str]


def find_identical(images: Sequence[Loaded]) -> Identical:
    """Compare all images by their pixels; of duplicates, the first path stays."""
    found = Identical({}, {})
    by_pixels = sorted(images, key=lambda image: (image.pixel_hash, image.entry.path))
    for _, group in groupby(by_pixels, key=lambda image: image.pixel_hash):
        entries = [image.entry for image in group]
        first = entries[0]
        if len({entry.label for entry in entries}) > 1:
            for entry in entries:
                other = next(other for other in entries if other.label != entry.label)
                detail = f"identical to {other.path} ({other.label})"
                found.excluded[entry.path] = Excluded("conflicting_labels", detail)
            continue
        first_of_split = {first.split: first}
        for entry in entries[1:]:
            twin = first_of_split.setdefault(entry.split, entry)
            if twin is entry:
                found.kept[entry.path] = first.path
            else:
                found.excluded[entry.path] = Excluded("duplicate", f"identical to {twin.path}")
    return found
