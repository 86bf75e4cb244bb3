"""Target layers, found in the graph: never "the last Conv2D", which is one branch of a block.

`last` is the tensor that loses its grid next: it enters global pooling (a layer, a mean over space, pooling
of the whole grid, several of them side by side) or a Flatten. `penultimate` is the last tensor before it

(a) that every path to the logits passes, so that no evidence goes around it;
(b) that is non-negative by construction: ReLU, or concatenation, sum, gating or pooling of such;
(c) whose gradient varies over space. Global average pooling hands back the same gradient everywhere,
    and pointwise linear operations (1x1 convolution, batch normalisation, dropout) keep it so, as do
    zero-padding, average pooling without overlap and gates of one number a channel; anything else between
    a tensor and the pooling makes its gradient vary: a ReLU gates it from place to place, a wider kernel
    meets the border. Where the grid has a single place (a small input), nothing varies.

Maximum pooling picks a place for each channel and a Flatten weighs each place by itself, so there the
gradient varies at `last` already, and `penultimate`, with (c) met everywhere, is the rectified tensor before.

Where none is rectified (swish, GELU, a transformer whose tokens lie on a grid), `penultimate` is the last
tensor before `last` with (a) and (c) that is a block's output or an activation, not a bare convolution or
normalisation, whose zero is arbitrary. It is marked as not rectified: Grad-CAM++ is not defined there. ReLUs
before the last activation of that kind do not count, for MobileNetV3 has them far from its end. Where layer
normalisation alone takes that tensor (ConvNeXt, a pre-norm transformer), HiResCAM is 0 at every place, for
the normalised values do not change along the tensor itself.

All this is read from the graph rather than probed with numbers, so that the answer does not depend on
the weights; what the gradients then really do is measured and stored with the maps.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras

from evidrift.base.errors import UserError
from evidrift.base.sentence import Sentence, parameter, say
from evidrift.networks.target.graph import Step, articulations, consumers, trace
from evidrift.networks.target.operations import (
    bare,
    is_padding,
    is_signed_activation,
    is_single_place,
    keeps_gradient_constant,
    loses_grid,
    pools_grid,
    rectified,
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
    signs = rectified(steps)
    found = []
    for label in labels:
        position = _position(label, steps, signs, model.name)
        step = steps[position]
        found.append(TargetLayer(label, step.name, position, step.output, signs[position]))
    return found


def _position(label: str, steps: list[Step], signs: list[bool], model: str) -> int:
    if label in ("penultimate", "last"):
        last = _last(steps)
        if last is None:
            told = (
                "{model} has no tensor that every path passes on its way into global pooling or a "
                "Flatten, so its layer `{label}` is not known. {candidates}"
            )
            raise UserError(say(told, model=model, label=label, candidates=_candidates(steps, signs)))
        if label == "last":
            return last
        found = _penultimate(steps, signs, last)
        if found is None:
            told = (
                "{model} has no layer `penultimate`: no tensor before {last}, its `last`, is passed by "
                "every path, is a block's output or an activation, and has a gradient that varies over "
                "space. {candidates}"
            )
            raise UserError(
                say(told, model=model, last=steps[last].name, candidates=_candidates(steps, signs))
            )
        return found
    named = [position for position, step in enumerate(steps) if step.name == label and _is_spatial(step)]
    if len(named) != 1:
        close = difflib.get_close_matches(label, [step.name for step in steps if _is_spatial(step)], n=1)
        hint = f"Did you mean {close[0]}? " if close and not named else ""
        problem = f"calls the layer {label} {len(named)} times" if named else f"has no spatial layer {label}"
        told = "{model} {problem}. {hint}{candidates}"
        raise UserError(
            say(told, model=model, problem=problem, hint=hint, candidates=_candidates(steps, signs))
        )
    return named[0]


def _last(steps: list[Step]) -> int | None:
    """The last tensor that every path passes and that only what loses the grid takes.

    So it is not one that a gate pools beside the path. Global pooling comes first: a convolution whose kernel
    covers its whole grid loses it too, but may stand before the pooling where the image is small.
    """
    takers = consumers(steps)
    enters = [
        at
        for at in articulations(steps)
        if at > 0 and _is_spatial(steps[at]) and takers[at] and all(loses_grid(t, steps) for t in takers[at])
    ]
    pooled = [at for at in enters if all(pools_grid(taker, steps) for taker in takers[at])]
    with_grid = [at for at in pooled if not is_single_place(steps[at])]
    return next((found[-1] for found in (with_grid, pooled, enters) if found), None)


def _penultimate(steps: list[Step], signs: list[bool], last: int) -> int | None:
    passed = articulations(steps)
    end = next(at for at in passed if at > last and is_single_place(steps[at]))
    # two steps that every path passes have all steps between them on the way
    gate = max((at for at in range(end + 1) if not keeps_gradient_constant(steps[at], steps)), default=0)
    before = [at for at in passed if 0 < at < min(last, gate)]
    varying = [at for at in before if _is_spatial(steps[at]) and not is_padding(steps[at])]
    plain = bare(steps)
    smooth = [
        at for at in range(last + 1) if is_signed_activation(steps[at]) and not is_single_place(steps[at])
    ]
    rectified_ones = [at for at in varying if signs[at] and at > max(smooth, default=0)]
    blocks = [at for at in varying if not plain[at]]
    return next((found[-1] for found in (rectified_ones, blocks) if found), None)


def _is_spatial(step: Step) -> bool:
    return len(step.output.shape) == 4


def _candidates(steps: list[Step], signs: list[bool]) -> Sentence:
    passed = [at for at in articulations(steps) if at > 0 and _is_spatial(steps[at])]
    shown = [
        f"{steps[at].name} ({'x'.join(map(str, steps[at].output.shape[1:]))}"
        f"{', rectified' if signs[at] else ''})"
        for at in passed[: -CANDIDATES_SHOWN - 1 : -1]
    ]
    more = f" and {len(passed) - len(shown)} before them" if len(passed) > len(shown) else ""
    told = "Name another ({layer}). Those that every path passes, last first: {shown}{more}."
    return say(told, layer=parameter("layer"), shown=", ".join(shown) or "none", more=more)
