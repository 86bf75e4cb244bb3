"""The maps of tl that stand beside the treated ones: the study has made them already."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from evidrift.base.errors import UserError
from evidrift.maps.mapfile import CheckpointMaps, MapFile, Origin

WEIGHTS = "weights"


def read_start(path: Path, origin: Origin, image_ids: np.ndarray, content: np.ndarray) -> CheckpointMaps:
    """Read tl's maps from the study's own map file.

    Args:
        path: of the file.
        origin: what was explained, with the hash of tl's weights and the present versions of libraries.
        image_ids: the images that were chosen, (n,) text.
        content: of them, (n, 4) as in the prepared store.

    Raises:
        UserError: the file is missing or damaged, or holds maps of other weights or images, of another
            score, class or size, or by other versions of libraries.
    """
    file = MapFile(path).require(origin.architecture, origin.seed, origin.family)
    # of ft the file has its own
    expected = replace(origin, weights={"tl": origin.weights["tl"], "ft": file.origin.weights["ft"]})
    differing = [name for name, value in vars(expected).items() if getattr(file.origin, name) != value]
    if not (np.array_equal(file.image_ids(), image_ids) and np.array_equal(file.content(), content)):
        differing.append("images")
    if differing:
        raise _foreign(path, ", ".join(differing))
    return file.checkpoint("tl")


def require_alike(path: Path, start: CheckpointMaps, treated: CheckpointMaps) -> None:
    """See that tl's maps are of the layers and methods of the treated ones.

    Raises:
        UserError: they are of others.
    """
    if _kinds(start) != _kinds(treated):
        raise _foreign(path, "methods or layers")


def _kinds(maps: CheckpointMaps) -> dict[str, tuple]:
    return {
        label: (layer.name, sorted(layer.methods), sorted(layer.not_defined))
        for label, layer in maps.layers.items()
    }


def _foreign(path: Path, what: str) -> UserError:
    return UserError(
        f"{path} holds other maps of tl than belong beside the treated: {what} differ. The checkpoints, the "
        "images and the maps are not of one run: run `dvc repro`. If that does not help, `dvc repro --force` "
        "with the name of that file's stage, explain@<architecture>-<seed>-<family>, makes it anew."
    )
