"""Fine-tune every seed of one architecture by a strategy, for the sweep over strategies."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.base.unfinished.scratch import Scratch
from evidrift.images.store import ImageStore
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import Plan, load_checkpoints, load_tl, save_weights
from evidrift.networks.files import BACKBONE, NETWORK
from evidrift.training.finetune import blend, finetune, image_examples
from evidrift.training.loop import compile_forward, predict
from evidrift.training.params import Finetune
from evidrift.training.state import Epoch
from evidrift.training.strategy import Strategy


class Treated(NamedTuple):
    """A treated checkpoint.

    Attributes:
        seed: of the training.
        history: a row an epoch; none where nothing was trained.
        chosen: number of the epoch whose weights these are, from 1; 0 where nothing was trained.
        logits: of the test split, (n, classes).
    """

    seed: int
    history: list[Epoch]
    chosen: int
    logits: np.ndarray


def treat(
    plan: Plan,
    models: Path,
    seeds: Sequence[int],
    store: ImageStore,
    params: Finetune,
    strategy: Strategy,
    folder: Path,
    scratch: Scratch,
) -> Iterator[Treated]:
    """Make the checkpoint of each seed, and write its weights.

    Args:
        plan: of the classifier.
        models: the architecture's folder, with backbone, tl and, for a strategy that does not train, ft.
        seeds: of the grid.
        store: the prepared images.
        params: of fine-tuning, which the strategy changes; see `Finetune.recipe`.
        strategy: with its parameters.
        folder: to write: `<seed>/network.weights.h5`.
        scratch: where unfinished trainings are kept.
    """
    zoo = find(plan.architecture)
    test = image_examples(store.split("test"), zoo, 0)
    training, validation = store.split("train"), store.split("validation")
    for seed in seeds:
        history: list[Epoch] = []
        chosen = 0
        if strategy.module.TRAINS:
            start = models / str(seed) / "tl"
            classifier = load_tl(plan, backbone=models / BACKBONE, tl=start, dropout=params.dropout)
            name = f"treat {plan.architecture} {strategy.name} seed {seed}"
            part = scratch.part(f"seed-{seed}")
            history, chosen = finetune(
                classifier, zoo, training, validation, params, seed, name, scratch=part, strategy=strategy
            )
        else:
            folders = {name: models / str(seed) / name for name in ("tl", "ft")}
            classifier, weights = load_checkpoints(plan, backbone=models / BACKBONE, folders=folders)
            classifier.set_weights(weights["ft"])
            examples = image_examples(training, zoo, params.views)
            blend(classifier, weights["tl"], strategy, params, examples)
        save_weights(classifier, folder / str(seed) / NETWORK)
        yield Treated(seed, history, chosen, predict(compile_forward(classifier), test))
        # networks and compiled steps hang in cycles: without this, those of several seeds stay in memory
        del classifier
        gc.collect()
