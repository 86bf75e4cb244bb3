"""The three kinds of image source, and how one image is read from each."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.process.faults import OF_THE_FILE
from evidrift.base.sentence import parameter, say
from evidrift.images.store import MANIFEST
from evidrift.prepare.apart import load_apart
from evidrift.prepare.classes import of_one_class
from evidrift.prepare.entry import Entry, Excluded, Listing, Loaded
from evidrift.prepare.films.header import flag_lateral, with_header
from evidrift.prepare.films.inverted import turn_inverted
from evidrift.prepare.listing.folder import list_folder
from evidrift.prepare.listing.manifest import list_manifest
from evidrift.prepare.params import Prepare
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import PhantomRecipe, load_recipe, patients
from evidrift.prepare.pointers import HEAD, only_tracked, regular_bytes, stand_in
from evidrift.prepare.read import check_usable, fit, read_film

RECIPE_SUFFIXES = (".yaml", ".yml")
# More than 16-bit colour at the limit of pixels takes when it is compressed at all.
MAX_BYTES = 256 * 1024**2


@dataclass(frozen=True)
class Source:
    """A source, listed and ready to be read.

    Attributes:
        kind: `folder`, `manifest` or `phantoms`.
        listing: its images.
        load: what is known of an image, and its planes, (planes, size, size) uint8; raises Excluded.
        planes: 1 for the image alone, 3 with the masks of lungs and findings.
    """

    kind: str
    listing: Listing
    load: Callable[[Entry], tuple[Loaded, np.ndarray]]
    planes: int


def open_source(path: Path, params: Prepare) -> Source:
    """List what the source holds; nothing is read yet.

    Raises:
        UserError: it does not exist, is no source, or cannot be listed.
    """
    if path.is_dir():
        listing = _list(path, params)
        kind = "manifest" if params.manifest else "folder"
        load = partial(
            load_apart, source=path, size=params.size, padding=params.padding, min_side=params.min_side
        )
        return Source(kind, listing, load, planes=1)
    if not path.exists():
        raise UserError(
            f"The source {path} does not exist. Give a folder of images or a phantom recipe (.yaml)."
        )
    if path.suffix not in RECIPE_SUFFIXES:
        raise UserError(f"The source {path} is neither a folder of images nor a phantom recipe (.yaml).")
    if params.manifest:
        told = "{parameter} is {manifest}, but {path} is a recipe. Set it to null."
        raise UserError(say(told, parameter=parameter("manifest"), manifest=params.manifest, path=path))
    recipe = load_recipe(path)
    listing = Listing(_phantom_entries(recipe), ignored={})
    return Source("phantoms", listing, partial(_load_phantom, recipe=recipe, size=params.size), planes=3)


def _list(path: Path, params: Prepare) -> Listing:
    if not params.manifest:
        listing = list_folder(path)
        if not (path / MANIFEST).is_file():
            return listing
        told = "{file} was not read. If it lists the films, set {manifest} to {name}."
        note = say(told, file=path / MANIFEST, manifest=parameter("manifest"), name=MANIFEST)
        return replace(listing, notes=(*listing.notes, note))
    listing = list_manifest(path, params.manifest)
    return replace(listing, entries=[of_one_class(entry) for entry in listing.entries])


def load_file(
    entry: Entry, source: Path, size: int, padding: bool, min_side: int
) -> tuple[Loaded, np.ndarray]:
    """Read one image of a folder.

    Args:
        entry: as the folder or its manifest lists it.
        source: the folder.
        size: side of the square, px.
        padding: pad to a square, rather than squash.
        min_side: of the image as it is on disk, px.

    Returns:
        What is known of it, and its one plane, (1, size, size) uint8.

    Raises:
        Excluded: it cannot be used.
    """
    if entry.excluded:
        raise entry.excluded
    data = _read_bytes(source / entry.path)
    instead = stand_in(data[:HEAD], source / entry.path)
    if instead:
        raise Excluded("stand_in", f"{instead.what}. {instead.mend}")
    sha256 = hashlib.sha256(data).hexdigest()
    if entry.extra.get("sha256", "").lower() not in ("", sha256):
        raise Excluded("changed", f"sha256 is {sha256}, not what the manifest gives")
    film = read_film(data)
    check_usable(film.pixels, min_side)
    entry = with_header(entry, film)
    film = turn_inverted(flag_lateral(film, entry.extra.get("view", "")))
    height, width = film.pixels.shape
    square, content = fit(film.pixels, size, padding)
    digest = _pixel_hash(film.pixels)
    return Loaded(entry, width, height, sha256, digest, content, film.flags), square[np.newaxis]


def _read_bytes(file: Path) -> bytes:
    try:
        if not file.exists():
            tracked = only_tracked(file)
            if tracked:
                raise Excluded("stand_in", f"{tracked.what}. {tracked.mend}")
            raise Excluded("missing", "no such file")
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise Excluded("too_large", f"{size:,} bytes; {MAX_BYTES:,} are the limit")
        return regular_bytes(file, MAX_BYTES)
    except FileNotFoundError:
        raise Excluded("missing", "no such file") from None
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise  # a disk that fails today must not decide which films the study has
        raise Excluded("unreadable", error.strerror or type(error).__name__) from None


def _phantom_entries(recipe: PhantomRecipe) -> list[Entry]:
    entries = [
        Entry(f"{label}/{patient}.png", label, patient, split) for patient, label, split in patients(recipe)
    ]
    return sorted(entries, key=lambda entry: entry.path)


def _load_phantom(entry: Entry, recipe: PhantomRecipe, size: int) -> tuple[Loaded, np.ndarray]:
    phantom = draw(recipe, entry.label, str(entry.patient_id), size)
    digest = _pixel_hash(phantom.image)
    planes = np.stack([phantom.image, phantom.lungs, phantom.findings]).astype(np.uint8)
    return Loaded(entry, size, size, digest, digest, (0, 0, size, size)), planes


def _pixel_hash(pixels: np.ndarray) -> str:
    shape = "x".join(map(str, pixels.shape)).encode()
    return hashlib.sha256(shape + b"\n" + pixels.tobytes()).hexdigest()
