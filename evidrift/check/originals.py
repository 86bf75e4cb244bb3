"""The maps that are checked: those of chosen test images, from the map files of one seed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidrift.base.errors import UserError
from evidrift.maps.mapfile import MapFile


@dataclass(frozen=True)
class Originals:
    """One family's maps of n images under one checkpoint.

    Attributes:
        path: of their map file.
        targets: the class explained, (n,) indices.
        logits: (n, classes).
        signed: maps as stored by (layer, method), (n, h, w); sorted.
    """

    path: Path
    targets: np.ndarray
    logits: np.ndarray
    signed: dict[tuple[str, str], np.ndarray]


def read_originals(file: MapFile, checkpoint: str, image_ids: np.ndarray, layers: list[str]) -> Originals:
    """The maps of these images at these layers; layers that the file lacks are passed over.

    Raises:
        UserError: the file has no map of an image.
    """
    at = {image_id: place for place, image_id in enumerate(file.image_ids())}
    if missing := [image_id for image_id in image_ids if image_id not in at]:
        raise UserError(
            f"{file.path} has no map of {missing[0]} ({len(missing)} of {len(image_ids)} missing), which is "
            f"to be checked. Raise explain.{file.origin.family}.images_per_class to that of the section "
            "check, or lower it there."
        )
    places = np.array([at[image_id] for image_id in image_ids])
    return Originals(
        path=file.path,
        targets=file.targets(checkpoint)[places],
        logits=file.logits(checkpoint)[places],
        signed={
            (layer, method): file.maps(checkpoint, layer, method)[places]
            for layer, method in file.methods()
            if layer in layers
        },
    )
