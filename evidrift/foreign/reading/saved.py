"""How a model was saved: its file's format, and the Keras that wrote it."""

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import h5py

from evidrift.foreign.reading.description import METADATA, WEIGHTS

MOST = 100_000  # bytes of it


class Saved(NamedTuple):
    """How a model was saved.

    Attributes:
        format: in words.
        keras: version that saved it, e.g. 3.8.0; None where the file does not say.
    """

    format: str
    keras: str | None


def saved(path: Path | None) -> Saved:
    """What a file says of itself; one that could be loaded, of whatever name. None for a loaded model."""
    if path is None:
        return Saved("Keras model in memory", None)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return Saved("Keras archive (.keras)", _version(_about(archive).get("keras_version")))
    with h5py.File(path) as file:
        what = "weights alone (HDF5)" if path.name.endswith(WEIGHTS) else "whole model (HDF5)"
        return Saved(what, _version(file.attrs.get("keras_version")))


def _about(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What the archive says of itself; nothing where that is damaged, since Keras never reads it."""
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    if sizes.get(METADATA, MOST + 1) > MOST:
        return {}
    try:
        about = json.loads(archive.read(METADATA))
    except (ValueError, RecursionError, zipfile.BadZipFile):
        return {}
    return about if isinstance(about, dict) else {}


def _version(given: object) -> str | None:
    text = given.decode("ascii", "replace") if isinstance(given, bytes) else given
    return text[:40] if isinstance(text, str) and text else None
