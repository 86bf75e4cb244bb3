"""From an image source to the prepared store: every image is kept, or listed with why it is not."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.json import write_sealed
from evidrift.base.progress import Progress
from evidrift.images.store import SPLITS, write_store
from evidrift.prepare.classes import in_order
from evidrift.prepare.entry import Entry, Excluded, Loaded
from evidrift.prepare.films.header import name_patients
from evidrift.prepare.identical import find_identical
from evidrift.prepare.left_out import balance, count_by_reason, listed_when_refused, nothing_left, summary
from evidrift.prepare.params import Prepare
from evidrift.prepare.source import Source, open_source
from evidrift.prepare.split import assign_splits, check_patients, count_patients, patient_of
from evidrift.prepare.tables import write_exclusions, write_manifest

WORKERS = 2
BATCH = 64
# Planes of a phantom after the image itself.
MASKS = {"lungs": 1, "findings": 2}


class Outputs(NamedTuple):
    """The files that prepare writes: all of them; where it refuses, what was left out, or none."""

    store: Path
    manifest: Path
    exclusions: Path
    metrics: Path


def prepare(params: Prepare, outputs: Outputs) -> list[str]:
    """Read every image of the source, leave out what cannot be used, split the rest, write it all.

    Returns:
        What to tell of it, in sentences.

    Raises:
        UserError: the source cannot be listed, or what it holds does not make a study.
    """
    source = Path(params.source)
    opened = open_source(source, params)
    exclusions = [(entry, entry.excluded) for entry in opened.listing.entries if entry.excluded]
    with listed_when_refused(outputs.exclusions, exclusions):
        classes = _classes(opened, source)
    outputs.store.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=outputs.store.parent) as file:
        scratch = Scratch(file, (opened.planes, params.size, params.size))
        loaded, exclusions = _load_all(opened, scratch)
        loaded = list(zip(name_patients([image for image, _ in loaded]), range(len(loaded)), strict=True))
        identical = find_identical([image for image, _ in loaded])
        kept = [(image, row) for image, row in loaded if image.entry.path not in identical.excluded]
        exclusions += [
            (image.entry, identical.excluded[image.entry.path])
            for image, _ in loaded
            if image.entry.path in identical.excluded
        ]
        exclusions.sort(key=lambda exclusion: exclusion[0].path)
        with listed_when_refused(outputs.exclusions, exclusions):
            if not kept:
                raise UserError(f"{nothing_left(source, exclusions)}{_smaller(exclusions)}")
            cohort = _split(kept, params, source)
            check_patients(
                cohort.entries,
                cohort.splits,
                cohort.origin,
                classes,
                summary(exclusions) + _smaller(exclusions),
                params.split,
            )
        metrics = _metrics(opened, cohort, exclusions, classes, len(identical.kept))
        with _all_or_none(outputs):
            write_manifest(outputs.manifest, cohort.images, cohort.splits, identical.kept)
            write_exclusions(outputs.exclusions, exclusions)
            _write_store(outputs, cohort, scratch, classes)
            write_sealed(outputs.metrics, metrics)
    return [balance(exclusions, len(cohort.images), opened.listing.ignored), *opened.listing.notes]


@dataclass(frozen=True)
class Cohort:
    """The kept images in the order of (split, path).

    Attributes:
        images: what is known of them.
        splits: one an image.
        rows: their places in the scratch file.
        origin: of the splits.
    """

    images: list[Loaded]
    splits: list[str]
    rows: list[int]
    origin: str

    @property
    def entries(self) -> list[Entry]:
        """The images as their source lists them."""
        return [image.entry for image in self.images]


class Scratch:
    """Images on disk until it is known which of them are kept: they need not fit into memory.

    Attributes:
        shape: of one image, (planes, size, size).
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, int, int]) -> None:
        self._file = file
        self.shape = shape

    def append(self, planes: np.ndarray) -> None:
        """Add the planes of one image."""
        self._file.write(planes.tobytes())

    def read(self, rows: Sequence[int], plane: int) -> Iterator[np.ndarray]:
        """One plane of the given images, one after the other."""
        n_planes, height, width = self.shape
        for row in rows:
            self._file.seek((row * n_planes + plane) * height * width)
            yield np.frombuffer(self._file.read(height * width), np.uint8).reshape(height, width)


def _classes(opened: Source, source: Path) -> list[str]:
    """All labels that the source gives, in order, also those whose images are all left out later."""
    entries, ignored = opened.listing.entries, opened.listing.ignored
    if not entries:
        others = ", ".join(f"{n} {suffix}" for suffix, n in ignored.items()) or "no file at all"
        raise UserError(
            f"{source} holds no images. Expected were films (DICOM, PNG, JPEG, TIFF ...) in class folders; "
            f"found: {others}."
        )
    classes = in_order((entry.label for entry in entries), opened.listing.labels_from)
    if not classes:
        reasons = summary([(entry, entry.excluded) for entry in entries if entry.excluded])
        raise UserError(f"{source} has no class folder with images in it, or no label at all. {reasons}")
    if len(classes) == 1:
        raise UserError(
            f"{source} holds one class only, {classes[0]}; two are needed at least. "
            "Give the folder that holds the class folders."
        )
    return classes


def _load_all(
    opened: Source, scratch: Scratch
) -> tuple[list[tuple[Loaded, int]], list[tuple[Entry, Excluded]]]:
    """Read all images, a few at a time; those that can be used with their row in the scratch file."""

    def load(entry: Entry) -> tuple[Loaded, np.ndarray] | Excluded:
        try:
            return opened.load(entry)
        except Excluded as why:
            return why

    entries = opened.listing.entries
    loaded: list[tuple[Loaded, int]] = []
    exclusions: list[tuple[Entry, Excluded]] = []
    with (
        ThreadPoolExecutor(WORKERS) as pool,
        Progress(total=len(entries), desc="prepare", unit="image") as progress,
    ):
        for start in range(0, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            for entry, result in zip(batch, pool.map(load, batch), strict=True):
                if isinstance(result, Excluded):
                    exclusions.append((entry, result))
                else:
                    image, planes = result
                    loaded.append((image, len(loaded)))
                    scratch.append(planes)
                progress.update()
    return loaded, exclusions


def _split(kept: Sequence[tuple[Loaded, int]], params: Prepare, source: Path) -> Cohort:
    splits, origin = assign_splits([image.entry for image, _ in kept], params.split, str(source))
    order = sorted(range(len(kept)), key=lambda i: (SPLITS.index(splits[i]), kept[i][0].entry.path))
    return Cohort(
        [kept[i][0] for i in order], [splits[i] for i in order], [kept[i][1] for i in order], origin
    )


def _smaller(exclusions: Sequence[tuple[Entry, Excluded]]) -> str:
    """What to change where films are too small; else nothing."""
    small = any(why.reason == "too_small" for _, why in exclusions)
    return " If your films are that small, lower prepare.min_side." if small else ""


def _write_store(outputs: Outputs, cohort: Cohort, scratch: Scratch, classes: Sequence[str]) -> None:
    n_planes, size, _ = scratch.shape
    masks = {name: scratch.read(cohort.rows, plane) for name, plane in MASKS.items() if plane < n_planes}
    write_store(
        outputs.store,
        tables=(outputs.manifest, outputs.exclusions),
        classes=classes,
        size=size,
        image_ids=[image.entry.path for image in cohort.images],
        patient_ids=[patient_of(image.entry) for image in cohort.images],
        labels=[classes.index(image.entry.label) for image in cohort.images],
        splits=cohort.splits,
        content=[image.content for image in cohort.images],
        pixels=scratch.read(cohort.rows, 0),
        **masks,
    )


def _metrics(
    opened: Source,
    cohort: Cohort,
    exclusions: Sequence[tuple[Entry, Excluded]],
    classes: Sequence[str],
    n_identical: int,
) -> dict[str, Any]:
    entries, images_in, kept = cohort.entries, len(opened.listing.entries), len(cohort.images)
    if images_in != kept + len(exclusions):
        raise RuntimeError(f"{images_in} images in, {kept} kept, {len(exclusions)} excluded: one was lost")
    images = Counter(zip(cohort.splits, (entry.label for entry in entries), strict=True))
    patients = count_patients(entries, cohort.splits)
    return {
        "source": opened.kind,
        "images_in": images_in,
        "kept": kept,
        "excluded": count_by_reason(exclusions),
        "ignored_files": dict(opened.listing.ignored),
        "splits": {split: {label: images[split, label] for label in classes} for split in SPLITS},
        "split_origin": cohort.origin,
        "patients": {split: {label: patients[split, label] for label in classes} for split in SPLITS},
        "patients_known": all(entry.patient_id is not None for entry in entries),
        "identical_across_splits": n_identical,
        **_flagged(cohort.images),
    }


def _flagged(images: Sequence[Loaded]) -> dict[str, Any]:
    """Number of kept films by flag, where any has one."""
    counts = Counter(flag for image in images for flag in image.flags)
    return {"flagged": dict(sorted(counts.items()))} if counts else {}


@contextmanager
def _all_or_none(outputs: Outputs) -> Iterator[None]:
    """Take all of them away again where one cannot be written."""
    try:
        yield
    except BaseException:
        for path in outputs:
            path.unlink(missing_ok=True)
        raise
