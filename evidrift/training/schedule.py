"""The learning rate of each step: linear warm-up, then cosine decay to zero."""

import math

from evidrift.params.training import Training


def learning_rate(step: int, steps_per_epoch: int, params: Training) -> float:
    """The rate of one step (Loshchilov & Hutter 2017, eq. 5, one cycle, after a linear warm-up).

    Args:
        step: 0 for the first of the whole training.
        steps_per_epoch: batches in an epoch.
        params: epochs, warm-up and peak.
    """
    warmup = params.warmup_epochs * steps_per_epoch
    if step < warmup:
        return params.learning_rate * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (params.epochs * steps_per_epoch - warmup)
    return params.learning_rate * (1 + math.cos(math.pi * progress)) / 2
