"""The networks that are measured: the default study's, and one large one. Weights do not matter for time."""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from benchmarks.performance.films import CLASSES, films
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.zoo import __path__ as zoo

WEIGHTS = Path(zoo[0]) / "weights"


class Measured(NamedTuple):
    """A network to measure.

    Attributes:
        architecture: its name.
        size: side of the input, px.
        batch: images a pass.
        n: images in all.
    """

    architecture: str
    size: int
    batch: int
    n: int

    def __str__(self) -> str:
        return f"{self.architecture}, {self.size} px"

    @property
    def zoo(self):
        """The architecture's module."""
        return find(self.architecture)

    def inputs(self, pixels: np.ndarray) -> np.ndarray:
        """The network's input of pixels, (n, size, size) uint8."""
        return network_input(pixels, self.zoo)

    def backbone(self) -> keras.Model:
        """The trunk, with the weights that the repository has, if any."""
        trunk = build_backbone(self.architecture, self.size, {})
        weights = WEIGHTS / f"{self.architecture}.weights.h5"
        if weights.is_file():
            load_weights(trunk, weights)
        return trunk

    def classifier(self) -> keras.Model:
        """The trunk with a head."""
        return build_classifier(self.backbone(), CLASSES, dropout=0)

    def pixels(self) -> np.ndarray:
        """Blurred noise, (n, size, size) uint8."""
        return films(self.n, self.size)

    def labels(self) -> np.ndarray:
        """(n,) int."""
        return np.arange(self.n) % CLASSES


MINIATURES = tuple(
    Measured(name, size=128, batch=32, n=64) for name in ("densenet_mini", "resnetv2_mini", "inception_mini")
)
LARGE = Measured("resnet50v2", size=224, batch=8, n=8)
