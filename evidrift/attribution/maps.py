"""What an attribution family returns: signed maps (CAM tensors) by target layer and method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LayerMaps:
    """Maps of some images at one target layer.

    Attributes:
        name: the layer's name in the network.
        rectified: the layer's output is non-negative by construction.
        constant_gradient: d score / d activations is the same at every place, for every image and channel.
        methods: signed maps of each attribution method, (n, h, w) float32, in units of the score.
        not_defined: methods asked for that this layer does not allow.
    """

    name: str
    rectified: bool
    constant_gradient: bool
    methods: dict[str, np.ndarray]
    not_defined: tuple[str, ...]


@dataclass(frozen=True)
class CheckpointMaps:
    """Maps of some images at all target layers of one checkpoint.

    Attributes:
        targets: the class that was explained, (n,) indices.
        logits: the checkpoint's outputs, (n, classes) float32.
        layers: by label: `penultimate`, `last` or a layer's own name.
    """

    targets: np.ndarray
    logits: np.ndarray
    layers: dict[str, LayerMaps]


def joined(batches: Sequence[CheckpointMaps]) -> CheckpointMaps:
    """One after the other, the maps of batches of the same network, layers and methods."""
    layers = {}
    for label, first in batches[0].layers.items():
        parts = [batch.layers[label] for batch in batches]
        layers[label] = LayerMaps(
            name=first.name,
            rectified=first.rectified,
            constant_gradient=all(part.constant_gradient for part in parts),
            methods={name: np.concatenate([part.methods[name] for part in parts]) for name in first.methods},
            not_defined=first.not_defined,
        )
    return CheckpointMaps(
        targets=np.concatenate([batch.targets for batch in batches]),
        logits=np.concatenate([batch.logits for batch in batches]),
        layers=layers,
    )
