"""A described network made in Keras 3, with the weights of its file: compiled never, code run never."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
from keras.src.legacy.saving import saving_options, saving_utils
from keras.src.legacy.saving.legacy_h5_format import load_weights_from_hdf5_group
from keras.src.saving.saving_lib import safe_get_h5_group
from keras.src.saving.serialization_lib import ObjectSharingScope, SafeModeScope

from evidrift.base.errors import UserError
from evidrift.foreign.reading import keras2_weights
from evidrift.foreign.reading.allowed import check_allowed
from evidrift.foreign.reading.description import VARIABLES, Description, read_description
from evidrift.foreign.reading.keras2 import FUNCTIONS, TRAINING_ONLY, translated
from evidrift.foreign.reading.keras2_operations import NoCounterpart

ENDS = ("input_layers", "output_layers")
MAX_REASON = 300  # characters; a longer one quotes the whole description


def load(path: Path) -> keras.Model:
    """The model in a file of any Keras from 2.0 on.

    Raises:
        UserError: it is no such file, is damaged, holds code or what this Keras cannot make; with the Keras
            that saved it and a way to read it.
    """
    description = read_description(path)
    try:
        model = tidied(translated(description.model) if description.of_keras_2 else description.model)
    except NoCounterpart as error:
        told = f"holds {error}; Keras 3 has nothing that computes the same"
        raise UserError(f"{path} {_saved_by(description)} and {told}. {_way(description)}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} describes no model that Keras could make: {_reason(error)}") from None
    check_allowed(path, model, description.version)
    try:
        made = _made(model, description)
        if isinstance(made, keras.Model):
            _load_weights(path, made, description)
    except Exception as error:  # a damaged or foreign file can break Keras in any way
        told = f"cannot be read by Keras {keras.__version__}: {_reason(error)}"
        raise UserError(f"{path} {_saved_by(description)} and {told} {_way(description)}") from None
    if not isinstance(made, keras.Model):
        raise UserError(f"{path} holds a {type(made).__name__}, not a model.")
    return made


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


def _made(model: dict[str, Any], description: Description) -> Any:
    if description.container == "hdf5" and not description.of_keras_2:
        with saving_options.keras_option_scope(use_legacy_config=True), SafeModeScope(True):
            return saving_utils.model_from_config(model)
    with ObjectSharingScope():
        return keras.saving.deserialize_keras_object(model, safe_mode=True)


def _load_weights(path: Path, model: keras.Model, description: Description) -> None:
    if description.of_keras_2:
        load = keras2_weights.load_keras if description.container == "zip" else keras2_weights.load_h5
        load(path, model, description.model)
    elif description.container == "hdf5":
        with h5py.File(path) as file:
            load_weights_from_hdf5_group(safe_get_h5_group(file, "model_weights"), model)
    else:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            keras.saving.load_weights(model, archive.extract(VARIABLES, folder))
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()


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
    text = " ".join("".join(each if each.isprintable() else " " for each in str(error)).split())
    first = text.split(". ")[0].rstrip(".:")
    return f"{first}." if 0 < len(first) <= MAX_REASON else f"{type(error).__name__}."
