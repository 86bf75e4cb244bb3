"""Maps of some images as plain arrays, and back: what unfinished work is kept as."""

import json

import numpy as np

from evidrift.base.unfinished.memo import Arrays
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps


def as_arrays(maps: CheckpointMaps) -> Arrays:
    """The same in arrays of numbers and one of text."""
    layers = [
        {
            "label": label,
            "name": layer.name,
            "rectified": layer.rectified,
            "constant_gradient": bool(layer.constant_gradient),
            "methods": list(layer.methods),
            "not_defined": list(layer.not_defined),
        }
        for label, layer in maps.layers.items()
    ]
    signed = (values for layer in maps.layers.values() for values in layer.methods.values())
    return {
        "targets": maps.targets,
        "logits": maps.logits,
        "layers": np.array(json.dumps(layers)),
        **{f"maps-{number}": values for number, values in enumerate(signed)},
    }


def from_arrays(arrays: Arrays) -> CheckpointMaps:
    """The maps that `as_arrays` made arrays of."""
    signed = (values for name, values in arrays.items() if name.startswith("maps-"))
    layers = {
        layer["label"]: LayerMaps(
            name=layer["name"],
            rectified=layer["rectified"],
            constant_gradient=layer["constant_gradient"],
            methods={method: next(signed) for method in layer["methods"]},
            not_defined=tuple(layer["not_defined"]),
        )
        for layer in json.loads(str(arrays["layers"]))
    }
    return CheckpointMaps(arrays["targets"], arrays["logits"], layers)
