"""What a model file may name: Keras's own layers, operations on numbers, and activations; nothing else.

A description names a module and a class, and Keras would make or call whatever it finds there: a Lambda layer
by another of its names, or any public function with the file's arguments. So each object is looked up as
Keras would look it up, and what is found is judged, not what it is called.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
from keras.src import api_export
from keras.src.models.functional import Functional

from evidrift.base.errors import UserError

# Layers that run code of their own, or of another framework, or read a file that the model names.
RUN_CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
READ_FILES = ("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup")
MODELS = (Functional, keras.Sequential, keras.Model)
KINDS: tuple[type, ...] = (
    *(keras.layers.Layer, keras.initializers.Initializer, keras.regularizers.Regularizer),
    *(keras.constraints.Constraint, keras.DTypePolicy, keras.dtype_policies.DTypePolicyMap),
    *(keras.quantizers.Quantizer, keras.quantizers.QuantizationConfig, keras.random.SeedGenerator),
)
OPERATIONS = ("numpy", "nn", "math", "image", "linalg", "einops")
OF_CORE = ("Cast", "SaturateCast", "StopGradient", "Slice", "Unstack")  # others call what they are given
VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__")
PLACES = (keras.layers, keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
MEND = "Rebuild the model with Keras's own layers, such as Rescaling, and save it again."


def check_allowed(path: Path, model: Any, version: str) -> None:
    """Refuse a description that names anything but what is allowed.

    Args:
        path: of its file, for the sentence.
        model: the description, as Keras is going to be given it.
        version: of the Keras that saved it.

    Raises:
        UserError: naming what would run code, read files, or is its author's own.
    """
    for part, of_a_call in _objects(model):
        kind = str(part.get("class_name"))
        if kind not in VALUES:
            _check(path, kind, part, of_a_call, version)


def _check(path: Path, kind: str, part: dict[str, Any], of_a_call: bool, version: str) -> None:
    inner = part.get("config")
    name = str(inner.get("name", kind)) if isinstance(inner, dict) else str(inner or kind)
    found = _resolved(part.get("module"), kind)
    its_name = getattr(found, "__name__", kind)
    if kind in RUN_CODE or its_name in RUN_CODE:
        raise UserError(
            f"{path} holds {name} ({kind}), which is code in the file, or runs a file beside it: it is not "
            f"run. {MEND}"
        )
    if its_name in READ_FILES:
        raise UserError(f"{path} holds {name} ({kind}), which can read files: it is not loaded. {MEND}")
    if kind == "function":
        if of_a_call or not _is_activation(part, name):
            raise UserError(
                f"{path} holds the function {name}, which is not Keras's own activation: it is not loaded. "
                f"{MEND}"
            )
    elif _is_allowed(found) and str(part.get("registered_name") or kind) == kind:
        return
    elif str(part.get("module") or kind).startswith(("keras", "__")):
        raise UserError(
            f"{path} holds {name} ({kind}), which is no layer of Keras {keras.__version__}, nor an operation "
            "on numbers alone: it is not loaded. It was saved by Keras "
            f"{version or 'of unknown version'}. {MEND}"
        )
    else:
        raise UserError(
            f"{path} holds {name} ({kind}), which is not Keras's own but its author's code: it is not "
            f"loaded. {MEND} From Python a model that you have loaded is taken as it is: audit(before=model)."
        )


def _is_activation(part: dict[str, Any], name: str) -> bool:
    module = str(part.get("module"))
    of_keras = module in ("builtins", "keras.activations") or module.startswith("keras.src.activations.")
    return of_keras and name.isidentifier() and hasattr(keras.activations, name)


def _is_allowed(found: Any) -> bool:
    if not isinstance(found, type) or not found.__module__.startswith("keras.src."):
        return False
    if issubclass(found, keras.Model):
        return found in MODELS
    room, _, module = found.__module__.removeprefix("keras.src.").partition(".")
    if room == "ops":
        return issubclass(found, keras.Operation) and (
            module in OPERATIONS or (module == "core" and found.__name__ in OF_CORE)
        )
    return issubclass(found, KINDS)


def _resolved(module: Any, name: str) -> Any:
    """What Keras would find for a class; None where it would find nothing, or would have to import it."""
    if not name.isidentifier():
        return None
    if module is None:
        named = {"Functional": Functional, "Sequential": keras.Sequential, "Model": keras.Model}
        found = (vars(place).get(name) for place in PLACES)
        return named.get(name) or next((each for each in found if each is not None), None)
    public = api_export.get_symbol_from_name(f"{module}.{name}")
    if public is not None:
        return public
    return vars(sys.modules[module]).get(name) if str(module) in sys.modules else None


def _objects(model: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every description of an object at any depth, and whether it is an argument of a layer's call."""
    todo = [(model, False)]
    while todo:
        item, of_a_call = todo.pop()
        if isinstance(item, dict):
            if "class_name" in item:
                yield item, of_a_call
            todo.extend((value, of_a_call or key == "inbound_nodes") for key, value in item.items())
        elif isinstance(item, list):
            todo.extend((each, of_a_call) for each in item)
