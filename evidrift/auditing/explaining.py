"""Explain one model file on all images of an audit, in one pass where the methods allow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile
from evidrift.images.planes import Planes
from evidrift.maps.mapfile import CheckpointMaps


@dataclass(frozen=True)
class Explained:
    """One model on n images.

    Attributes:
        logits: (n, classes) float32; two classes for a single sigmoid output.
        maps: by attribution family.
        layer_name: the target layer's name in the model.
    """

    logits: np.ndarray
    maps: dict[str, CheckpointMaps]
    layer_name: str


def explain_file(
    file: ModelFile,
    families: Sequence[Family],
    layer: str,
    pixels: np.ndarray | Planes,
    targets: np.ndarray | None,
    what: str,
    quiet: bool,
) -> Explained:
    """Logits and maps of all images.

    Args:
        file: the model.
        families: what to compute, from `methods.families_of`.
        layer: target layer.
        pixels: (n, size, size) uint8.
        targets: the class to explain, (n,); None for the model's own prediction.
        what: the model's part, for the progress bar.
        quiet: no progress bar.

    Raises:
        UserError: an output is not finite.
    """
    network = Network(file.model, resolve(file.model, [layer]), file.prepare, "centred")
    maps: dict[str, CheckpointMaps] = {}
    total, silent = len(families) * len(pixels), True if quiet else None
    with tqdm(total=total, desc=f"explain {what}", unit="image", disable=silent) as bar:
        for family in families:
            maps[family.name] = explain(
                network, family, pixels, targets, seen=lambda part, batch: bar.update(len(batch.targets))
            )
            targets = maps[family.name].targets
    raw = maps[families[0].name].logits
    broken = int((~np.isfinite(raw)).any(axis=1).sum())
    if broken:
        raise UserError(
            say(
                "{path} gives NaN or infinity for {broken} of {n} images. Its weights hold such values, or "
                "it was trained on another range of input ({preprocessing}).",
                path=file.path,
                broken=broken,
                n=len(raw),
                preprocessing=parameter("preprocessing"),
            )
        )
    logits = np.concatenate([-raw, raw], axis=1) / 2 if raw.shape[1] == 1 else raw
    logits = logits.astype(np.float32)
    return Explained(
        logits, {name: replace(each, logits=logits) for name, each in maps.items()}, network.layers[0].name
    )
