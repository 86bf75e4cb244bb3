"""Transfer learning: train the head alone, on the frozen backbone's cached features."""

import keras

from evidrift.base.unfinished.scratch import Scratch
from evidrift.networks.classifier import build_head
from evidrift.training.examples import Examples
from evidrift.training.features import Features
from evidrift.training.loop import fit
from evidrift.training.params import TrainTl
from evidrift.training.state import Epoch


def train_head(
    training: Features,
    validation: Features,
    params: TrainTl,
    seed: int,
    description: str,
    scratch: Scratch | None = None,
) -> tuple[keras.Model, list[Epoch], int]:
    """Train a head from its seed's random start.

    Args:
        training: features of the training split, with views.
        validation: features of the validation split.
        params: of the loop.
        seed: of the head's start, order, views and dropout.
        description: to show with the progress.
        scratch: where unfinished training is kept, and gone on from.

    Returns:
        The head (features -> logits), its history, and the epoch whose weights it has.
    """
    head = build_head(training.values.shape[-1], len(training.classes), params.dropout, seed)
    history, chosen = fit(
        head,
        head.trainable_variables,
        feature_examples(training),
        feature_examples(validation),
        params,
        seed,
        description,
        scratch=scratch,
    )
    return head, history, chosen


def feature_examples(features: Features) -> Examples:
    """Features as the loop takes them."""
    return Examples(
        labels=features.labels,
        n_views=features.values.shape[1] - 1,
        inputs=lambda rows, views: features.values[rows, views],
    )
