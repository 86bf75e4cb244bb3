"""Classifiers that other people saved: read without running anything that is in them.

A Keras file can hold Python code (Lambda layers), name functions of any module, or name files to read. All
that is found in the file's description of the network before Keras sees it, and refused by name; what is left
is loaded in Keras's safe mode, uncompiled.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from evidrift.attribution.graph import trace
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.ending import Ending, Kind
from evidrift.foreign.ending_check import check_ending, noise, taken_for
from evidrift.foreign.flat import flattened
from evidrift.foreign.front import with_front
from evidrift.foreign.input_range import prepare_for, read_range
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import LOGITS, build_classifier

WEIGHTS = ".weights.h5"
SUFFIXES = (".keras", ".h5", ".hdf5")
# Layers that run code of their own, or of another framework, or read a file that the model names.
RUN_CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
MAX_CONFIG = 64 * 1024**2  # bytes; the largest network of keras.applications has one
MAX_SIDE = 2048  # px
SCALES = ("Rescaling", "Normalization", "BatchNormalization")
PASSES = ("InputLayer", "Identity", "Cast", "Resizing", "Concatenate", "RandomFlip", "RandomRotation")
OTHERS = {
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".onnx": "an ONNX file",
    ".pb": "a TensorFlow graph",
    ".tflite": "a TensorFlow Lite file",
    ".ckpt": "a TensorFlow checkpoint",
}


@dataclass(frozen=True)
class ModelFile:
    """A classifier from a file, ready to be explained.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        model: one flat graph from films, as `prepare` gives them, to its logits.
        bare: the same from its own input on, without what its preprocessing does to each film as a whole.
        preprocessing: how its input is made, see `input_range.read_range`.
        size: side of its square input, px.
        channels: 1 or 3.
        n_classes: that it tells apart, 2 for a single sigmoid output; of `sigmoids` the findings.
        prepare: brings grey levels, (n, size, size) uint8, to its input, (n, size, size, channels) float32.
        n_parameters: numbers in its weights.
        notes: what its user should know.
        end: what was taken off behind the logits.
    """

    path: Path
    sha256: str
    model: keras.Model
    bare: keras.Model
    preprocessing: str
    size: int
    channels: int
    n_classes: int
    prepare: Callable[[np.ndarray], np.ndarray]
    n_parameters: int
    notes: tuple[str, ...]
    end: Ending

    @property
    def ending(self) -> Kind:
        """How the file's own model ends: `softmax`, `sigmoid`, `sigmoids` or `logits`."""
        return self.end.kind

    @property
    def several(self) -> bool:
        """Whether each output is a finding of its own, so that a film can have several or none."""
        return self.end.kind == "sigmoids"

    @property
    def taken_for(self) -> str | None:
        """What its user should know of how it ends: what its outputs are taken for, if it does not say."""
        return None if self.path.name.endswith(WEIGHTS) else taken_for(self.path, self.end)

    def probabilities(self, raw: np.ndarray) -> np.ndarray:
        """The model's own probabilities, (n, classes) float64, of what `model` gives, (n, outputs)."""
        return self.end.probabilities(raw)


def load_model_file(
    path: Path, *, architecture: str | None = None, preprocessing: str = "none", size: int = 224
) -> ModelFile:
    """Read a classifier.

    Args:
        path: a whole model (.keras, .h5), or weights (.weights.h5) of an architecture of the zoo.
        architecture: of the zoo, for weights.
        preprocessing: see `input_range.read_range`; for weights it is their architecture's.
        size: side of the input, px, for weights alone; a model says it itself.

    Raises:
        UserError: the file is missing, is no such file, holds code, or holds no classifier of grey or colour
            images of one size.
    """
    _check_is_file(path)
    if path.name.endswith(WEIGHTS):
        classifier = _from_weights(path, architecture, size)
        preprocessing = str(architecture)
    else:
        classifier = _from_model(path)
    front = read_range(preprocessing).of_films
    try:
        bare, end = flattened(classifier)
    except UserError as error:
        raise error.about(path) from None
    side, channels, outputs = _shapes(path, bare)
    if end.kind == "softmax" and outputs == 1:
        raise UserError(f"{path} tells a single class apart: its one output is always 1.")
    prepare = prepare_for(preprocessing, channels)
    model = bare if front is None else with_front(bare, front, (side, side, channels))
    notes = []
    if not path.name.endswith(WEIGHTS):
        check_ending(path, classifier, bare, end, prepare(noise(side)))
    if preprocessing == "none" and not _scales_its_input(bare):
        told = (
            "Nothing at the beginning of {file} scales its input, and films go in as grey levels 0 to "
            "255. If it was trained on another range, say which ({preprocessing}): unit, tf, torch, "
            "caffe, samplewise, or a mean and a deviation."
        )
        notes.append(say(told, file=path.name, preprocessing=parameter("preprocessing")))
    return ModelFile(
        path=path,
        sha256=_sha256(path),
        model=model,
        bare=bare,
        preprocessing=preprocessing,
        size=side,
        channels=channels,
        n_classes=max(outputs, 2),
        prepare=prepare,
        n_parameters=model.count_params(),
        notes=tuple(notes),
        end=end,
    )


def _check_is_file(path: Path) -> None:
    accepted = f"Expected was a Keras model ({', '.join(SUFFIXES[:2])}) or weights ({WEIGHTS})."
    if path.is_dir():
        what = "a TensorFlow SavedModel" if (path / "saved_model.pb").exists() else "a folder"
        raise UserError(
            f"{path} is {what}, not a file. {accepted} Keras saves one: model.save('name.keras')."
        )
    if not path.is_file():
        raise UserError(f"{path} does not exist. {accepted}")
    if path.suffix.lower() not in SUFFIXES:
        what = OTHERS.get(path.suffix.lower(), f"a file named *{path.suffix}")
        raise UserError(f"{path} is {what}. {accepted} Rebuild the network in Keras and copy its weights.")
    if not path.stat().st_size:
        raise UserError(f"{path} is empty. {accepted}")


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


def _from_model(path: Path) -> keras.Model:
    config = _read_config(path)
    _refuse_code(path, config)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged or foreign file can break Keras in any way
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"{path} cannot be read by Keras {keras.__version__}: {reason} Save it again with Keras 3: "
            "model.save('name.keras')."
        ) from None
    if not isinstance(model, keras.Model):
        raise UserError(f"{path} holds a {type(model).__name__}, not a model.")
    return model


def _read_config(path: Path) -> Any:
    """The file's description of the network."""
    try:
        if path.suffix.lower() == ".keras":
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo("config.json").file_size > MAX_CONFIG:
                    raise UserError(f"{path} describes a network of more than {MAX_CONFIG:,} bytes.")
                return json.loads(archive.read("config.json"))
        with h5py.File(path) as file:
            text = file.attrs.get("model_config")
            if text is None:
                raise UserError(
                    f"{path} holds weights alone, or no model. Save all of it: model.save('name.keras')."
                )
            return json.loads(text)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RuntimeError, RecursionError) as error:
        what = "Keras model" if path.suffix.lower() == ".keras" else "HDF5 file of a Keras model"
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise UserError(f"{path} is no {what}, or is damaged: {reason}.") from None


def _refuse_code(path: Path, config: Any) -> None:
    """Refuse what would run code, or needs code that is not Keras's own."""
    mend = "Rebuild the model with Keras's own layers, such as Rescaling, and save it again."
    for part in _objects(config):
        kind, module, inner = str(part.get("class_name")), part.get("module"), part.get("config")
        name = str(inner.get("name", kind)) if isinstance(inner, dict) else str(inner or kind)
        if kind in RUN_CODE:
            raise UserError(
                f"{path} holds {name} ({kind}), which is code in the file, or runs a file beside it: it "
                f"is not run. {mend}"
            )
        foreign = module is None and part.get("registered_name") not in (None, kind)
        function = kind == "function" and not hasattr(keras.activations, name)
        if foreign or function or (module is not None and not _is_keras(str(module))):
            raise UserError(
                f"{path} holds {name} ({kind}), which is not Keras's own but its author's code: it is not "
                f"loaded. {mend}"
            )


def _is_keras(module: str) -> bool:
    return module == "builtins" or module.split(".")[0] == "keras"


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every description of an object in a network's description, at any depth."""
    todo = [config]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if "class_name" in item:
                yield item
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


def _shapes(path: Path, model: keras.Model) -> tuple[int, int, int]:
    """Side and channels of the input, and outputs."""
    _, height, width, channels = model.inputs[0].shape
    if height != width:
        raise UserError(f"{path} takes images of {height} x {width} px; only square ones can be audited.")
    if height > MAX_SIDE:
        raise UserError(f"{path} takes images of {height} px a side; {MAX_SIDE} are the limit.")
    if channels not in (1, 3):
        raise UserError(f"{path} takes images of {channels} channels; expected were 1 (grey) or 3 (colour).")
    return int(height), int(channels), int(model.outputs[0].shape[-1])


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
