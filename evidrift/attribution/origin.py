"""Where maps come from that are made here and now. Needs no TensorFlow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evidrift.attribution.family import Family
from evidrift.base.versions import versions
from evidrift.maps.mapfile import Origin

if TYPE_CHECKING:
    from evidrift.images.store import Images


def origin_of(
    architecture: str, seed: int, family: Family, images: "Images", weights: Mapping[str, str]
) -> Origin:
    """What a map file says of maps that are made here and now.

    Args:
        architecture: its name.
        seed: of the training.
        family: what is computed.
        images: of the test split.
        weights: sha256 of each checkpoint's.
    """
    return Origin(
        architecture=architecture,
        seed=seed,
        family=family.name,
        score=family.params.score,
        target=family.params.target,
        size=images.pixels.shape[1],
        classes=images.classes,
        versions=versions(),
        weights=weights,
    )
