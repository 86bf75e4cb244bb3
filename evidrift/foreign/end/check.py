"""Whether what is taken for a model's probabilities is what the model itself gives, tried on a few images.

What stands at its end is read from its graph (`ending`). Models are many, and the graph of one may hold what
nobody thought of. So a file is asked once, on noise: one batch, before the films.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from evidrift.base.errors import UserError
from evidrift.base.seeds import stream
from evidrift.base.sentence import say
from evidrift.foreign.end.ending import Ending
from evidrift.foreign.end.operations import rearranges
from evidrift.networks.target.graph import trace

N = 2  # images
# Two passes round differently, most of all where noise gives large logits; another ending differs by more.
TOLERANCE = {"float32": 1e-3, "float64": 1e-3, "float16": 0.05, "bfloat16": 0.1}
ADDS_UP = 1e-4
MEND = "Name the layer before: keras.Model(model.inputs, tensor) with its output, and save that."


def noise(side: int) -> np.ndarray:
    """Images on which a model can be tried, (N, side, side) uint8, dark and bright."""
    grey = stream("ending").integers(0, 256, (N, side, side))
    return np.rint(np.array([0.2, 1.0]).reshape(N, 1, 1) * grey).astype(np.uint8)


def check_ending(
    path: Path, classifier: keras.Model, model: keras.Model, end: Ending, inputs: np.ndarray
) -> None:
    """Hold the given probabilities against the model's own.

    Args:
        path: of the file.
        classifier: as it was read.
        model: its flat graph to the logits.
        end: what was taken off.
        inputs: network inputs, (n, size, size, channels).

    Raises:
        UserError: they differ, or the outputs are, or seem to be, probabilities though nothing was found that
            makes them so.
    """
    own, raw = _values(classifier, inputs), _values(model, inputs)
    if own.shape != raw.shape or not (np.isfinite(own).all() and np.isfinite(raw).all()):
        return  # weights that are not finite are found on the films
    within = bool(own.min() >= -ADDS_UP and own.max() <= 1 + ADDS_UP)
    adds_up = own.shape[1] > 1 and (np.abs(own.sum(axis=1) - 1) < ADDS_UP).all()
    if end.kind == "logits" and adds_up and within:
        raise UserError(
            f"{path} gives values from 0 to 1 that add up to 1: probabilities, not logits. But no softmax "
            f"was found at its end, so there are no logits to explain. {MEND}"
        )
    last = _last(model)
    if end.kind == "logits" and within and _is_own(last):
        raise UserError(
            f"{path} ends in {last.name} ({type(last).__name__}), its owner's code, and gives values from 0 "
            "to 1: they seem to be probabilities, not logits. Let that layer give logits, and end the "
            "model in Keras's softmax or sigmoid."
        )
    if end.kind == "sigmoids" and adds_up:
        raise UserError(
            f"{path} ends in sigmoids, but its outputs add up to 1: they are classes, not findings of their "
            "own. End it in a softmax, or in one sigmoid for two classes."
        )
    types = {getattr(layer, "compute_dtype", "float32") for layer in model.layers}
    with np.errstate(divide="ignore"):
        given = end.outputs(raw)
    if end.logarithm:  # those of what is all but impossible differ by rounding alone
        own, given = np.exp(own), np.exp(given)
    apart = float(np.abs(own - given).max())
    if end.kind != "logits" and apart > max(TOLERANCE.get(str(each), 1e-3) for each in types):
        raise UserError(
            f"{path} gives other probabilities than its {end.kind} alone would, by up to {apart:.3f}: "
            f"something at its end is not understood, so it cannot be explained. {MEND}"
        )


def taken_for(path: Path, end: Ending) -> str | None:
    """What the outputs of a model that ends in logits are taken for; None for any other."""
    if end.kind != "logits":
        return None
    if end.logits.shape[-1] == 1:
        return say("{file} ends in one logit, which is taken for that of a sigmoid.", file=path.name)
    return say(
        "{file} ends in logits, which are taken for those of a softmax. If each output is a finding of its "
        "own, end the model in keras.layers.Activation('sigmoid').",
        file=path.name,
    )


def _last(model: keras.Model) -> Any:
    """The last operation that does not leave each value as it is."""
    steps = trace(model)
    at = len(steps) - 1
    while at > 0 and rearranges(steps[at].operation):
        at = steps[at].inputs[0]
    return steps[at].operation


def _is_own(operation: Any) -> bool:
    """Whether it computes what Keras does not know."""
    return isinstance(operation, keras.layers.Lambda) or not type(operation).__module__.startswith("keras.")


def _values(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What it gives; as a graph, which does not keep what its layers gave: a gigabyte of a DenseNet201."""
    try:
        outputs = tf.function(lambda films: model(films, training=False))(inputs)
    except ValueError:  # a layer's name may hold what no name in a graph may, such as a space
        outputs = model(inputs, training=False)
    (outputs,) = keras.tree.flatten(outputs)  # a single one may stand in a dictionary
    values = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32")), np.float64)
    return values.reshape(len(values), -1)
