"""Any image classifier as one flat graph that ends in its logits: the form in which it can be explained.

A backbone nested as one layer hides the tensors inside it: Keras keeps their calls in the backbone's own
graph, which no path of the outer graph passes. Here its calls are made anew in one graph, down through all
levels. Each layer is stood for by a twin that holds the same variables and settings, so that nothing is
copied, names can be told apart, and the model itself is left as it was, its graph included.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)
from keras.src.models.functional import Functional

from evidrift.base.errors import UserError
from evidrift.foreign.end.ending import Ending, ending_of
from evidrift.networks.target.graph import trace


class Flat(NamedTuple):
    """A classifier's flat graph, from its input to its logits, and what stood behind them."""

    model: keras.Model
    ending: Ending


def explainable(model: keras.Model) -> keras.Model:
    """The classifier's flat graph alone, see `flattened`."""
    return flattened(model).model


def flattened(model: keras.Model) -> Flat:
    """The classifier as one flat functional model from its input to its logits.

    A softmax or sigmoid at the end is taken off, since a probability's gradient vanishes as the classifier
    grows confident (see `ending`). Call the result with `training=False`: without it Keras's augmentation
    layers augment.

    Args:
        model: functional or Sequential, with models nested in it to any depth; built by code or read by
            `keras.models.load_model(path, safe_mode=True, compile=False)`. One input, (h, w, channels), one
            output, (classes).

    Returns:
        (batch, h, w, channels) float32 -> (batch, classes), with the variables of `model`. Layers keep their
        names; where levels share one, the inner layer is called `<nested model>.<layer>`.

    Raises:
        UserError: the model is subclassed, not built, has several inputs or outputs, takes no images of one
            size, gives no vector of classes, or ends in something that cannot be traced back to logits.
    """
    graph = _graph(model)
    if graph is None:
        raise UserError(_why_no_graph(model))
    image = _image(graph, model.name)
    inputs = keras.Input(image.shape[1:], dtype="float32", name=image.name)
    whole = _model(inputs, _expand(graph, inputs, _twins(graph, image.name)), model.name)
    if len(whole.outputs[0].shape) != 2:
        raise UserError(
            f"{model.name} gives {_shape(whole.outputs[0])} an image; a classifier gives one vector, "
            "(classes). Explain the part of it that does."
        )
    ending = ending_of(trace(whole), model.name, _linear)
    return Flat(_model(inputs, ending.logits, model.name), ending)


def _linear(layer: Any) -> Any:
    return _twin(layer, activation=keras.activations.linear)


def _model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    return keras.Model(inputs, outputs, name=name)


def replay(model: keras.Model, inputs: keras.KerasTensor, taken: str) -> keras.KerasTensor:
    """The output of a flat graph, all its calls made anew from another input.

    Args:
        model: from `explainable`, which is left as it is; the new layers share its variables.
        inputs: of the shape of its input.
        taken: a name that no layer may have.
    """
    return _expand(model, inputs, _twins(model, taken))


def _graph(operation: Any) -> Functional | None:
    """The graph of layers that a model is; None for a layer, and for a model that runs code of its own."""
    if isinstance(operation, keras.Sequential):
        return operation._functional if type(operation).call is keras.Sequential.call else None
    # a class of one's own may be made of inputs and outputs and still override `call`
    if isinstance(operation, Functional) and type(operation).call is Functional.call:
        return operation
    return None


def _why_no_graph(model: keras.Model) -> str:
    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call:
        return (
            f"{model.name} is not built, so its layers have no shapes yet. Begin it with "
            "keras.Input((height, width, channels)), or call it on an image once."
        )
    return (
        f"{model.name} is a subclassed model ({type(model).__name__}): its layers are called by Python code, "
        "so there is no graph in which to find them. Build it as a functional or Sequential model."
    )


def _image(graph: Functional, name: str) -> keras.KerasTensor:
    """The one input of a model with one output."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        ins, outs = [each.name for each in graph.inputs], list(graph.output_names)
        mend = "Make a model of one of its outputs, keras.Model(model.inputs, model.outputs[0])."
        if len(ins) > 1:
            mend = (
                "A film is all that there is to go in: make a model of its image alone, which holds the "
                "other inputs at a constant, and of one of its outputs."
            )
        raise UserError(
            f"{name} has {_counted(ins, 'input')} and {_counted(outs, 'output')}; a classifier that can be "
            f"explained has one of each. {mend}"
        )
    image = graph.inputs[0]
    if len(image.shape) != 4:
        raise UserError(f"{name} takes inputs of shape {_shape(image)}; expected (height, width, channels).")
    if None in image.shape[1:]:
        raise UserError(
            f"{name} takes images of any size, {_shape(image)}, so its layers have no grid yet. Fix the "
            "size: keras.Sequential([keras.Input((height, width, channels)), model])."
        )
    return image


def _counted(names: list[str], what: str) -> str:
    return f"{len(names)} {what}{'s' if len(names) != 1 else ''} ({', '.join(names)})"


def _shape(tensor: keras.KerasTensor) -> str:
    return str(tuple(tensor.shape[1:]))


def _expand(graph: Functional, inputs: Any, twins: dict[int, Any]) -> Any:
    """Make all calls of a graph, and of the graphs nested in it, anew from these inputs."""

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        nested = _graph(operation)
        if nested is None:
            return args[0] if _passes(operation, *args) else twins[id(operation)](*args, **kwargs)
        # `training` and `mask` of the call: explaining is inference, and images have no mask
        return _expand(nested, args[0] if args else kwargs["inputs"], twins)

    return graph._run_through_graph(inputs, call_fn=call)


def _passes(operation: Any, *args: Any) -> bool:
    """Whether a layer leaves images as they are in inference, though its graph says another shape.

    Keras 3's RandomCrop does; what follows it gets the whole image, as in `model.predict`.
    """
    if not isinstance(operation, BaseImagePreprocessingLayer) or not hasattr(args[0], "shape"):
        return False
    shape = tuple(args[0].shape)[1:]
    if tuple(operation.compute_output_shape(args[0].shape))[1:] == shape:
        return False
    return tuple(operation(keras.ops.zeros((1, *shape)), training=False).shape)[1:] == shape


def _twins(graph: Functional, taken: str) -> dict[int, Any]:
    """A twin for each layer of all levels, by the layer's id, each with a name of its own."""
    twins: dict[int, Any] = {}
    names = {taken}
    # outer levels first, so that theirs are the plain names
    for prefix, operation in sorted(_leaves(graph, ()), key=lambda leaf: len(leaf[0])):
        if id(operation) not in twins:
            name = operation.name if operation.name not in names else ".".join([*prefix, operation.name])
            names.add(name)
            twins[id(operation)] = _twin(operation, name=name)
    return twins


def _leaves(graph: Functional, prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All layers and operations with the names of the models around them, inputs left out."""
    for operation in graph.operations:
        nested = _graph(operation)
        if nested is not None:
            yield from _leaves(nested, (*prefix, operation.name))
        elif not isinstance(operation, keras.layers.InputLayer):
            yield prefix, operation


def _twin(operation: Any, **changes: Any) -> Any:
    """A layer or operation with the same variables and settings but for the changes, not called yet.

    Not by `from_config`, which would make new variables, nor by `copy`, which saves and loads.
    """
    twin = object.__new__(type(operation))
    vars(twin).update(vars(operation) | {"_inbound_nodes": [], "_outbound_nodes": []} | changes)
    return twin
