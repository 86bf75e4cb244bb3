"""A model file opened: the classifier in it as Keras has it, before anything is made of it."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import keras

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.export import without_evidence
from evidrift.foreign.reading import hdf5
from evidrift.foreign.reading.description import WEIGHTS, Saved, check_is_file
from evidrift.foreign.reading.loading import load
from evidrift.foreign.reading.untouched import untouched
from evidrift.foreign.shapes import MAX_SIDE
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import LOGITS, build_classifier
from evidrift.prepare.pointers import only_tracked

OF_WEIGHTS = "weights alone (HDF5)"


class Opened(NamedTuple):
    """A model that was read from a file.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        classifier: as Keras has it, with its weights.
        saved: how the file was saved.
        described: what the model was made from, see `loading.Loaded`; None for weights alone.
        architecture: of the zoo, for weights alone.
        notes: what its user should know of how it was read.
    """

    path: Path
    sha256: str
    classifier: keras.Model
    saved: Saved
    described: str | None
    architecture: str | None
    notes: tuple[str, ...] = ()


def is_weights(path: Path) -> bool:
    """Whether a file is said to hold weights alone."""
    return path.name.lower().endswith(WEIGHTS)


def open_file(path: Path, architecture: str | None, size: int) -> Opened:
    """Read a model file in this process.

    Args:
        path: of a whole model (.keras, .h5), or of weights (.weights.h5) of an architecture of the zoo.
        architecture: of the zoo, for weights.
        size: side of the input, px, for weights.

    Raises:
        UserError: see `files.load_model_file`.
        MemoryError: it needs more than there is.
    """
    check_is_file(path, only_tracked(path))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not is_weights(path):
        loaded = load(path)
        return Opened(path, sha256, loaded.model, loaded.saved, loaded.described, None)
    named = check_named(path, architecture, size)
    classes, version = _of_weights(path)
    with untouched():
        classifier = zoo_classifier(named, size, classes)
        load_weights(classifier, path)
    return Opened(path, sha256, classifier, Saved(OF_WEIGHTS, version), None, named)


def without_maps(opened: Opened) -> keras.Model:
    """The classifier, without the evidence that an exported one gives beside its probabilities."""
    return opened.classifier if opened.architecture else without_evidence(opened.classifier)


def zoo_classifier(architecture: str, size: int, classes: int) -> keras.Model:
    """A classifier of the zoo, for weights of a file."""
    return build_classifier(build_backbone(architecture, size, {}), classes, dropout=0)


def check_named(path: Path, architecture: str | None, size: int) -> str:
    """The architecture of a file of weights; refuses one that is not named, or not of this size."""
    if architecture is None:
        sentence = (
            "{path} holds weights alone. Name their architecture ({architecture}), e.g. resnet50v2, or "
            "save the whole model: model.save('name.keras')."
        )
        raise UserError(say(sentence, path=path, architecture=parameter("architecture")))
    if not find(architecture).MIN_SIZE <= size <= MAX_SIDE:
        least = find(architecture).MIN_SIZE
        told = "{given} is {size}; it must be {least} to {most} px."
        raise UserError(say(told, given=parameter("size"), size=size, least=least, most=MAX_SIDE))
    return architecture


def _of_weights(path: Path) -> tuple[int, str | None]:
    """Outputs of the layer `logits` in a file of weights, and the Keras that saved it, if it says so."""
    try:
        with hdf5.opened(path) as file:
            variables = [layer["vars"] for layer in file["layers"].values()]
            (head,) = (each for each in variables if each.attrs.get("name") == LOGITS)
            version = hdf5.text(file, "keras_version", 40)
            return int(head["1"].shape[0]), None if version is None else version.decode("ascii", "replace")
    except (OSError, KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError):
        raise UserError(
            f"{path} holds no classifier's weights as this project saves them, with a last layer `logits`. "
            "Save the whole model instead: model.save('name.keras')."
        ) from None
