"""Classifiers that other people saved: read without running anything that is in them.

A Keras file can hold Python code (Lambda layers), name functions of any module, or name files to read. All
that is found in the file's description of the network before Keras sees it, and refused by name (`allowed`);
what is left is loaded in Keras's safe mode, uncompiled (`loading`). What it would take is worked out before
any of it is made; and a process apart reads it first, which has limits (`apart`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.end.check import check_ending, noise, taken_for
from evidrift.foreign.end.ending import Ending, Kind
from evidrift.foreign.flat import flattened
from evidrift.foreign.front import front_of, with_front
from evidrift.foreign.input_range import prepare_for, read_range
from evidrift.foreign.objects import sha256_of
from evidrift.foreign.opening import Opened, is_weights, open_file, without_maps
from evidrift.foreign.precision import in_float32, other_precision
from evidrift.foreign.reading.description import IN_MEMORY, Saved
from evidrift.foreign.reading.untouched import untouched
from evidrift.foreign.shapes import Shape, shape_of
from evidrift.networks.target.graph import trace

SCALES = ("Rescaling", "Normalization", "BatchNormalization")
PASSES = ("InputLayer", "Identity", "Cast", "Resizing", "Concatenate", "RandomFlip", "RandomRotation")


@dataclass(frozen=True)
class ModelFile:
    """A classifier from a file, ready to be explained.

    Attributes:
        path: of the file.
        sha256: of its bytes.
        saved: how it was saved.
        model: one flat graph from films, as `prepare` gives them, to its logits.
        bare: the same from its own input on, without what stands before that (`front`).
        preprocessing: how its input is made, see `input_range.read_range`.
        shape: of its own input.
        n_classes: that it tells apart, 2 for a single sigmoid output; of `sigmoids` the findings.
        prepare: brings films, (n, size, size) uint8, to what `model` takes, (n, size, size, channels)
            float32.
        n_parameters: numbers in its weights.
        notes: what its user should know.
        end: what was taken off behind the logits.
    """

    path: Path
    sha256: str
    saved: Saved
    model: keras.Model
    bare: keras.Model
    preprocessing: str
    shape: Shape
    n_classes: int
    prepare: Callable[[np.ndarray], np.ndarray]
    n_parameters: int
    notes: tuple[str, ...]
    end: Ending

    @property
    def size(self) -> int:
        """Side of the square films, px."""
        return self.shape.side

    @property
    def channels(self) -> int:
        """1 or 3."""
        return self.shape.channels

    def check_padding(self, padding: bool) -> None:
        """Refuse to pad films to a square for a network that would squash it."""
        if padding and not self.shape.is_square:
            told = (
                "{path} takes images of {shape} px, so a film that was padded to a square would "
                "be squashed all the same. Leave {padding} out."
            )
            raise UserError(say(told, path=self.path, shape=self.shape.said, padding=parameter("padding")))

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
        return None if is_weights(self.path) else taken_for(self.path, self.end)

    def probabilities(self, raw: np.ndarray) -> np.ndarray:
        """The model's own probabilities, (n, classes) float64, of what `model` gives, (n, outputs)."""
        return self.end.probabilities(raw)


def load_model_file(
    source: Path | Opened | keras.Model,
    *,
    architecture: str | None = None,
    preprocessing: str = "none",
    size: int = 224,
) -> ModelFile:
    """Read a classifier.

    Args:
        source: a file with a whole model (.keras, .h5), or with weights (.weights.h5) of an architecture of
            the zoo, which is read in this process; one that was read apart; or a model that is loaded
            already, whose layers may be its owner's. Of an object the path is its name, and the hash that of
            its description and weights.
        architecture: of the zoo, for weights.
        preprocessing: see `input_range.read_range`; for weights it is their architecture's.
        size: side of the input, px, for weights alone; a model says it itself.

    Raises:
        UserError: the file is missing, is no such file, holds code, or holds no classifier of grey or colour
            images of one size.
    """
    if isinstance(source, keras.Model):
        note = f"{source.name} was given as an object: its sha256 is of its description and weights."
        path = Path(source.name)
        opened = Opened(path, sha256_of(source), source, IN_MEMORY, None, None, (note,))
        return _model_file(opened, source, preprocessing)
    opened = open_file(source, architecture, size) if isinstance(source, Path) else source
    with untouched():
        return _model_file(opened, without_maps(opened), opened.architecture or preprocessing)


def _model_file(opened: Opened, classifier: keras.Model, preprocessing: str) -> ModelFile:
    path, notes = opened.path, list(opened.notes)
    try:
        precision = other_precision(classifier)
        bare, end = flattened(classifier)
        if precision is not None:
            classifier = in_float32(classifier)
            bare, end = flattened(classifier)
            notes.append(f"{path.name} computes in {precision}; here it was computed in float32.")
    except UserError as error:
        raise error.about(path) from None
    shape = shape_of(path, bare)
    if end.kind == "softmax" and shape.outputs == 1:
        raise UserError(f"{path} tells a single class apart: its one output is always 1.")
    prepare = prepare_for(preprocessing, shape.channels)
    front = front_of(shape, read_range(preprocessing).of_films)
    if opened.architecture is None:
        films = prepare(noise(shape.side))
        check_ending(path, classifier, bare, end, films if front is None else np.asarray(front(films)))
    if preprocessing == "none" and not _scales_its_input(bare):
        told = (
            "Nothing at the beginning of {file} scales its input, and films go in as grey levels 0 to "
            "255. If it was trained on another range, say which ({preprocessing}): unit, tf, torch, "
            "caffe, samplewise, or a mean and a deviation."
        )
        notes.append(say(told, file=path.name, preprocessing=parameter("preprocessing")))
    return ModelFile(
        path=path,
        sha256=opened.sha256,
        saved=opened.saved,
        model=bare if front is None else with_front(bare, front, shape),
        bare=bare,
        preprocessing=preprocessing,
        shape=shape,
        n_classes=max(shape.outputs, 2),
        prepare=prepare,
        n_parameters=bare.count_params(),
        notes=tuple(notes),
        end=end,
    )


def _scales_its_input(model: keras.Model) -> bool:
    """Whether anything but the first weighted layer changes the range of the input."""
    for step in trace(model)[1:]:
        kind = type(step.operation).__name__
        if kind in SCALES or kind in ("Add", "Subtract", "Divide", "TrueDivide", "Multiply"):
            return True
        if kind not in PASSES and getattr(step.operation, "weights", None):
            return False
    return False
