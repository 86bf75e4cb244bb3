"""Target layers, found in the graph: never "the last Conv2D", which is one branch of a block.

`last` is the tensor that enters global pooling. `penultimate` is the last tensor before it

(a) that every path to the logits passes, so that no evidence goes around it;
(b) that is non-negative by construction: ReLU, or concatenation or pooling of ReLUs;
(c) whose gradient varies over space. Global average pooling hands back the same gradient everywhere,
    and pointwise linear operations (1x1 convolution, batch normalisation, dropout) keep it so, as do
    zero-padding and average pooling without overlap; anything else between a tensor and the pooling
    makes its gradient vary: a ReLU gates it from place to place, a wider kernel meets the border. Where
    the grid has a single place (a small input), nothing varies.

All three are read from the graph rather than probed with numbers, so that the answer does not depend on
the weights; what the gradients then really do is measured and stored with the maps.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import activations
from keras import layers as kl

from evidrift.attribution.graph import Step, articulations, trace
from evidrift.errors import UserError

GLOBAL_POOLING = (kl.GlobalAveragePooling2D, kl.GlobalMaxPooling2D)
KEEPS_SIGN = (
    kl.Concatenate,
    kl.MaxPooling2D,
    kl.AveragePooling2D,
    kl.ZeroPadding2D,
    kl.Dropout,
    kl.SpatialDropout2D,
)
LINEAR_POINTWISE = (
    kl.BatchNormalization,
    kl.Concatenate,
    kl.Add,
    kl.ZeroPadding2D,
    kl.Dropout,
    kl.SpatialDropout2D,
    kl.Rescaling,
    kl.GlobalAveragePooling2D,
)
CANDIDATES_SHOWN = 12


class TargetLayers(NamedTuple):
    """Names of the two layers that conclusions can rest on."""

    penultimate: str
    last: str


@dataclass(frozen=True)
class TargetLayer:
    """A layer to explain at.

    Attributes:
        label: as it was asked for: `penultimate`, `last` or the layer's own name.
        name: the layer's name in the network.
        position: of its step in the network's trace.
        output: its symbolic output, (batch, h, w, channels).
        rectified: non-negative by construction.
    """

    label: str
    name: str
    position: int
    output: keras.KerasTensor
    rectified: bool


def target_layers(model: keras.Model) -> TargetLayers:
    """The names of a classifier's `penultimate` and `last`.

    Raises:
        UserError: it has no such layers; the sentence lists its candidates.
    """
    penultimate, last = resolve(model, ["penultimate", "last"])
    return TargetLayers(penultimate.name, last.name)


def resolve(model: keras.Model, labels: Sequence[str]) -> list[TargetLayer]:
    """The layers that the labels `penultimate`, `last` or layers' own names stand for, in that order.

    Raises:
        UserError: a label fits no layer; the sentence lists the candidates.
    """
    steps = trace(model)
    rectified = _rectified(steps)
    found = []
    for label in labels:
        position = _position(label, steps, rectified, model.name)
        step = steps[position]
        found.append(TargetLayer(label, step.name, position, step.output, rectified[position]))
    return found


def _position(label: str, steps: list[Step], rectified: list[bool], model: str) -> int:
    if label in ("penultimate", "last"):
        pooling = _global_pooling(steps)
        if pooling is None:
            raise UserError(
                f"{model} has no global pooling layer that every path passes, so its layer `{label}` is not "
                f"known. Name a layer instead. {_candidates(steps, rectified)}"
            )
        if label == "last":
            return steps[pooling].inputs[0]
        found = _penultimate(steps, rectified, pooling)
        if found is None:
            raise UserError(
                f"{model} has no layer `penultimate`: no tensor before the one that enters global pooling is "
                "passed by every path, non-negative by construction, and has a gradient that varies over "
                f"space. Name a layer instead. {_candidates(steps, rectified)}"
            )
        return found
    named = [position for position, step in enumerate(steps) if step.name == label and _is_spatial(step)]
    if len(named) != 1:
        close = difflib.get_close_matches(label, [step.name for step in steps if _is_spatial(step)], n=1)
        hint = f"Did you mean {close[0]}? " if close and not named else ""
        problem = f"calls the layer {label} {len(named)} times" if named else f"has no spatial layer {label}"
        raise UserError(f"{model} {problem}. {hint}{_candidates(steps, rectified)}")
    return named[0]


def _global_pooling(steps: list[Step]) -> int | None:
    """The last global pooling that every path passes: not those inside squeeze-and-excitation."""
    passed = reversed(articulations(steps))
    return next((at for at in passed if isinstance(steps[at].operation, GLOBAL_POOLING)), None)


def _penultimate(steps: list[Step], rectified: list[bool], pooling: int) -> int | None:
    last = steps[pooling].inputs[0]
    for position in reversed(articulations(steps)):
        if position < last and rectified[position] and _is_spatial(steps[position]):
            # both ends are passed by every path, so all steps between them lie on the way
            between = range(position + 1, pooling + 1)
            if not all(_keeps_gradient_constant(steps[at], steps) for at in between):
                return position
    return None


def _rectified(steps: list[Step]) -> list[bool]:
    """Which steps' outputs are non-negative by construction."""
    known: list[bool] = []
    for step in steps:
        inherits = isinstance(step.operation, KEEPS_SIGN) and all(known[at] for at in step.inputs)
        known.append(inherits or _is_relu(step.operation))
    return known


def _is_relu(operation: Any) -> bool:
    if isinstance(operation, kl.ReLU):
        return operation.negative_slope == 0
    if type(operation).__name__ in ("Relu", "Relu6"):  # keras.ops.relu and relu6, not exported as classes
        return True
    return _activation(operation) in (activations.relu, activations.relu6)


def _activation(operation: Any) -> Any:
    """The function that ends a layer, or None; recurrent and attention layers use theirs inside."""
    ends = (kl.Activation, kl.Conv2D, kl.DepthwiseConv2D, kl.SeparableConv2D, kl.Dense)
    return operation.activation if isinstance(operation, ends) else None


def _keeps_gradient_constant(step: Step, steps: list[Step]) -> bool:
    """Whether a gradient that is the same at every place of the output is so at the inputs too."""
    operation, inputs = step.operation, [steps[at].output for at in step.inputs]
    if all(tensor.shape[1:-1] in ((), (1, 1)) for tensor in inputs):
        return True  # a single place
    if isinstance(operation, kl.Conv2D | kl.DepthwiseConv2D):
        pointwise = operation.kernel_size == (1, 1) and operation.strides == (1, 1)
        return pointwise and _activation(operation) is activations.linear
    if isinstance(operation, kl.Activation | kl.Dense):
        return _activation(operation) is activations.linear
    if isinstance(operation, kl.AveragePooling2D):
        sides = zip(inputs[0].shape[1:3], operation.pool_size, strict=True)
        tiles = all(side % pool == 0 for side, pool in sides)
        return tiles and operation.strides == operation.pool_size
    return isinstance(operation, LINEAR_POINTWISE)


def _is_spatial(step: Step) -> bool:
    return len(step.output.shape) == 4


def _candidates(steps: list[Step], rectified: list[bool]) -> str:
    passed = [at for at in articulations(steps) if at > 0 and _is_spatial(steps[at])]
    shown = [
        f"{steps[at].name} ({'x'.join(map(str, steps[at].output.shape[1:]))}"
        f"{', rectified' if rectified[at] else ''})"
        for at in passed[: -CANDIDATES_SHOWN - 1 : -1]
    ]
    more = f" and {len(passed) - len(shown)} before them" if len(passed) > len(shown) else ""
    return f"Layers that every path passes, last first: {', '.join(shown) or 'none'}{more}."
