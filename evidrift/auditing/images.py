"""The images of an audit: a folder or a manifest of films, with labels where they are known."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from evidrift.auditing.findings import finding_names, mark, notes_of
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.images.store import Images
from evidrift.prepare.entry import Entry, Excluded, Listing, Loaded
from evidrift.prepare.folder import is_image, list_folder
from evidrift.prepare.identical import find_identical
from evidrift.prepare.manifest import list_manifest
from evidrift.prepare.source import load_file
from evidrift.prepare.split import patient_of

MIN_SIDE = 64  # px; a film smaller than that, and than the models' input, is a thumbnail or an icon
WORKERS = 2
MANIFESTS = (".csv", ".parquet")


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
        findings: which findings each film has, (n, findings) bool; None where a film has one class, or where
            nothing is known of any. `images.classes` are the findings' names then, and its labels -1.
        findings_known: of which that is known, likewise.
    """

    images: Images
    loaded: tuple[Loaded, ...]
    labels_known: bool
    patients_known: bool
    n_listed: int
    exclusions: tuple[tuple[Entry, Excluded], ...]
    notes: tuple[str, ...]
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
) -> AuditImages:
    """Read all images, grey, at the size of the models' input.

    Args:
        path: a folder of class folders, a folder of images without labels, or a manifest (CSV or Parquet)
            beside its images.
        size: side of the models' square input, px.
        n_classes: that the models tell apart.
        classes: their names in the order of the models' outputs; None for the class folders' names in
            alphabetical order, which is Keras's order too.
        labels: whether to use labels that are there.
        several: whether the models' outputs are findings, of which a film can have several or none; see
            `findings.mark`.
        padding: keep each film's shape and pad it, rather than squash it.
        quiet: no progress bar.

    Raises:
        UserError: there is no such folder, nothing in it can be used, or its labels are not the models'.
    """
    source, listing = _list(path)
    marked = mark(listing.entries, classes, n_classes, path) if labels and several else None
    entries = marked.entries if marked else _labelled(listing.entries) if labels and not several else []
    labels_known = bool(entries)
    if not labels_known:
        entries = [_without_label(entry) for entry in listing.entries]
    if several:
        names = marked.names if marked else finding_names(classes, n_classes)
    else:
        names = _class_names(classes, sorted({entry.label for entry in entries} - {""}), n_classes, path)
        entries = [_known(entry, names) if labels_known else entry for entry in entries]
    loaded, planes, exclusions = _load_all(entries, source, size, padding, quiet)
    identical = find_identical(loaded).excluded
    kept = [at for at, image in enumerate(loaded) if image.entry.path not in identical]
    exclusions += [
        (image.entry, identical[image.entry.path]) for image in loaded if image.entry.path in identical
    ]
    exclusions.sort(key=lambda exclusion: exclusion[0].path)
    if not kept:
        first = exclusions[0]
        raise UserError(
            f"{path}: none of its {len(entries)} images can be used. The first: {first[0].path}: {first[1]}."
        )
    chosen = tuple(loaded[at] for at in kept)
    patients = [patient_of(image.entry) for image in chosen]
    numbers = {} if several else {name: number for number, name in enumerate(names)}
    images = Images(
        ids=np.array([image.entry.path for image in chosen]),
        patient_ids=np.array(patients),
        labels=np.array([numbers.get(image.entry.label, -1) for image in chosen], np.int32),
        pixels=np.stack([planes[at] for at in kept]),
        content=np.array([image.content for image in chosen], np.int32),
        classes=names,
    )
    patients_known = all(image.entry.patient_id is not None for image in chosen)
    notes = _notes(listing, classes is None and labels_known, names)
    has = known = None
    if marked:
        notes += notes_of(marked, images.ids)
        has, known = (np.stack([each[path] for path in images.ids]) for each in (marked.has, marked.known))
    return AuditImages(
        images,
        chosen,
        labels_known,
        patients_known,
        len(entries),
        tuple(exclusions),
        tuple(notes),
        has,
        known,
    )


def _list(path: Path) -> tuple[Path, Listing]:
    """The folder that paths are relative to, and what it holds."""
    if path.is_dir():
        source, listing = path, list_folder(path)
    elif not path.exists():
        raise UserError(f"{path} does not exist. Give a folder of images, or a manifest (.csv) beside them.")
    elif path.suffix.lower() in MANIFESTS:
        source, listing = path.parent, list_manifest(path.parent, path.name, required=("path",))
    elif is_image(path.name):
        raise UserError(
            f"{path} is a single image. An audit needs a folder of them; `evidrift explain` shows one."
        )
    else:
        raise UserError(f"{path} is neither a folder of images nor a manifest (.csv or .parquet).")
    if not listing.entries:
        others = ", ".join(f"{n} {suffix}" for suffix, n in listing.ignored.items()) or "no file at all"
        raise UserError(f"{path} holds no images. Expected were PNG or JPEG files; found: {others}.")
    return source, listing


def _labelled(entries: Sequence[Entry]) -> list[Entry]:
    """All entries, where at least one has a label; those without are then left out. Else none."""
    return list(entries) if any(entry.label for entry in entries) else []


def _without_label(entry: Entry) -> Entry:
    unlabelled = entry.excluded is None or entry.excluded.reason == "unknown_label"
    return replace(entry, label="", excluded=None if unlabelled else entry.excluded)


def _class_names(
    given: Sequence[str] | None, found: Sequence[str], n_classes: int, path: Path
) -> tuple[str, ...]:
    if given is None and not found:
        return tuple(f"class {number}" for number in range(n_classes))
    names = tuple(given if given is not None else found)
    if given is not None and (len(set(names)) != len(names) or not all(names)):
        told = "{given} names a class twice, or not at all: {names}."
        raise UserError(say(told, given=parameter("classes"), names=names))
    if len(names) != n_classes:
        what = say("{path} has labels of {found} classes", path=path, found=len(names))
        if given is not None:
            what = say("{classes} names {found} classes", classes=parameter("classes"), found=len(names))
        unlabelled = say("; or audit without labels ({labels})", labels=parameter("labels"))
        raise UserError(
            say(
                "{what} ({names}), but the models tell {n} apart. Give the names of all "
                "{n} in the order of the models' outputs ({classes}){otherwise}.",
                what=what,
                names=names,
                n=n_classes,
                classes=parameter("classes"),
                otherwise=unlabelled if given is None else "",
            )
        )
    if given is not None and found and not set(found) & set(names):
        sentence = (
            "{path} has the labels {found}, none of which is in {classes} ({names}). Names must be "
            "written the same."
        )
        raise UserError(say(sentence, path=path, found=found, classes=parameter("classes"), names=names))
    return names


def _known(entry: Entry, names: tuple[str, ...]) -> Entry:
    if entry.excluded is None and entry.label not in names:
        return replace(
            entry, excluded=Excluded("unknown_label", f"{entry.label} is not one of the models' classes")
        )
    return entry


def _load_all(
    entries: Sequence[Entry], source: Path, size: int, padding: bool, quiet: bool
) -> tuple[list[Loaded], list[np.ndarray], list[tuple[Entry, Excluded]]]:
    def load(entry: Entry) -> tuple[Loaded, np.ndarray] | Excluded:
        try:
            return load_file(entry, source, size, padding, min(MIN_SIDE, size))
        except Excluded as why:
            return why

    loaded, planes, exclusions = [], [], []
    with ThreadPoolExecutor(WORKERS) as pool:
        results = tqdm(
            pool.map(load, entries),
            total=len(entries),
            desc="images",
            unit="image",
            disable=True if quiet else None,
        )
        for entry, result in zip(entries, results, strict=True):
            if isinstance(result, Excluded):
                exclusions.append((entry, result))
            else:
                loaded.append(result[0])
                planes.append(result[1][0])
    return loaded, planes, exclusions


def _notes(listing: Listing, guessed: bool, names: tuple[str, ...]) -> list[str]:
    notes: list[str] = []
    if guessed:
        told = (
            "The classes are the labels' names in alphabetical order, as Keras reads folders: {names}. "
            "If the models were trained in another order, give their names in that order ({classes})."
        )
        notes.append(say(told, names=names, classes=parameter("classes")))
    splits = sorted({entry.split for entry in listing.entries if entry.split})
    if set(splits) - {"test"}:
        sentence = (
            "The images lie in splits ({splits}), and all of them were audited. On images that a model "
            "was trained on its evidence looks steadier than it is: give the test images alone."
        )
        notes.append(say(sentence, splits=splits))
    return notes
