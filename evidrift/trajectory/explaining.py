"""Maps of a few validation images under tl and after every epoch of fine-tuning."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from tqdm import tqdm

from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.families import cam
from evidrift.maps.scores import logit_scale
from evidrift.trajectory.params import Trajectory

if TYPE_CHECKING:
    from evidrift.images.store import Images

LAYER = "penultimate"  # the layer that conclusions rest on


@dataclass(frozen=True)
class Explained:
    """One network's maps along its fine-tuning, tl first.

    Attributes:
        epochs: (m,) numbers; 0 is tl.
        logits: (m, n, classes) float32.
        maps: by method: signed, (m, n, h, w) float32; without the methods that the layer does not allow.
    """

    epochs: np.ndarray
    logits: np.ndarray
    maps: dict[str, np.ndarray]


class Explainer:
    """Explains the same images under one set of weights after another; the graph is compiled once.

    Args:
        classifier: network input -> logits; its weights change.
        images: the n to explain, at their labels.
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input.
        params: methods and batch size.
    """

    def __init__(
        self,
        classifier: keras.Model,
        images: "Images",
        prepare: Callable[[np.ndarray], Any],
        params: Trajectory,
    ):
        self._classifier = classifier
        self._images = images
        self._network = Network(classifier, resolve(classifier, [LAYER]), prepare, "centred")
        self._params = cam.Params(
            methods=params.methods,
            layers=[LAYER],
            score="centred",
            target="label",
            images_per_class=None,
            batch_size=params.batch_size,
        )

    def explain(self, weights: Iterable[tuple[int, list[np.ndarray]]], description: str) -> Explained:
        """Maps under each of the given weights.

        Args:
            weights: numbers of epochs, and the weights as `set_weights` takes them.
            description: for the progress bar.
        """
        epochs, logits, maps = [], [], []
        for epoch, values in tqdm(weights, description, unit="epoch", disable=None):
            self._classifier.set_weights(values)
            epochs.append(epoch)
            found = self._explain()
            logits.append(found[0])
            maps.append(found[1])
        return Explained(
            np.array(epochs),
            np.stack(logits),
            {method: np.stack([each[method] for each in maps]) for method in maps[0]},
        )

    def _explain(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Logits, and maps by method, under the weights as they are."""
        pixels, labels, size = self._images.pixels, self._images.labels, self._params.batch_size
        parts = [slice(at, at + size) for at in range(0, len(pixels), size)]
        scale = 1.0
        if "grad_cam_pp_unit" in self._params.methods:  # its scale is of all images, so they are seen first
            first = [self._network.run(pixels[part], labels[part]).logits for part in parts]
            scale = logit_scale(np.concatenate(first))
        found = [
            cam.explain(self._network, pixels[part], labels[part], self._params, scale) for part in parts
        ]
        methods = found[0].layers[LAYER].methods
        return np.concatenate([each.logits for each in found]), {
            method: np.concatenate([each.layers[LAYER].methods[method] for each in found])
            for method in methods
        }
