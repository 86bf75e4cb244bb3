"""One image of a source on its way into the store, and why it may be left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal[
    "unreadable",  # in no known format, damaged, or not to be opened
    "no_picture",  # a DICOM object without one: a report, a presentation state, a PDF
    "several_frames",  # of a DICOM object, or pages of a TIFF
    "other_kind",  # of a format that is not read, or no film at all
    "stand_in",  # a pointer of Git LFS, DVC or git-annex, a web page or an archive in the place of a film
    "mask",  # in a folder of masks
    "empty",  # no bytes, or one grey value all over
    "too_small",
    "too_large",
    "duplicate",  # the pixels of another image with the same label
    "conflicting_labels",  # the pixels of an image with another label
    "unknown_label",
    "several_labels",  # of a film that must have one class
    "bad_name",  # control characters, or no UTF-8
    "outside",  # a link that leaves the source folder
    "missing",  # in the manifest, not in the folder
    "changed",  # not the sha256 that the manifest gives
]


Layout = Literal["folders", "table"]


class Excluded(Exception):  # noqa: N818 - not an error: the image is left out and listed
    """An image is left out.

    Attributes:
        reason: one word, counted in the metrics.
        detail: what was found, for the list of exclusions.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Entry:
    """One image as its source lists it, before it is read.

    Attributes:
        path: relative to the source, with "/"; the image id.
        label: its class; "" where the source gives none.
        patient_id: None where it is not known.
        split: as given by the source, else None.
        extra: further columns of a manifest, and those of a DICOM header.
        excluded: set where the listing alone shows that the image cannot be used.
    """

    path: str
    label: str
    patient_id: str | None = None
    split: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    excluded: Excluded | None = None


@dataclass(frozen=True)
class Listing:
    """What a source holds.

    Attributes:
        entries: every image, sorted by path.
        ignored: number of files that nobody takes for films by their suffix, or "hidden".
        labels_from: where labels come from: `folders` or `table`; None where nothing gives any.
        notes: how it was read, where that is not plain.
    """

    entries: list[Entry]
    ignored: Mapping[str, int]
    labels_from: Layout | None = "folders"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What is known of an image once it is read.

    Attributes:
        entry: as the source lists it.
        width: px, upright, before resizing; likewise `height`.
        sha256: of the file; of the pixels where there is no file.
        pixel_hash: of the grey pixels before resizing: equal for identical images.
        content: top, left, bottom, right of the image inside its padding, half open, px.
        flags: of films.film.FLAGS, sorted: what a reader should know and what does not exclude it.
    """

    entry: Entry
    width: int
    height: int
    sha256: str
    pixel_hash: str
    content: tuple[int, int, int, int]
    flags: tuple[str, ...] = ()
