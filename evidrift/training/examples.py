"""What the epoch loop trains on or validates with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Examples:
    """Labelled inputs, made when they are needed.

    Attributes:
        labels: (n,) class indices.
        n_views: augmented copies to choose from beside each example itself.
        inputs: (rows, view of each row) -> the network's inputs for these rows.
    """

    labels: np.ndarray
    n_views: int
    inputs: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def in_order(self, batch_size: int = 32) -> list[np.ndarray]:
        """Rows of all examples, batch by batch."""
        n = len(self.labels)
        return [np.arange(start, min(start + batch_size, n)) for start in range(0, n, batch_size)]

    def plain(self, rows: np.ndarray) -> np.ndarray:
        """Inputs of these rows without augmentation."""
        return self.inputs(rows, np.zeros(len(rows), int))
