"""What an operation of a classifier's graph does, as far as its end is concerned."""

from typing import Any

import keras

from evidrift.networks.target.graph import Step

# Names of functions, layers and operations that turn logits into probabilities, or into their logarithms.
SOFTMAX, SIGMOID = ("softmax", "logsoftmax"), ("sigmoid", "logsigmoid")
# What may stand behind them and leaves each value as it is.
REARRANGE = ("Reshape", "Flatten", "Squeeze", "Dropout", "Identity", "Cast")
# What mixes values by weights, beside layers that have some: what comes out is logits, whatever went in.
MIXES = ("Matmul", "Einsum", "Dot", "Tensordot")
# What makes values of a range of their own of any, as a softmax or sigmoid that is written by hand does.
BOUNDS = (
    *("exp", "expm1", "tanh", "hardtanh", "softsign", "hardsigmoid", "sparsesigmoid", "erf"),
    *("arctan", "clip", "unitnormalization", "normalize"),
)


def function_of(operation: Any) -> str:
    """The name of the function that an operation is or ends in; empty for none, or the identity."""
    function = getattr(operation, "activation", None)
    name = getattr(function, "__name__", type(function).__name__) if function is not None else ""
    name = name.lower().replace("_", "")
    if name not in ("", "linear") or isinstance(operation, keras.layers.Activation):
        return "" if name == "linear" else name
    own = type(operation).__name__.lower().replace("_", "")
    return own if own in (*SOFTMAX, *SIGMOID) or hasattr(keras.activations, own) else ""


def bounds(operation: Any) -> bool:
    """Whether an operation is, or ends in, a function that makes values of a range of their own."""
    return {function_of(operation), type(operation).__name__.lower()} & {*BOUNDS} != set()


def weighs(operation: Any) -> bool:
    """Whether an operation is a layer that mixes its input by weights, as Dense does."""
    return any(len(each.shape) > 1 for each in getattr(operation, "weights", ()))


def rearranges(operation: Any) -> bool:
    """Whether an operation leaves each value as it is."""
    if isinstance(operation, keras.layers.Activation):
        return operation.activation is keras.activations.linear
    return type(operation).__name__ in REARRANGE


def node_of(tensor: keras.KerasTensor) -> Any:
    """The call that a symbolic tensor came from."""
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def arguments_of(step: Step) -> list[Any]:
    """What an operation was called with, lists taken apart; settings of its own are none of them."""
    called = node_of(step.output).arguments
    named = [each for each in called.kwargs.values() if each is not None and not isinstance(each, bool)]
    return [
        each
        for part in (*called.args, *named)
        for each in (part if isinstance(part, list | tuple) else [part])
    ]
