"""The images of an audit: a folder or a manifest of films, with labels where they are known."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evidrift.auditing.films.findings import finding_names, mark, notes_of
from evidrift.auditing.films.labels import check_labelled, classed, order_note, unlabelled
from evidrift.base.errors import UserError
from evidrift.base.files.spool import Spool
from evidrift.base.progress import Progress
from evidrift.base.sentence import say
from evidrift.images.store import MANIFEST, Images
from evidrift.prepare.apart import load_apart
from evidrift.prepare.entry import Entry, Excluded, Listing, Loaded
from evidrift.prepare.films.film import flag_notes
from evidrift.prepare.films.header import name_patients
from evidrift.prepare.identical import find_identical
from evidrift.prepare.left_out import nothing_left
from evidrift.prepare.listing.cells import SUFFIXES, WORKBOOKS
from evidrift.prepare.listing.folder import list_folder
from evidrift.prepare.listing.kinds import is_image
from evidrift.prepare.listing.manifest import list_manifest
from evidrift.prepare.split import patient_of

MIN_SIDE = 64  # px; a film smaller than that, and than the models' input, is a thumbnail or an icon
WORKERS = 2
AT_ONCE = 64  # films that are read before the next ones: a command that is stopped waits for these


@dataclass(frozen=True)
class AuditImages:
    """What was read, and what was left out.

    Attributes:
        images: sorted by path; labels are -1 where they are not known.
        loaded: what is known of each of them.
        labels_known: whether they were given.
        patients_known: whether each image's patient was given; else an image is its own patient.
        n_listed: images that the folder or the manifest holds.
        exclusions: those left out, each with its reason.
        notes: what a reader should know of them.
        ignored: number of files that nobody takes for films by their suffix, or "hidden".
        several: a film can have several findings, or none, rather than one class: `images.classes` are the
            findings' names then, and its labels -1.
        findings: which of them each film has, (n, findings) bool; None where nothing is known of any film.
        findings_known: of which that is known, likewise.
    """

    images: Images
    loaded: tuple[Loaded, ...]
    labels_known: bool
    patients_known: bool
    n_listed: int
    exclusions: tuple[tuple[Entry, Excluded], ...]
    notes: tuple[str, ...]
    ignored: Mapping[str, int] = field(default_factory=dict)
    several: bool = False
    findings: np.ndarray | None = None
    findings_known: np.ndarray | None = None


def read_images(
    path: Path,
    size: int,
    n_classes: int,
    *,
    classes: Sequence[str] | None = None,
    labels: bool = True,
    several: bool = False,
    padding: bool = False,
    quiet: bool = False,
    scratch: Path | None = None,
) -> AuditImages:
    """Read all images, grey, at the size of the models' input.

    Args:
        path: a folder of class folders, a folder of images without labels, or a manifest (CSV or Parquet)
            beside its images; a folder's own manifest.csv is read in its place.
        size: side of the models' square input, px.
        n_classes: that the models tell apart.
        classes: their names in the order of the models' outputs; None for the labels in the order that
            `prepare.classes` says.
        labels: whether to use labels. Without them are only flat folders and manifests without a column for
            them; elsewhere a film without one is left out.
        several: whether the models' outputs are findings, of which a film can have several or none; see
            `findings.mark`.
        padding: keep each film's shape and pad it, rather than squash it.
        quiet: no progress bar.
        scratch: folder on whose disk their pixels lie meanwhile; None for the system's temporary one.

    Raises:
        UserError: there is no such folder, nothing in it can be used, none of it has a label, or its labels
            are not the models'.
    """
    source, listing = _list(path)
    marked = mark(listing.entries, classes, n_classes, path) if labels and several else None
    if labels and not (marked and marked.by_column):
        check_labelled(listing, path)
    labels_known = labels and (listing.labels_from is not None or marked is not None)
    if marked:
        entries, names = marked.entries, marked.names
    elif several:
        entries, names = unlabelled(listing.entries), finding_names(classes, n_classes)
    else:
        entries, names = classed(listing, classes, n_classes, path, labels_known)
    loaded, planes, exclusions = _load_all(entries, source, size, padding, quiet, scratch)
    loaded = name_patients(loaded)
    identical = find_identical(loaded).excluded
    kept = [at for at, image in enumerate(loaded) if image.entry.path not in identical]
    exclusions += [
        (image.entry, identical[image.entry.path]) for image in loaded if image.entry.path in identical
    ]
    exclusions.sort(key=lambda exclusion: exclusion[0].path)
    if len(entries) != len(kept) + len(exclusions):
        raise RuntimeError(f"{len(entries)} images, {len(kept)} kept, {len(exclusions)} excluded: one lost")
    if not kept:
        raise nothing_left(path, exclusions)
    chosen = tuple(loaded[at] for at in kept)
    patients = [patient_of(image.entry) for image in chosen]
    numbers = {} if several else {name: number for number, name in enumerate(names)}
    images = Images(
        ids=np.array([image.entry.path for image in chosen]),
        patient_ids=np.array(patients),
        labels=np.array([numbers.get(image.entry.label, -1) for image in chosen], np.int32),
        pixels=planes.take(np.array(kept)),
        content=np.array([image.content for image in chosen], np.int32),
        classes=names,
    )
    patients_known = all(image.entry.patient_id is not None for image in chosen)
    notes = [*listing.notes, *_notes(listing), *flag_notes(chosen)]
    if marked.guessed if marked else classes is None and labels_known:
        notes.insert(0, order_note(names, None if several else listing.labels_from))
    has = told = None
    if marked:
        notes += notes_of(marked, images.ids)
        has, told = (np.stack([each[path] for path in images.ids]) for each in (marked.has, marked.known))
    return AuditImages(
        images,
        chosen,
        labels_known,
        patients_known,
        len(entries),
        tuple(exclusions),
        tuple(notes),
        listing.ignored,
        several,
        has,
        told,
    )


def _list(path: Path) -> tuple[Path, Listing]:
    """The folder that paths are relative to, and what it holds."""
    if path.is_dir():
        source, listing = path, _own_manifest(path) if (path / MANIFEST).is_file() else list_folder(path)
    elif not path.exists():
        raise UserError(f"{path} does not exist. Give a folder of images, or a manifest (.csv) beside them.")
    elif path.suffix.lower() in (*SUFFIXES, *WORKBOOKS):
        source, listing = path.parent, list_manifest(path.parent, path.name, ("path",))
    elif is_image(path.name):
        raise UserError(
            f"{path} is a single image. An audit needs a folder of them; `evidrift explain` shows one."
        )
    else:
        raise UserError(f"{path} is neither a folder of images nor a manifest (.csv or .parquet).")
    if not listing.entries:
        others = ", ".join(f"{n} {suffix}" for suffix, n in listing.ignored.items()) or "no file at all"
        raise UserError(
            f"{path} holds no images. Expected were films (DICOM, PNG, JPEG, TIFF ...); found: {others}."
        )
    return source, listing


def _own_manifest(folder: Path) -> Listing:
    try:
        return list_manifest(folder, MANIFEST, ("path",))
    except UserError as error:
        told = "{told} If {manifest} is no list of these films, move it out of the folder."
        raise UserError(say(told, told=error.told, manifest=MANIFEST)) from None


def _load_all(
    entries: Sequence[Entry], source: Path, size: int, padding: bool, quiet: bool, scratch: Path | None
) -> tuple[list[Loaded], Spool, list[tuple[Entry, Excluded]]]:
    def load(entry: Entry) -> tuple[Loaded, np.ndarray] | Excluded:
        try:
            return load_apart(entry, source, size, padding, min(MIN_SIDE, size))
        except Excluded as why:
            return why

    loaded, planes, exclusions = [], Spool(scratch), []
    silent = True if quiet else None
    with (
        ThreadPoolExecutor(WORKERS) as pool,
        Progress(total=len(entries), desc="images", unit="image", disable=silent) as bar,
    ):
        for first in range(0, len(entries), AT_ONCE):
            some = entries[first : first + AT_ONCE]
            for entry, result in zip(some, pool.map(load, some), strict=True):
                if isinstance(result, Excluded):
                    exclusions.append((entry, result))
                else:
                    loaded.append(result[0])
                    planes.add(result[1][:1])
                bar.update()
    return loaded, planes, exclusions


def _notes(listing: Listing) -> list[str]:
    notes: list[str] = []
    splits = sorted({entry.split for entry in listing.entries if entry.split})
    if set(splits) - {"test"}:
        sentence = (
            "The images lie in splits ({splits}), and all of them were audited. On images that a model "
            "was trained on its evidence looks steadier than it is: give the test images alone."
        )
        notes.append(say(sentence, splits=splits))
    return notes
