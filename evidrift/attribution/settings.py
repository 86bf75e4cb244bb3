"""What the parameters of all attribution families have in common."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from evidrift.base.choices import Batch, Images
from evidrift.base.section import Section
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps


class FamilyParams(Section):
    """What every attribution family must know.

    Attributes:
        images_per_class: how many test images of each class are explained; null for all.
        score: `centred` logit, or `raw` for comparison with the literature.
        target: explain the image's `label`, or each checkpoint's `prediction`.
        batch_size: network inputs per pass, at most.
        takes_predicted: the family explains the predicted class without being told which it is.
    """

    takes_predicted: ClassVar[bool] = False

    images_per_class: Images | None
    score: Literal["centred", "raw"]
    target: Literal["label", "prediction"]
    batch_size: Batch

    @property
    def needs_scale(self) -> bool:
        """Whether a method's maps depend on the scale of all images' logits."""
        return False


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
