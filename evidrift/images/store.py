"""The prepared store: every kept image at one size, with its label, patient and split, in one HDF5 file.

It lies in the folder of prepared images, beside the manifest of those that were kept and the list of those
that were left out. It is sealed, and holds the checksums of these two.

Images stand in the order of (split, image id). The same images give
the same bytes: no times, texts of fixed length, rows written one after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from evidrift.base.files.hdf5 import writing_hdf5
from evidrift.base.files.seal import checksum, require_checksum, require_sealed
from evidrift.base.files.spool import Spool
from evidrift.base.schema import Schema, columns
from evidrift.images.planes import Planes

# The files of the folder.
STORE, MANIFEST, EXCLUSIONS = "store.h5", "manifest.csv", "exclusions.csv"
STAGE = "prepare"  # writes it
# All cells of the two tables are text. The manifest has the source's own columns, too.
MANIFEST_COLUMNS: Schema = (
    columns(str, "", "image_id", "path", "label", "patient_id", "split")
    | columns(str, "of the image as it was read, px", "width", "height")
    | columns(str, "of the image's pixels", "sha256")
    | columns(str, "an image of another split, or empty", "identical_to")
)
EXCLUSION_COLUMNS: Schema = columns(str, "", "path", "label", "reason", "detail")
SPLITS = ("train", "validation", "test")

# Masks compress forty-fold; radiographs hardly, and are read often.
MASK_STORAGE = {"compression": "gzip", "compression_opts": 4}


@dataclass(frozen=True)
class Images:
    """The images of one split, sorted by id.

    Attributes:
        ids: image ids, (n,) str.
        patient_ids: (n,) str.
        labels: index into `classes`, (n,) int32.
        pixels: (n, size, size) uint8; of a store or an audit on disk until they are indexed, as are a store's
            masks.
        content: top, left, bottom, right of the image inside its padding, half open, px, (n, 4) int32.
        classes: names, sorted.
        lungs: the lung fields' mask, (n, size, size) bool; None but for phantoms.
        findings: the findings' mask, likewise.
    """

    ids: np.ndarray
    patient_ids: np.ndarray
    labels: np.ndarray
    pixels: np.ndarray | Planes | Spool
    content: np.ndarray
    classes: tuple[str, ...]
    lungs: np.ndarray | Planes | None = None
    findings: np.ndarray | Planes | None = None


class ImageStore:
    """Reads a prepared store.

    Attributes:
        classes: names, sorted.
        size: side of every image, px.

    Raises:
        UserError: the file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        require_sealed(path, STAGE)
        with h5py.File(path) as file:
            self.classes: tuple[str, ...] = tuple(name.decode() for name in file.attrs["classes"])
            self.size = int(file.attrs["size"])

    def split(self, name: str) -> Images:
        """The images of `train`, `validation` or `test`."""
        with h5py.File(self._path) as file:
            rows = np.flatnonzero(_texts(file["split"][:]) == name)
            here = slice(rows[0], rows[-1] + 1) if len(rows) else slice(0)
            planes = partial(Planes, self._path, rows=rows, size=self.size)
            masks = {mask: planes(mask, dtype=bool) for mask in ("lungs", "findings") if mask in file}
            return Images(
                ids=_texts(file["image_id"][here]),
                patient_ids=_texts(file["patient_id"][here]),
                labels=file["label"][here],
                pixels=planes("pixels", dtype=np.uint8),
                content=file["content"][here],
                classes=self.classes,
                **masks,
            )


def require_listed(table: Path) -> None:
    """See that a table beside a store, its manifest or its exclusions, is the one that was written with it.

    Raises:
        UserError: one of the two is missing or damaged, or they are of different runs.
    """
    store = table.with_name(STORE)
    require_sealed(store, STAGE)
    with h5py.File(store) as file:
        sha256 = file.attrs[_sum_of(table.name)]
    require_checksum(table, sha256, STAGE)


def write_store(
    path: Path,
    *,
    tables: Sequence[Path] = (),
    classes: Sequence[str],
    image_ids: Sequence[str],
    patient_ids: Sequence[str],
    labels: Sequence[int] | np.ndarray,
    splits: Sequence[str],
    content: Sequence[tuple[int, int, int, int]] | np.ndarray,
    pixels: Iterable[np.ndarray],
    lungs: Iterable[np.ndarray] | None = None,
    findings: Iterable[np.ndarray] | None = None,
    size: int,
) -> None:
    """Write a store of n images, already in the order of (split, image id).

    Args:
        path: the file to write.
        tables: MANIFEST and EXCLUSIONS beside it, both written.
        classes: names, sorted.
        image_ids: unique.
        patient_ids: one an image, as are all that follow.
        labels: index into `classes`.
        splits: names out of SPLITS.
        content: top, left, bottom, right of the image inside its padding, px.
        pixels: (size, size) uint8 each; any iterable, so that it need not fit into memory.
        lungs: masks of the same shape, or None.
        findings: masks of the same shape, or None.
        size: side of every image, px.
    """
    order = [(SPLITS.index(split), image_id) for split, image_id in zip(splits, image_ids, strict=True)]
    if order != sorted(set(order)):
        raise ValueError("images must be unique and in the order of (split, image id)")
    with writing_hdf5(path, libver=("earliest", "v110")) as file:
        for table in tables:
            file.attrs[_sum_of(table.name)] = checksum(table)
        file.attrs["classes"] = _fixed(classes)
        file.attrs["size"] = size
        for name, texts in (("image_id", image_ids), ("patient_id", patient_ids), ("split", splits)):
            _dataset(file, name, data=_fixed(texts))
        _dataset(file, "label", data=np.asarray(labels, np.int32))
        _dataset(file, "content", data=np.asarray(content, np.int32).reshape(-1, 4))
        _planes(file, "pixels", pixels, len(order), size)
        for name, masks in (("lungs", lungs), ("findings", findings)):
            if masks is not None:
                _planes(file, name, masks, len(order), size, **MASK_STORAGE)


def _planes(
    file: h5py.File, name: str, planes: Iterable[np.ndarray], n: int, size: int, **storage: Any
) -> None:
    shape, chunks = (n, size, size), (1, size, size)
    dataset = _dataset(file, name, shape=shape, dtype=np.uint8, chunks=chunks, **storage)
    for row, plane in zip(range(n), planes, strict=True):
        dataset[row] = plane


def _dataset(file: h5py.File, name: str, **how: Any) -> h5py.Dataset:
    return file.create_dataset(name, track_times=False, **how)


def _sum_of(table: str) -> str:
    """The attribute with a table's checksum."""
    return f"{table.removesuffix('.csv')}_sha256"


def _fixed(texts: Sequence[str]) -> np.ndarray:
    """UTF-8 of fixed length: texts of variable length would go to a heap apart from their dataset."""
    encoded = [text.encode() for text in texts]
    length = max(map(len, encoded), default=1) or 1
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", length))


def _texts(encoded: np.ndarray) -> np.ndarray:
    return np.char.decode(encoded.astype(bytes), "utf-8")
