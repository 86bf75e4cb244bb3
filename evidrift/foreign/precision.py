"""Classifiers that compute in half precision, as the same networks in float32, in which they are explained.

Weights of a mixed policy are float32 anyway. Gradients of a half-precision graph lose what is small, and the
maths around them is float32: the maps of one network would differ by its policy alone.
"""

from typing import Any

import keras
import numpy as np
from keras.src.saving.serialization_lib import ObjectSharingScope

from evidrift.base.errors import UserError

OTHERS = ("float16", "bfloat16", "float64")
POLICIES = {f"mixed_{name}": "float32" for name in OTHERS} | dict.fromkeys(OTHERS, "float32")


def other_precision(model: keras.Model) -> str | None:
    """The type in which a model computes, `float16`, `bfloat16` or `float64`; None where it is float32."""
    found = {str(getattr(layer, "compute_dtype", None)) for layer in model._flatten_layers()}
    found |= {keras.backend.standardize_dtype(weight.dtype) for weight in model.weights}
    return next((name for name in OTHERS if name in found), None)


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with the same weights, all of it in float32; made from its description.

    Args:
        model: functional or Sequential, of layers that can be described; it is left as it is.

    Raises:
        UserError: a layer has no description, or another shape of weights when it is made anew.
    """
    try:
        with ObjectSharingScope():
            description = keras.saving.serialize_keras_object(model)
        with ObjectSharingScope():
            # code in it, if any, is the caller's own: a file's was refused before it was loaded
            made = keras.saving.deserialize_keras_object(_replaced(description), safe_mode=False)
        made.set_weights([np.asarray(keras.ops.cast(weight, "float32")) for weight in model.weights])
    except Exception as error:  # an own layer can break Keras in any way
        raise UserError(
            f"{model.name} computes in {other_precision(model)} and cannot be made anew in float32, in which "
            f"it would be explained: {' '.join(str(error).split())[:160] or type(error).__name__}. Build it "
            "with keras.config.set_dtype_policy('float32') and copy the weights: "
            "new.set_weights(old.get_weights())."
        ) from None
    for layer in made._flatten_layers():
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()
    return made


def _replaced(part: Any, of_policy: bool = False) -> Any:
    """A description with every policy and every type of another precision made float32."""
    if isinstance(part, list):
        return [_replaced(each) for each in part]
    if not isinstance(part, dict):
        return part
    is_policy = "Policy" in str(part.get("class_name"))
    return {
        key: POLICIES[value]
        if isinstance(value, str) and value in POLICIES and (key == "dtype" or (of_policy and key == "name"))
        else _replaced(value, of_policy=is_policy and key == "config")
        for key, value in part.items()
    }
