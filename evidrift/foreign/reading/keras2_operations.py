"""TensorFlow's functions that Keras 2 recorded as layers (TFOpLambda), as operations of Keras 3."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Config = dict[str, Any]
CONSTANT = "_CONSTANT_VALUE"


class NoCounterpart(Exception):  # noqa: N818 - what the description holds, not what went wrong
    """Something that Keras 2 wrote and Keras 3 has nothing for; its text names it."""


class Function(NamedTuple):
    """An operation of Keras 3 for a function of TensorFlow.

    Attributes:
        name: `module.class` below keras.src.ops.
        tensors: the function's arguments that the operation is called with, in this order.
        settings: the operation's own settings by the function's arguments.
        fixed: settings that the function does not have.
        allowed: arguments that change nothing, with the values at which they do.
    """

    name: str
    tensors: tuple[str, ...] = ("x",)
    settings: Mapping[str, str] = {}
    fixed: Mapping[str, Any] = {}
    allowed: Mapping[str, tuple[Any, ...]] = {}


TWO = ("x", "y")
REDUCES = {"axis": "axis", "keepdims": "keepdims"}
FUNCTIONS: dict[str, Function] = {
    "math.truediv": Function("numpy.TrueDivide", TWO),
    "math.divide": Function("numpy.TrueDivide", TWO),
    "__operators__.truediv": Function("numpy.TrueDivide", TWO),
    "math.subtract": Function("numpy.Subtract", TWO),
    "__operators__.sub": Function("numpy.Subtract", TWO),
    "math.multiply": Function("numpy.Multiply", TWO),
    "__operators__.mul": Function("numpy.Multiply", TWO),
    "math.add": Function("numpy.Add", TWO),
    "__operators__.add": Function("numpy.Add", TWO),
    "math.maximum": Function("numpy.Maximum", TWO),
    "math.minimum": Function("numpy.Minimum", TWO),
    "math.pow": Function("numpy.Power", TWO),
    "math.negative": Function("numpy.Negative"),
    "math.square": Function("numpy.Square"),
    "math.sqrt": Function("numpy.Sqrt"),
    "math.exp": Function("numpy.Exp"),
    "math.log": Function("numpy.Log"),
    "math.abs": Function("numpy.Absolute"),
    "math.tanh": Function("numpy.Tanh"),
    "math.sigmoid": Function("nn.Sigmoid"),
    "nn.sigmoid": Function("nn.Sigmoid"),
    "nn.relu": Function("nn.Relu", ("features",)),
    "nn.relu6": Function("nn.Relu6", ("features",)),
    "nn.softmax": Function("nn.Softmax", ("logits",), {"axis": "axis"}),
    "nn.bias_add": Function("numpy.Add", ("value", "bias"), allowed={"data_format": (None, "NHWC", "N...C")}),
    "math.reduce_mean": Function("numpy.Mean", ("input_tensor",), REDUCES),
    "math.reduce_sum": Function("numpy.Sum", ("input_tensor",), REDUCES),
    "math.reduce_max": Function("numpy.Max", ("input_tensor",), REDUCES),
    "clip_by_value": Function("numpy.Clip", ("t",), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "cast": Function("core.Cast", settings={"dtype": "dtype"}),
    "concat": Function("numpy.Concatenate", ("values",), {"axis": "axis"}),
    "expand_dims": Function("numpy.ExpandDims", ("input",), {"axis": "axis"}),
    "squeeze": Function("numpy.Squeeze", ("input",), {"axis": "axis"}),
    "repeat": Function("numpy.Repeat", ("input",), {"repeats": "repeats", "axis": "axis"}),
    "image.grayscale_to_rgb": Function("numpy.Repeat", ("images",), fixed={"repeats": 3, "axis": -1}),
    "image.resize": Function(
        "image.Resize",
        ("images",),
        {"size": "size", "method": "interpolation", "antialias": "antialias"},
        {"data_format": "channels_last"},
        {"preserve_aspect_ratio": (False, None)},
    ),
    "__operators__.getitem": Function("numpy.GetItem", ("x", "slice_spec")),
}


def operation(function: str, name: str, call: Any, nested: Mapping[str, str]) -> tuple[Config, Config]:
    """The operation for a function of TensorFlow, and its call.

    Args:
        function: its name below `tf`.
        name: of the operation, in its graph.
        call: [layer, call, tensor, further arguments by name].
        nested: the graph's nested models.

    Returns:
        Description of the operation and of its call, as Keras 3 writes them.

    Raises:
        NoCounterpart: Keras 3 has none, or none with these arguments.
    """
    found = FUNCTIONS.get(function)
    if found is None:
        raise NoCounterpart(f"the operation tf.{function} ({name})")
    place = call if isinstance(call[0], str) else call[0]
    given = {key: value for key, value in place[3].items() if key != "name"} if len(place) > 3 else {}
    arguments = {found.tensors[0]: _first(call, nested), **given}
    config: Config = {"name": name, **found.fixed}
    for key, value in arguments.items():
        if key in found.settings:
            config[found.settings[key]] = value
        elif key not in found.tensors and value not in (*found.allowed.get(key, ()), None):
            raise NoCounterpart(f"the operation tf.{function} ({name}) with {key} = {value!r:.60}")
    if function == "cast" and not isinstance(config.get("dtype"), str):
        raise NoCounterpart(f"the operation tf.cast ({name}) to {config.get('dtype')!r:.60}")
    read: Callable[[Any], Any] = _slices if function == "__operators__.getitem" else _values(nested)
    args = [
        arguments[key] if number == 0 else read(arguments[key]) for number, key in enumerate(found.tensors)
    ]
    module, kind = found.name.split(".")
    described = {
        "module": f"keras.src.ops.{module}",
        "class_name": kind,
        "config": config,
        "registered_name": kind,
    }
    return described, {"args": args, "kwargs": {}}


def tensor(place: Any, nested: Mapping[str, str]) -> Config:
    """What a layer gave: [layer, call, tensor, ...], as Keras 3 writes it.

    Keras 2 counted the making of a nested model as its first call, Keras 3 does not.
    """
    name, call, number = place[:3]
    history = [str(name).replace("/", "_"), call - (name in nested), number]
    config = {"shape": [None], "dtype": "float32", "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def _first(call: Any, nested: Mapping[str, str]) -> Any:
    """The first argument: a tensor, a number, or several tensors."""
    if not isinstance(call[0], str):
        return [tensor(each, nested) for each in call]
    return call[2] if call[0] == CONSTANT else tensor(call, nested)


def _values(nested: Mapping[str, str]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
            return tensor(value, nested)
        if isinstance(value, list):
            # numbers, one a channel
            return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
        return value

    return read


def _slices(spec: Any) -> list[Any]:
    """An index, as Keras 3 writes it."""
    made: list[Any] = []
    for each in spec if isinstance(spec, list) else [spec]:
        if isinstance(each, dict) and each.get("class_name") == "__ellipsis__":
            made.append({"class_name": "__ellipsis__", "config": {}})
        elif isinstance(each, dict):
            ends = {key: each.get(key) for key in ("start", "stop", "step")}
            made.append({"class_name": "__slice__", "config": ends})
        else:
            made.append(each)
    return made
