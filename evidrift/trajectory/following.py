"""Follow drift along the fine-tuning of one architecture: its trajectory table."""

import dataclasses
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pandas as pd

from evidrift.attribution.explain import explain
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Arrays, Memo
from evidrift.families import cam
from evidrift.maps.arrays import as_arrays, from_arrays
from evidrift.networks.target.layers import resolve
from evidrift.training.epochs import read_epochs
from evidrift.trajectory.measuring import measure_maps
from evidrift.trajectory.params import Trajectory
from evidrift.trajectory.table import join, rows_of

if TYPE_CHECKING:
    from evidrift.images.store import Images

LAYER = "penultimate"  # the layer that conclusions rest on


def follow(
    architecture: str,
    load: Callable[[Sequence[int]], tuple[keras.Model, dict[tuple[int, str], list[np.ndarray]]]],
    folder: Path,
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    params: Trajectory,
    memo: Memo = NOTHING,
) -> pd.DataFrame:
    """Explain the same images under tl and after every kept epoch of each seed, and measure the maps.

    Args:
        architecture: its name.
        load: gives a classifier, network input -> logits, and for it the weights of seeds' tl, by seed and
            "tl".
        folder: of the epochs files, `<seed>.h5`.
        images: of the validation split; a fixed few of each class are explained (`subset.choose`).
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input.
        params: seeds, images and methods.
        memo: of epochs that were explained before.

    Returns:
        The rows of the trajectory table, see `table`; none where there is no seed to follow.

    Raises:
        UserError: an epochs file is missing, empty, or of another network.
    """
    if not params.seeds:
        return join([])
    few = _few(images, choose(images.ids, images.labels, params.images_per_class))
    classifier, tl = load(params.seeds)
    # one graph, compiled once, takes the weights of all epochs in turn
    network = Network(classifier, resolve(classifier, [LAYER]), prepare, "centred")
    family = _family(params)
    parts = []
    for (seed, _), weights in tl.items():
        kept = chain([(0, weights)], read_epochs(folder / f"{seed}.h5", architecture, seed, classifier))

        def make(epoch: tuple[int, list[np.ndarray]]) -> Arrays:
            classifier.set_weights(epoch[1])
            return as_arrays(explain(network, family, few.pixels, few.labels))

        made = memo.each(f"seed-{seed}", kept, make)
        shown = Progress(made, f"trajectory {architecture} seed {seed}", unit="epoch")
        along = [from_arrays(arrays) for arrays in shown]
        logits = np.stack([maps.logits for maps in along])
        for method in along[0].layers[LAYER].methods:
            signed = np.stack([maps.layers[LAYER].methods[method] for maps in along])
            measured = measure_maps(
                signed, few.content, few.pixels.shape[1], few.labels, few.patient_ids, params.area
            )
            parts.append(rows_of(architecture, seed, np.arange(len(along)), method, few, logits, measured))
    return join(parts)


def _family(params: Trajectory) -> Family:
    settings = cam.Params(
        methods=params.methods,
        layers=[LAYER],
        score="centred",
        target="label",
        images_per_class=None,
        batch_size=params.batch_size,
    )
    return Family("cam", cam, settings)


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
