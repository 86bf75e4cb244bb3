"""What a treated fine-tuning began from and what came of it, by seed, for one classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from evidrift.networks.checkpoint import Plan, Weights, load_checkpoints
from evidrift.networks.files import BACKBONE, PREDICTIONS
from evidrift.training.predictions import read_predictions

if TYPE_CHECKING:
    from evidrift.images.store import Images


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one architecture, strategy and strength.

    Attributes:
        classifier: network input -> logits, with whichever weights.
        start: tl's weights, by seed; what is not the head is the same for all.
        treated: weights after treated fine-tuning, by seed.
        recorded: the treated checkpoint's logits of the test split, as its stage wrote them, (n, classes), by
            seed.
    """

    classifier: keras.Model
    start: dict[int, Weights]
    treated: dict[int, Weights]
    recorded: dict[int, np.ndarray]

    def as_tuned(self, seeds: Sequence[int]) -> dict[tuple[int, str], Weights]:
        """The treated weights of some seeds by seed and `ft`, as the checks take them."""
        return {(seed, "ft"): self.treated[seed] for seed in seeds}


def load_treated(
    plan: Plan, models: Path, treated: Path, seeds: Sequence[int], images: "Images"
) -> Checkpoints:
    """Load the checkpoints of all seeds.

    Args:
        plan: of the classifier.
        models: the architecture's folder, see `networks.files`.
        treated: the folder of the treated checkpoints, each called by its seed.
        seeds: of the grid.
        images: of the test split.

    Raises:
        UserError: a file is missing or damaged, holds another network's weights, or predictions of other
            images.
    """
    folders = {("tl", seed): models / str(seed) / "tl" for seed in seeds} | {
        ("treated", seed): treated / str(seed) for seed in seeds
    }
    classifier, weights = load_checkpoints(plan, backbone=models / BACKBONE, folders=folders)
    recorded = {
        seed: read_predictions(treated / str(seed) / PREDICTIONS, images.ids, images.classes)
        for seed in seeds
    }
    return Checkpoints(
        classifier,
        start={seed: weights["tl", seed] for seed in seeds},
        treated={seed: weights["treated", seed] for seed in seeds},
        recorded=recorded,
    )
