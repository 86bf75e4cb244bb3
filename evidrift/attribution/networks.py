"""Networks of one classifier, each made and compiled once, whoever asks for it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from evidrift.attribution.network import Network, Score
from evidrift.networks.target.layers import resolve


class Networks:
    """Networks by target layers and score. All have the classifier's weights, whichever it is given.

    Args:
        classifier: network input -> logits, one functional graph.
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input; affine in each channel.
    """

    def __init__(self, classifier: keras.Model, prepare: Callable[[np.ndarray], Any]) -> None:
        self.classifier = classifier
        self._prepare = prepare
        self._made: dict[tuple, Network] = {}

    def at(self, labels: Sequence[str], score: Score) -> Network:
        """The network that explains at these layers.

        Raises:
            UserError: a label fits no layer.
        """
        key = tuple(labels), score
        if key not in self._made:
            layers = resolve(self.classifier, labels)
            self._made[key] = Network(self.classifier, layers, self._prepare, score)
        return self._made[key]
