"""What families share that explain the image itself, not a layer; `penultimate` only lends them its grid."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evidrift.attribution.maps import CheckpointMaps, LayerMaps
from evidrift.attribution.settings import FamilyParams

if TYPE_CHECKING:
    from evidrift.attribution.network import Network

GRID = "penultimate"


class PixelLevelParams(FamilyParams):
    """Parameters of a family that explains pixels, on the grid of `penultimate` alone."""

    layers: ClassVar[tuple[str, ...]] = (GRID,)


def on_grid(
    network: "Network", targets: np.ndarray, logits: np.ndarray, maps: dict[str, np.ndarray]
) -> CheckpointMaps:
    """Maps by method that are on the grid of `penultimate`, (n, h, w), as a family returns them.

    Nothing at the layer itself is explained, so it does not matter whether it is rectified, and no method
    falls together with another where its gradient is constant.
    """
    name = next(layer.name for layer in network.layers if layer.label == GRID)
    whole = {method: values.astype(np.float32) for method, values in maps.items()}
    layer = LayerMaps(name, rectified=True, constant_gradient=False, methods=whole, not_defined=())
    return CheckpointMaps(targets, logits, {GRID: layer})
