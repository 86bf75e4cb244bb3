"""Classifiers that other people saved: read without running anything that is in them.

A Keras file can hold Python code (Lambda layers), name functions of any module, or name files to read. All
that is found in the file's description of the network before Keras sees it, and refused by name (`allowed`);
what is left is loaded in Keras's safe mode, uncompiled (`loading`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import keras
import numpy as np

from evidrift.attribution.graph import trace
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.description import WEIGHTS, check_is_file
from evidrift.foreign.flat import explainable
from evidrift.foreign.input_range import prepare_for
from evidrift.foreign.loading import load
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import LOGITS, build_classifier
from evidrift.prepare.pointers import only_tracked

MAX_SIDE = 2048  # px
SCALES = ("Rescaling", "Normalization", "BatchNormalization")
PASSES = ("InputLayer", "Identity", "Cast", "Resizing", "Concatenate", "RandomFlip", "RandomRotation")


@dataclass(frozen=True)
class ModelFile:
    """A classifier from a file, ready to be explained.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        model: one flat graph from its input to its logits.
        size: side of its square input, px.
        channels: 1 or 3.
        n_classes: that it tells apart; 2 for a single sigmoid output.
        prepare: brings grey levels, (n, size, size) uint8, to its input, (n, size, size, channels) float32.
        n_parameters: numbers in its weights.
        notes: what its user should know.
    """

    path: Path
    sha256: str
    model: keras.Model
    size: int
    channels: int
    n_classes: int
    prepare: Callable[[np.ndarray], np.ndarray]
    n_parameters: int
    notes: tuple[str, ...]


def load_model_file(
    path: Path, *, architecture: str | None = None, preprocessing: str = "none", size: int = 224
) -> ModelFile:
    """Read a classifier.

    Args:
        path: a whole model (.keras, .h5), or weights (.weights.h5) of an architecture of the zoo.
        architecture: of the zoo, for weights.
        preprocessing: `none`, `unit`, `tf`, `torch`, `caffe` or an architecture of the zoo; for weights it is
            their architecture's.
        size: side of the input, px, for weights alone; a model says it itself.

    Raises:
        UserError: the file is missing, is no such file, holds code, or holds no classifier of grey or colour
            images of one size.
    """
    check_is_file(path, only_tracked(path))
    if path.name.endswith(WEIGHTS):
        classifier = _from_weights(path, architecture, size)
        preprocessing = str(architecture)
    else:
        classifier = load(path)
    try:
        model = explainable(classifier)
    except UserError as error:
        raise error.about(path) from None
    side, channels, outputs = _shapes(path, model)
    notes = []
    if preprocessing == "none" and not _scales_its_input(model):
        told = (
            "Nothing at the beginning of {file} scales its input, and films go in as grey levels 0 to "
            "255. If it was trained on another range, say which ({preprocessing}): unit, tf, torch or "
            "caffe."
        )
        notes.append(say(told, file=path.name, preprocessing=parameter("preprocessing")))
    return ModelFile(
        path=path,
        sha256=_sha256(path),
        model=model,
        size=side,
        channels=channels,
        n_classes=max(outputs, 2),
        prepare=prepare_for(preprocessing, channels),
        n_parameters=model.count_params(),
        notes=tuple(notes),
    )


def _from_weights(path: Path, architecture: str | None, size: int) -> keras.Model:
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
    classes = _classes_in(path)
    classifier = build_classifier(build_backbone(architecture, size, {}), classes, dropout=0)
    load_weights(classifier, path)
    return classifier


def _classes_in(path: Path) -> int:
    """Outputs of the layer `logits` in a file of weights."""
    try:
        with h5py.File(path) as file:
            variables = [layer["vars"] for layer in file["layers"].values()]
            (head,) = (each for each in variables if each.attrs.get("name") == LOGITS)
            return int(head["1"].shape[0])
    except (OSError, KeyError, ValueError):
        raise UserError(
            f"{path} holds no classifier's weights as this project saves them, with a last layer `logits`. "
            "Save the whole model instead: model.save('name.keras')."
        ) from None


def _shapes(path: Path, model: keras.Model) -> tuple[int, int, int]:
    """Side and channels of the input, and outputs."""
    _, height, width, channels = model.inputs[0].shape
    if height != width:
        raise UserError(f"{path} takes images of {height} x {width} px; only square ones can be audited.")
    if height > MAX_SIDE:
        raise UserError(f"{path} takes images of {height} px a side; {MAX_SIDE} are the limit.")
    if channels not in (1, 3):
        raise UserError(f"{path} takes images of {channels} channels; expected were 1 (grey) or 3 (colour).")
    outputs = int(model.outputs[0].shape[-1])
    last = trace(model)[-1].operation
    if outputs == 1 and "softmax" in str(getattr(last, "name", "")):
        raise UserError(f"{path} tells a single class apart: its one output is always 1.")
    return int(height), int(channels), outputs


def _scales_its_input(model: keras.Model) -> bool:
    """Whether anything but the first weighted layer changes the range of the input."""
    for step in trace(model)[1:]:
        kind = type(step.operation).__name__
        if kind in SCALES or kind in ("Subtract", "Divide", "TrueDivide", "Multiply"):
            return True
        if kind not in PASSES and getattr(step.operation, "weights", None):
            return False
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
