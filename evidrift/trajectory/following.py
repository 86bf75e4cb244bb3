"""Follow drift along the fine-tuning of one architecture: its trajectory table."""

import dataclasses
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pandas as pd

from evidrift.attribution.subset import choose
from evidrift.training.epochs import read_epochs
from evidrift.trajectory.explaining import Explainer
from evidrift.trajectory.measuring import measure_maps
from evidrift.trajectory.params import Trajectory
from evidrift.trajectory.table import join, rows_of

if TYPE_CHECKING:
    from evidrift.images.store import Images


def follow(
    architecture: str,
    load: Callable[[int], keras.Model],
    folder: Path,
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    params: Trajectory,
) -> pd.DataFrame:
    """Explain the same images under tl and after every kept epoch of each seed, and measure the maps.

    Args:
        architecture: its name.
        load: gives a seed's tl, network input -> logits; all of one graph.
        folder: of the epochs files, `<seed>.h5`.
        images: of the validation split; a fixed few of each class are explained (`subset.choose`).
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input.
        params: seeds, images and methods.

    Returns:
        The rows of the trajectory table, see `table`; none where there is no seed to follow.

    Raises:
        UserError: an epochs file is missing, empty, or of another network.
    """
    if not params.seeds:
        return join([])
    few = _few(images, choose(images.ids, images.labels, params.images_per_class))
    tl = {}
    for seed in params.seeds:
        classifier = load(seed)
        tl[seed] = classifier.get_weights()
    explainer = Explainer(classifier, few, prepare, params)
    parts = []
    for seed, weights in tl.items():
        epochs = read_epochs(folder / f"{seed}.h5", architecture, seed, classifier)
        along = explainer.explain(chain([(0, weights)], epochs), f"trajectory {architecture} seed {seed}")
        for method, signed in along.maps.items():
            measured = measure_maps(
                signed, few.content, few.pixels.shape[1], few.labels, few.patient_ids, params.area
            )
            parts.append(rows_of(architecture, seed, along.epochs, method, few, along.logits, measured))
    return join(parts)


def _few(images: "Images", chosen: np.ndarray) -> "Images":
    return dataclasses.replace(
        images,
        ids=images.ids[chosen],
        patient_ids=images.patient_ids[chosen],
        labels=images.labels[chosen],
        pixels=images.pixels[chosen],
        content=images.content[chosen],
        lungs=None,
        findings=None,
    )
