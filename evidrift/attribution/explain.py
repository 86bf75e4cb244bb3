"""The one loop that explains images; and both checkpoints of one architecture and seed, for the pipeline."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from evidrift.attribution.family import Family
from evidrift.attribution.network import PREDICTED, Network
from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.maps.arrays import as_arrays, from_arrays
from evidrift.maps.mapfile import CheckpointMaps, joined
from evidrift.maps.scores import differing, logit_scale, predicted_classes
from evidrift.networks.target.layers import resolve

if TYPE_CHECKING:
    from evidrift.base.files.spool import Spool
    from evidrift.images.planes import Planes
    from evidrift.images.store import Images

logger = logging.getLogger(__name__)


def explain(
    network: Network,
    family: Family,
    pixels: "np.ndarray | Planes | Spool",
    targets: np.ndarray | None = None,
    scale: float | None = None,
    seen: Callable[[slice, CheckpointMaps], Any] = lambda part, maps: None,
    memo: Memo = NOTHING,
    name: str = "maps",
) -> CheckpointMaps:
    """One family's maps of all images, batch by batch.

    The unit form of Grad-CAM++ needs the scale of all images' logits, and most families the target: where
    these are needed and not given, a forward pass over all images goes first.

    Args:
        network: with the layers and the score of the family's parameters.
        family: what to compute.
        pixels: (n, H, W) uint8.
        targets: the class to explain, (n,) indices; None for the one that the network itself predicts.
        scale: of the checkpoint's logits, where it is known.
        seen: called after each batch, with its place and its maps.
        memo: of batches that were explained before.
        name: of these maps in it.
    """
    params = family.params
    predict = targets is None and not params.takes_predicted
    if predict or (scale is None and params.needs_scale):
        logits = logits_of(network, pixels, params.batch_size)
        scale = logit_scale(logits)
        targets = predicted_classes(logits) if targets is None else targets
    asked = np.full(len(pixels), PREDICTED) if targets is None else targets
    parts = _parts(len(pixels), params.batch_size)

    def make(part: slice) -> Arrays:
        return as_arrays(family.module.explain(network, pixels[part], asked[part], params, scale))

    batches = []
    for part, made in zip(parts, memo.each(name, parts, make), strict=True):
        maps = from_arrays(made)
        seen(part, maps)
        batches.append(maps)
    whole = joined(batches)
    return replace(whole, targets=predicted_classes(whole.logits)) if targets is None else whole


def logits_of(network: Network, pixels: "np.ndarray | Planes | Spool", batch_size: int) -> np.ndarray:
    """The network's logits of all images, (n, classes)."""
    parts = _parts(len(pixels), batch_size)
    return np.concatenate([network.logits(network.inputs(pixels[part])) for part in parts])


def _parts(n: int, size: int) -> list[slice]:
    return [slice(first, first + size) for first in range(0, n, size)]


def explain_checkpoints(
    family: Family,
    classifier: keras.Model,
    weights: dict[str, list[np.ndarray]],
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    recorded: dict[str, np.ndarray],
    chosen: np.ndarray,
    memo: Memo = NOTHING,
) -> dict[str, CheckpointMaps]:
    """Maps of the chosen images under each checkpoint.

    Args:
        family: what to compute.
        classifier: network input -> logits; has the last checkpoint's weights afterwards.
        weights: by checkpoint (`tl`, `ft`), for this classifier.
        images: of the test split.
        prepare: brings pixels, (n, size, size) uint8, to the network's input.
        recorded: each checkpoint's logits of these images as its training stage wrote them,
            (n, classes): they give the predicted class and the scale for the unit form, and the
            checkpoint must give them again.
        chosen: positions of the images to explain, from `subset.choose`.
        memo: of batches that were explained before.

    Raises:
        UserError: a checkpoint gives other logits than were recorded, or lacks a layer.
    """
    # one graph, compiled once, takes the weights of all checkpoints in turn
    params = family.params
    network = Network(classifier, resolve(classifier, params.layers), prepare, params.score)
    maps = {}
    for checkpoint, values in weights.items():
        classifier.set_weights(values)
        maps[checkpoint] = _explain(family, network, images, recorded[checkpoint], chosen, checkpoint, memo)
        for layer in maps[checkpoint].layers.values():
            if not layer.rectified:
                logger.warning(
                    "%s: layer %s can be negative: Grad-CAM++ is not defined there, and the other methods' "
                    "maps are to be read with care.",
                    checkpoint,
                    layer.name,
                )
    return maps


def _explain(
    family: Family,
    network: Network,
    images: "Images",
    recorded: np.ndarray,
    chosen: np.ndarray,
    checkpoint: str,
    memo: Memo,
) -> CheckpointMaps:
    if len(recorded) != len(images.ids):
        raise UserError(
            f"{checkpoint}: there are recorded predictions of {len(recorded)} images, but {len(images.ids)} "
            "images to explain. The training stages ran on another store: run `dvc repro`."
        )
    targets = images.labels if family.params.target == "label" else predicted_classes(recorded)
    scale = logit_scale(recorded)
    with Progress(total=len(chosen), desc=f"explain {checkpoint}", unit="image") as progress:

        def check(part: slice, maps: CheckpointMaps) -> None:
            at = chosen[part]
            _check(maps.logits, recorded[at], scale, images.ids[at], checkpoint)
            progress.update(len(at))

        pixels = images.pixels.take(chosen, axis=0)
        return explain(network, family, pixels, targets[chosen], scale, check, memo, checkpoint)


def _check(
    logits: np.ndarray, recorded: np.ndarray, scale: float, image_ids: np.ndarray, checkpoint: str
) -> None:
    differs = differing(logits, recorded, scale)
    if differs.any():
        at = int(differs.argmax())
        raise UserError(
            f"{checkpoint}: image {image_ids[at]} now gives logits {_shown(logits[at])}, but its training "
            f"stage recorded {_shown(recorded[at])}. The weights, the store and the predictions are not of "
            "one run, or of another kind of machine. `dvc repro --force` with this stage's name, "
            "explain@<architecture>-<seed>-<family>, makes them all anew."
        )


def _shown(logits: np.ndarray) -> str:
    return " ".join(f"{value:.4g}" for value in logits)
