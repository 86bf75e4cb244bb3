"""Explain both checkpoints of one architecture and seed with one attribution family."""

import logging
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from tqdm import tqdm

from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.maps.mapfile import CheckpointMaps, joined
from evidrift.maps.scores import differing, logit_scale, predicted_classes

if TYPE_CHECKING:
    from evidrift.images.store import Images

logger = logging.getLogger(__name__)


def explain_checkpoints(
    family: ModuleType,
    params: Any,
    classifier: keras.Model,
    weights: dict[str, list[np.ndarray]],
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    recorded: dict[str, np.ndarray],
    chosen: np.ndarray,
) -> dict[str, CheckpointMaps]:
    """Maps of the chosen images under each checkpoint.

    Args:
        family: a module of `families`.
        params: its `Params`.
        classifier: network input -> logits; has the last checkpoint's weights afterwards.
        weights: by checkpoint (`tl`, `ft`), for this classifier.
        images: of the test split.
        prepare: brings pixels, (n, size, size) uint8, to the network's input.
        recorded: each checkpoint's logits of these images as its training stage wrote them,
            (n, classes): they give the predicted class and the scale for the unit form, and the
            checkpoint must give them again.
        chosen: positions of the images to explain, from `subset.choose`.

    Raises:
        UserError: a checkpoint gives other logits than were recorded, or lacks a layer.
    """
    # one graph, compiled once, takes the weights of all checkpoints in turn
    network = Network(classifier, resolve(classifier, params.layers), prepare, params.score)
    maps = {}
    for checkpoint, values in weights.items():
        classifier.set_weights(values)
        maps[checkpoint] = _explain(family, params, network, images, recorded[checkpoint], chosen, checkpoint)
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
    family: ModuleType,
    params: Any,
    network: Network,
    images: "Images",
    recorded: np.ndarray,
    chosen: np.ndarray,
    checkpoint: str,
) -> CheckpointMaps:
    if len(recorded) != len(images.ids):
        raise UserError(
            f"{checkpoint}: there are recorded predictions of {len(recorded)} images, but {len(images.ids)} "
            "images to explain. The training stages ran on another store: run `dvc repro`."
        )
    targets = images.labels if params.target == "label" else predicted_classes(recorded)
    scale = logit_scale(recorded)
    batches = []
    with tqdm(total=len(chosen), desc=f"explain {checkpoint}", unit="image", disable=None) as progress:
        for first in range(0, len(chosen), params.batch_size):
            batch = chosen[first : first + params.batch_size]
            result = family.explain(network, images.pixels[batch], targets[batch], params, scale)
            _check(result.logits, recorded[batch], scale, images.ids[batch], checkpoint)
            batches.append(result)
            progress.update(len(result.targets))
    return joined(batches)


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
