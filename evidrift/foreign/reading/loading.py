"""A described network made in Keras 3, with the weights of its file: compiled never, code run never."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.backend.common.variables import initialize_all_variables
from keras.src.legacy.saving.legacy_h5_format import load_weights_from_hdf5_group
from keras.src.saving import serialization_lib
from keras.src.saving.saving_lib import (
    H5IOStore,
    _load_state,
    _raise_loading_failure,
    safe_get_h5_group,
)

from evidrift.base.errors import UserError
from evidrift.foreign.reading import archive, hdf5, keras2_weights
from evidrift.foreign.reading.allowed import Allowed
from evidrift.foreign.reading.description import Description, Saved, parsed, read_description
from evidrift.foreign.reading.keras2 import FUNCTIONS, TRAINING_ONLY, translated
from evidrift.foreign.reading.keras2_operations import NoCounterpart
from evidrift.foreign.reading.untouched import untouched

ENDS = ("input_layers", "output_layers")
MAX_REASON = 300  # characters; a longer one quotes the whole description
MOST_OF_A_FILM = 2**27  # numbers in a tensor of one film: 32 channels of 2048 x 2048


class Loaded(NamedTuple):
    """A model and what it was made from.

    Attributes:
        model: with the file's weights.
        described: as Keras was given it, in JSON, for `made_of`.
        saved: how its file was saved.
    """

    model: keras.Model
    described: str
    saved: Saved


def load(path: Path) -> Loaded:
    """The model in a file of any Keras from 2.0 on.

    Raises:
        UserError: it is no such file, is damaged, holds code or what this Keras cannot make; with the Keras
            that saved it and a way to read it.
        MemoryError: it needs more than there is.
    """
    description = read_description(path)
    try:
        model = tidied(translated(description.model) if description.of_keras_2 else description.model)
    except NoCounterpart as error:
        told = f"holds {error}; Keras 3 has nothing that computes the same"
        raise UserError(f"{path} {_saved_by(description)} and {told}. {_way(description)}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} describes no model that Keras could make: {_reason(error)}") from None
    described = json.dumps(Allowed(path, description.version).written(model))
    with untouched(), _refusing(path, description):
        made = _made(described)
        if isinstance(made, keras.Model):
            _check_size(path, made)
            with _assigned_once():
                _load_weights(path, made, description)
            finish(made)
    if not isinstance(made, keras.Model):
        raise UserError(f"{path} holds a {type(made).__name__}, not a model.")
    return Loaded(made, described, description.saved)


def made_of(path: Path, described: str, values: Iterator[np.ndarray]) -> keras.Model:
    """The same model once more, from what another process read.

    Args:
        path: of its file, for sentences.
        described: of `Loaded`, which is judged again.
        values: of all its variables.

    Raises:
        UserError: they do not belong together.
    """
    judged = json.dumps(Allowed(path, "").written(parsed(path, described.encode())))
    with untouched():
        made = _made(judged)
        for variable in made.variables:
            value = next(values)
            if tuple(value.shape) != tuple(variable.shape):
                raise UserError(f"{path} was not read as it is. Try again.")
            variable._initialize(value)
            variable._initializer = None
        finish(made)
    return made


def finish(model: keras.Model) -> None:
    """Work out what layers keep beside their weights."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()


@contextmanager
def _refusing(path: Path, description: Description) -> Iterator[None]:
    """Say in a sentence what Keras raises: a damaged or foreign file can break it in any way."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":
            raise MemoryError from None
        told = f"cannot be read by Keras {keras.__version__}: {_reason(error)}"
        raise UserError(f"{path} {_saved_by(description)} and {told} {_way(description)}") from None


def _check_size(path: Path, model: keras.Model) -> None:
    """Refuse a network whose weights its file cannot hold, before any of them is made."""
    needed = sum(
        int(np.prod([float(side) for side in each.shape])) * np.dtype(_bytes(each.dtype)).itemsize
        for each in model.variables
    )
    size = path.stat().st_size
    if needed > size + hdf5.SPARE:
        raise UserError(
            f"{path} describes a network with {needed:,} bytes of weights, but has {size:,} bytes in all: it "
            "is not made."
        )
    for operation in _operations(model):
        for tensor in (each for node in operation._inbound_nodes for each in node.output_tensors):
            numbers = float(np.prod([float(side or 1) for side in tensor.shape]))
            if numbers > MOST_OF_A_FILM:
                raise UserError(
                    f"{path} makes {numbers:,.0f} numbers of each film in {operation.name} "
                    f"({type(operation).__name__}): it is not made. {MOST_OF_A_FILM:,} are the limit."
                )


def _operations(model: keras.Model) -> Iterator[Any]:
    """Layers and operations of all levels."""
    for layer in model._flatten_layers():
        yield layer
        yield from getattr(layer, "operations", [])


def _bytes(dtype: Any) -> str:
    name = keras.backend.standardize_dtype(dtype)
    return {"bfloat16": "float16", "float8_e4m3fn": "int8", "float8_e5m2": "int8", "int4": "int8"}.get(
        name, name
    )


def tidied(part: Any) -> Any:
    """A description without what is not needed, in the words of this Keras.

    How it was trained is left out: losses, metrics, initialisers and regularisers of one's own are no part of
    the network. Keras 3.8 to 3.10 wrote single inputs and outputs of nested models one level too deep, which
    this Keras takes for lists.
    """
    if isinstance(part, list):
        return [tidied(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("class_name") == "function" and part.get("config") in FUNCTIONS:
        return FUNCTIONS[part["config"]]  # TensorFlow's own name of it
    described = "class_name" in part
    made = {
        key: tidied(value)
        for key, value in part.items()
        if not (described and key == "compile_config") and not key.endswith(TRAINING_ONLY)
    }
    if "layers" in made:
        made |= {key: _unwrapped(made[key]) for key in ENDS if key in made}
    return made


def _unwrapped(ends: Any) -> Any:
    while isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list):
        ends = ends[0]
    return ends


def _made(described: str) -> Any:
    """The network without values in its variables, which therefore take no memory yet."""
    global_state.set_global_attribute("uninitialized_variables", [])
    with (
        serialization_lib.ObjectSharingScope(),
        keras.StatelessScope(initialize_variables=False),
        _stacked_once(),
    ):
        return keras.saving.deserialize_keras_object(json.loads(described), safe_mode=True)


@contextmanager
def _stacked_once() -> Iterator[None]:
    """Let Keras build a Sequential model when it is complete, rather than anew with each of its layers."""
    own = keras.Sequential.__dict__["from_config"]

    def from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> keras.Sequential:
        layers = [serialization_lib.deserialize_keras_object(each) for each in config["layers"]]
        model = cls(layers, name=config["name"])
        shape = config.get("build_input_shape")
        if not model._functional and isinstance(shape, list) and shape:
            model.build(shape)
        return model

    keras.Sequential.from_config = classmethod(from_config)
    try:
        yield
    finally:
        keras.Sequential.from_config = own


@contextmanager
def _assigned_once() -> Iterator[None]:
    """Give variables the values of the file as their first, and others than those after the block.

    Keras would draw random ones before, which takes several times their size while it lasts.
    """
    own = keras.Variable._direct_assign

    def assign(variable: keras.Variable, value: Any) -> None:
        if variable._value is not None:
            own(variable, value)
        else:
            variable._initialize(value)
            variable._initializer = None

    keras.Variable._direct_assign = assign
    try:
        yield
    finally:
        keras.Variable._direct_assign = own
    waiting = global_state.get_global_attribute("uninitialized_variables")
    left = [each for each in waiting if each._value is None]
    global_state.set_global_attribute("uninitialized_variables", left)
    initialize_all_variables()


class _Store(H5IOStore):
    """An HDF5 file that is open already, as Keras reads weights from one."""

    def __init__(self, file: h5py.File) -> None:
        self.mode, self.archive, self.io_file, self.h5_file = "r", None, None, file
        self._h5_entry_path = self._h5_entry_metadata = None
        self._h5_entry_group: Any = {}
        self._h5_entry_initialized = False


def _load_weights(path: Path, model: keras.Model, description: Description) -> None:
    if description.container == "hdf5":
        with hdf5.opened(path) as file:
            group = safe_get_h5_group(file, "model_weights")
            if description.of_keras_2:
                keras2_weights.load_h5(group, model, description.model)
            else:
                load_weights_from_hdf5_group(group, model)
        return
    with archive.opened(path) as found, hdf5.opened(path, archive.weights(found, path)) as file:
        if description.of_keras_2:
            keras2_weights.load_keras(file, model, description.model)
        else:
            _load_state_of(model, file)


def _load_state_of(model: keras.Model, file: h5py.File) -> None:
    failed: set[int] = set()
    errors: dict[int, Any] = {}
    _load_state(
        model,
        weights_store=_Store(file),
        assets_store=None,
        inner_path="",
        visited_saveables=set(),
        failed_saveables=failed,
        error_msgs=errors,
    )
    if failed:
        if any(isinstance(each, MemoryError) for _, each in errors.values()):
            raise MemoryError
        _raise_loading_failure(errors)


def _saved_by(description: Description) -> str:
    return f"was saved by Keras {description.version or '2, or older,'}"


def _way(description: Description) -> str:
    """What its owner can do."""
    version = description.version
    if description.of_keras_2:
        return (
            "Open it with Keras 2 (pip install tensorflow==2.15.1), build the same network there of layers "
            "that Keras 3 has too, copy the weights (new.set_weights(old.get_weights())) and save that: "
            "new.save('name.h5')."
        )
    if version == keras.__version__:
        return "It may be damaged: save it again, model.save('name.keras')."
    return (
        f"Open it with that Keras (pip install keras=={version}) and save its weights "
        "(model.save_weights('name.weights.h5')); then build the network with this one, load them into it "
        "and save it: model.save('name.keras')."
    )


def _reason(error: Exception) -> str:
    """The first sentence of what Keras says, whole; its kind alone where that is no sentence to print."""
    whole = str(error).rpartition("Exception encountered: ")[2]  # Keras puts the description in front
    text = " ".join("".join(each if each.isprintable() else " " for each in whole).split())
    first = text.split(". ")[0].rstrip(".:")
    return f"{first}." if 0 < len(first) <= MAX_REASON else f"{type(error).__name__}."
