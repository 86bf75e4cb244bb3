"""What Keras 2 (tf.keras up to 2.15) wrote of a network, in the words of Keras 3.

Only the description is translated; nothing in it is run. Initialisers, regularisers and constraints are left
out, for the weights are there already. Where Keras 3 has nothing that computes the same, NoCounterpart says
what it is.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from evidrift.foreign.reading.keras2_operations import NoCounterpart, operation, tensor

Config = dict[str, Any]
MODELS = {
    "Functional": "Functional",
    "Model": "Functional",
    "Network": "Functional",
    "Sequential": "Sequential",
}
OPERATIONS = ("TFOpLambda", "SlicingOpLambda")
RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
}
# Layers of keras.applications that are no public ones, by the module that has them in both.
APPLICATIONS = {
    "CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
    "LayerScale": "keras.src.applications.convnext",
    "StochasticDepth": "keras.src.applications.convnext",
}
# They did something in training alone.
PASSES = ("RandomHeight", "RandomWidth", "AddLoss", "AddMetric")
# In inference Keras 2 resized to the crop's size, and Keras 3 leaves films as they are.
CROPS = "RandomCrop"
# Keras 2's own that Keras 3 does not have; an unknown layer that is none of them is its author's.
GONE = (
    *("ThresholdedReLU", "LocallyConnected1D", "LocallyConnected2D", "CuDNNLSTM", "CuDNNGRU"),
    *("TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty"),
)
# By layer, how Keras 3 calls what Keras 2 called otherwise.
ARGUMENTS = {("LeakyReLU", "alpha"): "negative_slope"}
# What Keras 3 has no argument for, and does as with this value; ANY where it plays no part once trained.
ANY = object()
NEUTRAL: dict[str, Any] = {
    **{"batch_input_shape": ANY, "ragged": False, "fused": ANY, "implementation": ANY, "kernel": ANY},
    **{"groups": 1, "renorm": False, "virtual_batch_size": None, "adjustment": None, "time_major": False},
    **{"renorm_clipping": None, "renorm_momentum": ANY, "output_padding": None, "sparse": False},
    **{"experimental_autocast": ANY, "batch_size": ANY, "input_dim": ANY, "input_shape": ANY},
}
TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")
FUNCTIONS = {"softmax_v2": "softmax", "swish": "silu", "leaky_relu_v2": "leaky_relu", "relu_v2": "relu"}
# Keras 2 computed clip(0.2 x + 0.5, 0, 1), Keras 3 computes clip(x / 6 + 0.5, 0, 1).
CHANGED = ("hard_sigmoid",)


def translated(model: Config) -> Config:
    """The description of a whole model.

    Raises:
        NoCounterpart: something in it has none in Keras 3.
    """
    return _model(model, name_of(model, "model"))


def name_of(part: Config, default: str = "") -> str:
    """Name of a layer or model in its description."""
    inner = part.get("config")
    given = inner.get("name") if isinstance(inner, dict) else None
    return str(part.get("name") or given or default)


def plain(name: str) -> str:
    """A name without what Keras 3 allows in none."""
    return name.replace("/", "_")


def layers_of(model: Config) -> list[Config]:
    """Descriptions of the layers of a model, in its own order; the oldest Sequential models are a list."""
    inner = model["config"]
    return inner if isinstance(inner, list) else inner["layers"]


def is_model(part: Config) -> bool:
    """Whether a description is of a model, rather than of a layer."""
    inner = part.get("config")
    holds = isinstance(inner, list) or (isinstance(inner, dict) and "layers" in inner)
    return part.get("class_name") in MODELS and holds


def _model(model: Config, name: str) -> Config:
    inner = model["config"]
    kind = MODELS[model["class_name"]]
    config: Config = {"name": plain(name), "trainable": True}
    if isinstance(inner, dict) and inner.get("trainable") is not None:
        config["trainable"] = bool(inner["trainable"])
    if kind == "Sequential":
        config = {"name": config["name"], "layers": _stack(model)}
    else:
        nested = {name_of(part): MODELS[part["class_name"]] for part in layers_of(model) if is_model(part)}
        config["layers"] = [_member(part, nested) for part in layers_of(model)]
        config["input_layers"] = _ends(inner["input_layers"], {})
        # Keras 3 takes 1 off itself for functional models
        stacks = {each: kind for each, kind in nested.items() if kind == "Sequential"}
        config["output_layers"] = _ends(inner["output_layers"], stacks)
    module = "keras.src.models.functional" if kind == "Functional" else "keras"
    return {"module": module, "class_name": kind, "config": config, "registered_name": kind}


def _stack(model: Config) -> list[Config]:
    """Layers of a Sequential model, which begin with its input where its shape is known."""
    layers = [_layer(part) for part in layers_of(model)]
    if layers and layers[0]["class_name"] != "InputLayer":
        shape = _input_shape(model)
        if shape is not None:
            name = f"{layers[0]['config'].get('name', 'sequential')}_input"
            layers.insert(0, _described("InputLayer", {"batch_shape": shape, "name": name}))
    return layers


def _input_shape(part: Config) -> Any:
    """Shape of what a model or layer takes, where its description says it: (batch, ...)."""
    inner = part["config"]
    if isinstance(inner, dict):
        for key in ("batch_input_shape", "batch_shape", "build_input_shape"):
            if inner.get(key) is not None:
                return inner[key]
    return _input_shape(layers_of(part)[0]) if is_model(part) and layers_of(part) else None


def _ends(found: Any, nested: Mapping[str, str]) -> Any:
    """Inputs or outputs of a graph: [layer, call, tensor], or a structure of such."""
    if isinstance(found, list) and len(found) == 3 and isinstance(found[0], str):
        return [plain(found[0]), found[1] - (found[0] in nested), found[2]]
    if isinstance(found, dict):
        return {key: _ends(each, nested) for key, each in found.items()}
    return [_ends(each, nested) for each in found]


def _member(part: Config, nested: Mapping[str, str]) -> Config:
    """A layer of a graph, with its calls."""
    name, calls = name_of(part), part.get("inbound_nodes", [])
    if part["class_name"] in OPERATIONS:
        if len(calls) != 1:
            raise NoCounterpart(f"{name}, called {len(calls)} times")
        member, node = operation(part["config"]["function"], plain(name), calls[0], nested)
        nodes = [node]
    else:
        member, nodes = _layer(part), [_node(call, nested) for call in calls]
    return member | {"name": plain(name), "inbound_nodes": nodes}


def _node(call: Any, nested: Mapping[str, str]) -> Config:
    """One call of a layer: [[layer, call, tensor, keywords], ...] of one or several inputs."""
    inputs = [call] if call and isinstance(call[0], str) else call
    if not isinstance(inputs, list) or not all(isinstance(each, list) and each for each in inputs):
        raise NoCounterpart("a layer that is called on other things than a list of layers")
    tensors = [tensor(each, nested) for each in inputs]
    given = inputs[0][3] if inputs and len(inputs[0]) > 3 else {}
    keywords = {key: _keyword(value, nested) for key, value in given.items() if value is not None}
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": keywords}


def _keyword(value: Any, nested: Mapping[str, str]) -> Any:
    is_tensor = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
    return tensor(value, nested) if is_tensor else value


def _layer(part: Config) -> Config:
    if is_model(part):
        return _model(part, name_of(part))
    given = str(part["class_name"])
    if given in GONE:
        raise NoCounterpart(f"the layer {name_of(part)} ({given})")
    if given in APPLICATIONS and part.get("module") == APPLICATIONS[given]:
        return {key: part[key] for key in ("module", "class_name", "config")} | {"registered_name": given}
    kind: str = "Identity" if given in PASSES else RENAMED.get(given, given)
    config = part.get("config") or {}
    cls = getattr(keras.layers, kind, None)
    is_layer = isinstance(cls, type) and issubclass(cls, keras.layers.Layer)
    if not is_layer or kind == "Lambda" or _of_its_author(part) or not isinstance(config, dict):
        return {"registered_name": f"unknown>{given}", **part}  # as it is, to be refused by name
    if given in PASSES:
        config = {key: config[key] for key in ("name", "dtype") if key in config}
    if given == CROPS:
        config = {key: each for key, each in config.items() if key != "seed"} | {"crop_to_aspect_ratio": True}
        return _described("Resizing", _arguments("Resizing", keras.layers.Resizing, config))
    return _described(kind, _arguments(kind, cls, config))


def _of_its_author(part: Config) -> bool:
    package = str(part.get("module") or "keras").split(".")[0]
    return ">" in str(part.get("registered_name")) or package not in ("keras", "tensorflow", "tf_keras")


def _described(kind: str, config: Config) -> Config:
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _arguments(kind: str, cls: Any, config: Config) -> Config:
    """What a layer of Keras 3 is made with."""
    accepted = {"name", "trainable", "dtype", *inspect.signature(cls.__init__).parameters}
    made: Config = {}
    for key, value in config.items():
        key = ARGUMENTS.get((kind, key), key)
        if key.endswith(TRAINING_ONLY):
            continue
        if kind == "InputLayer" and key == "batch_input_shape":
            made["batch_shape"] = value
        elif key in accepted:
            made[key] = _argument(kind, key, value)
        elif key not in NEUTRAL or NEUTRAL[key] not in (ANY, value):
            raise NoCounterpart(f"{config.get('name', kind)} ({kind}) with {key} = {value!r:.60}")
    if made.get("dtype", "") in (None, "infer"):
        del made["dtype"]
    return made


def _argument(kind: str, key: str, value: Any) -> Any:
    if key == "name":
        return plain(str(value))
    if key == "axis" and isinstance(value, Sequence) and len(value) == 1:
        return value[0]
    if key == "dtype" and isinstance(value, dict):
        name = str(value.get("config", {}).get("name"))
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": name},
            "registered_name": None,
        }
    if key.endswith("activation"):
        return _activation(kind, value)
    if isinstance(value, dict) and "class_name" in value:  # a layer around a layer
        return _layer(value)
    return value


def _activation(kind: str, value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") != "function":
        return _layer(value)
    name = value["config"] if isinstance(value, dict) else value
    name = FUNCTIONS.get(str(name), name)
    if name in CHANGED:
        raise NoCounterpart(f"the activation {name} ({kind})")
    return name if hasattr(keras.activations, str(name)) or name is None else value
