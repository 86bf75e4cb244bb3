"""What a model file may name: Keras's own layers, operations on numbers, and activations; nothing else.

A description names a module and a class, and Keras would make or call whatever it finds there: a Lambda layer
by another of its names, or any public function with the file's arguments. So each object is looked up as
Keras would look it up, and what is found is judged, not what it is called. Keras then gets a description that
is written anew, in which each object is called by the one name of the class that was judged: there is
nothing left for it to find otherwise.
"""

import sys
from pathlib import Path
from typing import Any, NoReturn

import keras
from keras.src import api_export
from keras.src.activations import ALL_OBJECTS_DICT as ACTIVATIONS
from keras.src.backend.common.dtypes import ALLOWED_DTYPES
from keras.src.models.functional import Functional

from evidrift.base.errors import UserError

# Layers that run code of their own, or of another framework, or read a file that the model names.
RUN_CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
READ_FILES = ("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup")
MODELS = (Functional, keras.Sequential, keras.Model)
# Folders of keras.src whose layers are made, and what is left out of them.
LAYERS = tuple(
    f"keras.src.layers.{folder}"
    for folder in (
        *("activations", "attention", "convolutional", "core", "merging", "normalization", "pooling"),
        *("regularization", "reshaping", "rnn", "preprocessing.image_preprocessing"),
        *("preprocessing.category_encoding", "preprocessing.discretization", "preprocessing.normalization"),
        *("preprocessing.pipeline", "preprocessing.rescaling"),
    )
)
# Layers of keras.applications that are no public ones.
OF_APPLICATIONS = ("CustomScaleLayer", "LayerScale", "StochasticDepth")
POLICIES = (keras.DTypePolicy, keras.dtype_policies.DTypePolicyMap)
OPERATIONS = ("numpy", "nn", "math", "image", "linalg", "einops")
OF_CORE = ("Cast", "SaturateCast", "StopGradient", "Slice", "Unstack")  # others call what they are given
VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__")
PLACES = (keras.layers, keras.dtype_policies)
ACTIVATION = "activation"  # how the names of all settings that hold one end
NODES = "inbound_nodes"
# What is kept of an object's description beside its class and settings.
KEPT = ("build_config", "name", "shared_object_id")
MOST = 2**31 - 1  # of a side of a shape
MOST_OF_A_NAME = 500  # characters
QUOTED = 80  # of a name, in a sentence
MEND = "Rebuild the model with Keras's own layers, such as Rescaling, and save it again."

Config = dict[str, Any]


class Allowed:
    """The description of one file, judged and written anew.

    Args:
        path: of the file, for sentences.
        version: of the Keras that saved it.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._path, self._version = path, version

    def written(self, part: Any, key: str = "", of_a_call: bool = False) -> Any:
        """A part of the description as Keras may be given it.

        Args:
            part: of a description.
            key: that it stands under.
            of_a_call: it is an argument of a layer's call.

        Raises:
            UserError: it names what would run code, read files, or is its author's own; or a call is on no
                tensor, and so would be computed at once.
        """
        if isinstance(part, list):
            return [self.written(each, key, of_a_call) for each in part]
        if isinstance(part, dict) and "class_name" in part:
            return self._object(part, key, of_a_call)
        if isinstance(part, dict):
            return {name: self.written(each, name, of_a_call) for name, each in part.items()}
        if key.endswith(ACTIVATION) and isinstance(part, str) and part not in ACTIVATIONS:
            self._refuse_function(part[:QUOTED])
        if key == "name" and len(str(part)) > MOST_OF_A_NAME:
            raise UserError(f"{self._path} has a name of {len(str(part)):,} characters: it is not read.")
        if key.endswith("shape") and isinstance(part, int) and abs(part) > MOST:
            raise UserError(f"{self._path} gives a shape with {part:,} in it: it is not read.")
        return part

    def _object(self, part: Config, key: str, of_a_call: bool) -> Any:
        kind, inner = part["class_name"], part.get("config")
        name = str(inner.get("name", kind)) if isinstance(inner, dict) else str(inner or kind)
        name = name if len(name) <= QUOTED else f"{name[:QUOTED]}..."
        if not isinstance(kind, str) or len(kind) > MOST_OF_A_NAME:
            raise UserError(f"{self._path} holds {name}, whose class is no name: it is not loaded. {MEND}")
        if kind in VALUES:
            return self._value(kind, inner)
        if kind == "function":
            if of_a_call or not key.endswith(ACTIVATION) or not _is_activation(part, name):
                self._refuse_function(name)
            return name
        found = _resolved(part.get("module"), kind)
        self._check(part, kind, name, found)
        made = _called(found) | {"config": self.written(inner or {}, of_a_call=of_a_call)}
        made |= {kept: self.written(part[kept], kept) for kept in KEPT if kept in part}
        if NODES in part:
            made[NODES] = self._calls(part[NODES], name)
        return made

    def _value(self, kind: str, inner: Any) -> Config:
        dtype = inner.get("dtype", ALLOWED_DTYPES[0]) if isinstance(inner, dict) else None
        if dtype not in ALLOWED_DTYPES:
            raise UserError(f"{self._path} holds values of an unknown type: it is not loaded. {MEND}")
        return {"class_name": kind, "config": self.written(inner)}

    def _calls(self, calls: Any, name: str) -> Any:
        if not isinstance(calls, list) or not all(call == [] or _has_tensor(call) for call in calls):
            raise UserError(
                f"{self._path} calls {name} on nothing that is computed: it is not loaded. {MEND}"
            )
        return self.written(calls, of_a_call=True)

    def _check(self, part: Config, kind: str, name: str, found: Any) -> None:
        its_name = getattr(found, "__name__", kind)
        if kind in RUN_CODE or its_name in RUN_CODE:
            raise UserError(
                f"{self._path} holds {name} ({kind}), which is code in the file, or runs a file beside it: "
                f"it is not run. {MEND}"
            )
        if its_name in READ_FILES:
            raise UserError(
                f"{self._path} holds {name} ({kind}), which can read files: it is not loaded. {MEND}"
            )
        if _is_allowed(found) and str(part.get("registered_name") or kind) == kind:
            return
        if str(part.get("module") or kind).startswith(("keras", "__")):
            raise UserError(
                f"{self._path} holds {name} ({kind}), which is no layer of Keras {keras.__version__}, nor an "
                "operation on numbers alone: it is not loaded. It was saved by Keras "
                f"{self._version or 'of unknown version'}. {MEND}"
            )
        raise UserError(
            f"{self._path} holds {name} ({kind}), which is not Keras's own but its author's code: it is not "
            f"loaded. {MEND} From Python a model that you have loaded is taken as it is: audit(before=model)."
        )

    def _refuse_function(self, name: str) -> NoReturn:
        raise UserError(
            f"{self._path} holds the function {name}, which is not Keras's own activation: it is not loaded. "
            f"{MEND}"
        )


def _called(found: type) -> Config:
    """A class by the one name by which Keras finds it."""
    public = api_export.get_name_from_symbol(found)
    if public is not None and api_export.get_symbol_from_name(public) is found:
        module, _, name = public.rpartition(".")
    else:
        module, name = found.__module__, found.__name__
    return {"module": module, "class_name": name, "registered_name": None}


def _is_activation(part: Config, name: str) -> bool:
    module = str(part.get("module"))
    of_keras = module in ("builtins", "keras.activations") or module.startswith("keras.src.activations.")
    return of_keras and name in ACTIVATIONS


def _is_allowed(found: Any) -> bool:
    if not isinstance(found, type) or not found.__module__.startswith("keras.src."):
        return False
    if found.__name__ in (*RUN_CODE, *READ_FILES):
        return False
    if issubclass(found, keras.Model) or found in POLICIES:
        return found in (*MODELS, *POLICIES)
    place, _, module = found.__module__.removeprefix("keras.src.").partition(".")
    if place == "ops":
        return issubclass(found, keras.Operation) and (
            module in OPERATIONS or (module == "core" and found.__name__ in OF_CORE)
        )
    if not issubclass(found, keras.layers.Layer):
        return False
    if place == "applications":
        return found.__name__ in OF_APPLICATIONS
    return any(f"{found.__module__}.".startswith(f"{folder}.") for folder in LAYERS)


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


def _has_tensor(call: Any) -> bool:
    """Whether a call of a layer is on the output of another: in the words of Keras 3, or of Keras 2."""
    if isinstance(call, list):
        return bool(call)
    todo = [call]
    while todo:
        part = todo.pop()
        if isinstance(part, dict) and part.get("class_name") == VALUES[0]:
            return True
        if isinstance(part, dict | list):
            todo.extend(part.values() if isinstance(part, dict) else part)
    return False
