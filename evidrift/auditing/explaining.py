"""Explain one model file on all images of an audit, in one pass where the methods allow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.auditing.methods import Family
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile
from evidrift.maps.mapfile import CheckpointMaps, joined
from evidrift.maps.scores import logit_scale, predicted_classes

PREDICTED = -1  # a target: the class that the network itself predicts


@dataclass(frozen=True)
class Explained:
    """One model on n images.

    Attributes:
        logits: (n, classes) float32; two classes for a single sigmoid output.
        maps: by attribution family.
        layer_name: the target layer's name in the model.
        grid: the maps' height and width.
    """

    logits: np.ndarray
    maps: dict[str, CheckpointMaps]
    layer_name: str
    grid: tuple[int, int]


def explain_file(
    file: ModelFile,
    families: Sequence[Family],
    layer: str,
    pixels: np.ndarray,
    targets: np.ndarray | None,
    what: str,
    quiet: bool,
) -> Explained:
    """Logits and maps of all images.

    The CAM family needs one forward pass and the gradient of the network's end. Its unit form needs the
    scale of the logits first, and other families the target: they cost a forward pass more.

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
    wanted = np.full(len(pixels), PREDICTED) if targets is None else targets
    scale = float("nan")
    if any(family.name != "cam" or "grad_cam_pp_unit" in family.params.methods for family in families):
        logits = _logits(network, pixels, families[0].params.batch_size)
        scale = logit_scale(logits)
        wanted = predicted_classes(logits) if targets is None else targets
    batches: dict[str, list[CheckpointMaps]] = {family.name: [] for family in families}
    size = families[0].params.batch_size
    with tqdm(
        total=len(pixels), desc=f"explain {what}", unit="image", disable=True if quiet else None
    ) as bar:
        for first in range(0, len(pixels), size):
            batch = slice(first, first + size)
            for family in families:
                found = family.module.explain(network, pixels[batch], wanted[batch], family.params, scale)
                batches[family.name].append(found)
            bar.update(len(pixels[batch]))
    maps = {name: joined(parts) for name, parts in batches.items()}
    raw = next(iter(maps.values())).logits
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
    called = predicted_classes(raw) if targets is None else targets
    return Explained(
        logits.astype(np.float32),
        {name: replace(each, targets=called, logits=logits) for name, each in maps.items()},
        network.layers[0].name,
        network.grid(layer),
    )


def _logits(network: Network, pixels: np.ndarray, size: int) -> np.ndarray:
    parts = [
        network.logits(network.inputs(pixels[first : first + size])) for first in range(0, len(pixels), size)
    ]
    return np.concatenate(parts)
