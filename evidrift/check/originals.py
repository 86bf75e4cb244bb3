"""The maps that are checked: those of chosen test images, from the map files of one seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evidrift.attribution.subset import choose
from evidrift.base.errors import UserError
from evidrift.maps.mapfile import MapFile

if TYPE_CHECKING:
    from evidrift.images.store import Images


@dataclass(frozen=True)
class Originals:
    """One family's maps of n images under one checkpoint.

    Attributes:
        path: of their map file.
        images: positions of the images in the test split, (n,), rising.
        targets: the class explained, (n,) indices.
        logits: (n, classes).
        signed: maps as stored by (layer, method), (n, h, w); sorted.
    """

    path: Path
    images: np.ndarray
    targets: np.ndarray
    logits: np.ndarray
    signed: dict[tuple[str, str], np.ndarray]


def read_originals(
    file: MapFile, checkpoint: str, images: "Images", layers: list[str], per_class: int, explained: int | None
) -> Originals:
    """The maps of images at these layers; layers that the file lacks are passed over.

    Args:
        file: of one family.
        checkpoint: `tl` or `ft`.
        images: of the test split.
        layers: to check.
        per_class: images of each class, as far as there are.
        explained: of each class by this family, None for all: a costly one may have explained fewer.

    Raises:
        UserError: the file has no map of an image.
    """
    chosen = choose(images.ids, images.labels, per_class if explained is None else min(per_class, explained))
    at = {image_id: place for place, image_id in enumerate(file.image_ids())}
    image_ids = images.ids[chosen]
    if missing := [image_id for image_id in image_ids if image_id not in at]:
        raise UserError(
            f"{file.path} has no map of {missing[0]} ({len(missing)} of {len(image_ids)} missing), which is "
            "to be checked. The maps and the parameters are not of one run: run `dvc repro`."
        )
    places = np.array([at[image_id] for image_id in image_ids])
    return Originals(
        path=file.path,
        images=chosen,
        targets=file.targets(checkpoint)[places],
        logits=file.logits(checkpoint)[places],
        signed={
            (layer, method): file.maps(checkpoint, layer, method)[places]
            for layer, method in file.methods()
            if layer in layers
        },
    )
