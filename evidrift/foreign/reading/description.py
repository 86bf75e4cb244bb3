"""What a model file says of its network: read as text, before Keras sees any of it."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from evidrift.base.errors import UserError
from evidrift.foreign.reading import archive, hdf5
from evidrift.foreign.reading.archive import CONFIG, METADATA, VARIABLES
from evidrift.prepare.pointers import StandIn, head_of, stand_in

WEIGHTS = ".weights.h5"
SUFFIXES = (".keras", ".h5", ".hdf5")
ACCEPTED = f"Expected was a Keras model ({', '.join(SUFFIXES[:2])}) or weights ({WEIGHTS})."
# NASNetLarge, of 1,041 layers, has 1 MB with 20,000 parts, 11 deep.
MAX_CONFIG = 16 * 1024**2  # bytes
MAX_PARTS = 400_000  # lists and objects, some 200 bytes each once read
MAX_VALUES = 2_000_000
MAX_DEPTH = 100
MAX_ABOUT = 100_000  # bytes of what an archive says of itself
HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK"
OTHERS = {
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".onnx": "an ONNX file",
    ".pb": "a TensorFlow graph",
    ".tflite": "a TensorFlow Lite file",
    ".ckpt": "a TensorFlow checkpoint",
}


class Saved(NamedTuple):
    """How a model was saved.

    Attributes:
        format: in words.
        keras: version that saved it, e.g. 3.8.0; None where the file does not say.
    """

    format: str
    keras: str | None


IN_MEMORY = Saved("Keras model in memory", None)


@dataclass(frozen=True)
class Description:
    """A network as its file describes it.

    Attributes:
        container: `zip` (.keras) or `hdf5` (.h5), whatever the file's name.
        model: class and settings of the model and of all layers, as the file has them.
        version: of the Keras that saved it, e.g. 2.15.0; "" where the file does not say.
    """

    container: Literal["zip", "hdf5"]
    model: dict[str, Any]
    version: str

    @property
    def saved(self) -> Saved:
        """How the file was saved."""
        what = "Keras archive (.keras)" if self.container == "zip" else "whole model (HDF5)"
        return Saved(what, self.version or None)

    @property
    def of_keras_2(self) -> bool:
        """Whether it was saved before Keras 3; files that do not say are older than 2.0.3."""
        return not self.version.startswith("3.")


def check_is_file(path: Path, missing: StandIn | None) -> None:
    """Refuse what is no model file, by what it is.

    Args:
        path: of the file.
        missing: what is there of it where it is not.

    Raises:
        UserError: it is a folder, does not exist, stands for a file elsewhere, or has another framework's
            ending.
    """
    if path.is_dir():
        _refuse_folder(path)
    if not path.is_file():
        told = (
            f"{path} is {missing.what}. {missing.mend}" if missing else f"{path} does not exist. {ACCEPTED}"
        )
        raise UserError(told)
    if not path.stat().st_size:
        raise UserError(f"{path} is empty. {ACCEPTED}")
    head = head_of(path)
    found = stand_in(head, path)
    if found and not head.startswith(ZIP):
        raise UserError(f"{path} is {found.what}. {found.mend}")
    other = OTHERS.get(path.suffix.lower())
    if other:
        raise UserError(f"{path} is {other}. {ACCEPTED} Rebuild the network in Keras and copy its weights.")
    if path.suffix.lower() not in SUFFIXES and not head.startswith((HDF5, ZIP)):
        raise UserError(f"{path} is no model file that is known by its name or by what it holds. {ACCEPTED}")


def read_description(path: Path) -> Description:
    """What a model file says of its network.

    Raises:
        UserError: it is no Keras model, is damaged, or holds weights alone.
    """
    head = head_of(path)
    container: Literal["zip", "hdf5"] = "zip" if head.startswith(ZIP) else "hdf5"
    if not head.startswith((ZIP, HDF5)) and path.suffix.lower() == ".keras":
        container = "zip"  # to be called damaged
    try:
        found = _from_zip(path) if container == "zip" else _from_hdf5(path)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RuntimeError, RecursionError) as error:
        what = "Keras model" if container == "zip" else "HDF5 file of a Keras model"
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UserError(f"{path} is no {what}, or is damaged: {reason}.") from None
    inner = found.model.get("config") if isinstance(found.model, dict) else None
    if not isinstance(inner, dict | list) or not isinstance(found.model.get("class_name"), str):
        raise UserError(f"{path} describes no model, or is damaged.")
    return found


def _from_zip(path: Path) -> Description:
    with archive.opened(path) as found:
        names = found.namelist()
        if CONFIG not in names or VARIABLES not in names:
            raise UserError(_other_archive(path, names))
        model = parsed(path, archive.member(found, path, CONFIG, MAX_CONFIG))
        return Description("zip", model, _version(_about(found, path).get("keras_version")))


def _about(found: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """What the archive says of itself; nothing where that is damaged, since Keras never reads it."""
    if METADATA not in found.namelist() or found.getinfo(METADATA).file_size > MAX_ABOUT:
        return {}
    try:
        about = json.loads(archive.member(found, path, METADATA, MAX_ABOUT))
    except (ValueError, RecursionError, zipfile.BadZipFile):
        return {}
    return about if isinstance(about, dict) else {}


def _version(given: object) -> str:
    told = given.decode("ascii", "replace") if isinstance(given, bytes) else given
    return told[:40] if isinstance(told, str) else ""


def parsed(path: Path, described: bytes) -> Any:
    """A description from JSON, unless it is larger or deeper than that of any network."""
    n_parts = described.count(b"{") + described.count(b"[")
    if n_parts > MAX_PARTS or described.count(b",") > MAX_VALUES:
        raise UserError(
            f"{path} describes a network of more than {MAX_PARTS:,} parts, or {MAX_VALUES:,} values: it is "
            "not read."
        )
    model = json.loads(described)
    level, depth = [model], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UserError(f"{path} describes a network nested more than {MAX_DEPTH} deep: it is not read.")
        inside = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for parts in inside for each in parts if isinstance(each, dict | list)]
    return model


def _other_archive(path: Path, members: list[str]) -> str:
    """The sentence for an archive that is no .keras file."""
    inside = [each for each in members if each.lower().endswith((*SUFFIXES[:2], ".pb"))]
    if not inside:
        held = f": it holds {members[0]!a}" if members else ", and an empty one"
        return f"{path} is no Keras model, but another ZIP archive{held}. {ACCEPTED}"
    if inside[0].endswith(".pb"):
        return f"{path} is a ZIP archive of a TensorFlow SavedModel. {SAVED_MODEL}"
    return f"{path} is a ZIP archive that holds {inside[0]!a}. Unpack it and give that file."


SAVED_MODEL = (
    "Where it was made, load it with TensorFlow (tf.keras.models.load_model) and save it as one file: "
    "model.save('name.h5')."
)


def _refuse_folder(path: Path) -> None:
    if (path / "saved_model.pb").exists() or (path / "keras_metadata.pb").exists():
        raise UserError(f"{path} is a TensorFlow SavedModel, a folder. {SAVED_MODEL}")
    if (path / CONFIG).exists() and (path / VARIABLES).exists():
        raise UserError(
            f"{path} is a folder, an unpacked .keras file. Pack it: cd {path} && zip -0 -r ../model.keras ."
        )
    raise UserError(f"{path} is a folder, not a file. {ACCEPTED} Keras saves one: model.save('name.keras').")


def _from_hdf5(path: Path) -> Description:
    with hdf5.opened(path) as file:
        if "model_config" not in file.attrs:
            raise UserError(
                f"{path} holds weights alone, or no model. Save all of it: model.save('name.keras')."
            )
        described = hdf5.text(file, "model_config", MAX_CONFIG)
        if described is None:
            raise UserError(f"{path} describes a network of more than {MAX_CONFIG:,} bytes: it is not read.")
        version = hdf5.text(file, "keras_version", MAX_ABOUT)
        return Description("hdf5", parsed(path, described), _version(version))
