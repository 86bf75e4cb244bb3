"""Reliance of one architecture: both checkpoints of each seed, on some images of the test split."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from evidrift.attribution.explain import logits_of
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.unfinished.memo import NOTHING, Memo
from evidrift.images.store import Images
from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.reliance.markers import find_markers
from evidrift.reliance.measuring import Model, Predict, Reliance, measure_reliance
from evidrift.reliance.params import MARKERS, STRONGEST
from evidrift.reliance.params import Reliance as Params
from evidrift.reliance.regions import image_regions, strongest

# Whose strongest fifth is a region.
METHOD, LAYER = "layer_cam", "penultimate"


def rely(
    architecture: str,
    load: Callable[[Sequence[int]], tuple[keras.Model, dict[Model, list[np.ndarray]]]],
    seeds: Sequence[int],
    images: Images,
    prepare: Callable[[np.ndarray], Any],
    map_files: Sequence[Path],
    params: Params,
    memo: Memo = NOTHING,
) -> Reliance:
    """Reliance of every checkpoint on every region, and what markers painted into clean films do.

    Args:
        architecture: its name.
        load: gives a classifier, network input -> logits, and for it the weights of seeds, by seed and
            checkpoint (`tl`, `ft`).
        seeds: of the grid.
        images: of the test split.
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input.
        map_files: of the architecture; where LayerCAM is in one, each checkpoint's strongest fifth is a
            region.
        params: of reliance.
        memo: of films that were asked about before.

    Raises:
        UserError: a map file is missing.
    """
    some = taken(images, choose(images.ids, images.labels, params.images_per_class))
    classifier, weights = load(seeds)
    # one graph, compiled once, takes the weights of all checkpoints in turn
    network = Network(classifier, (), prepare, "centred")

    def asking(values: list[np.ndarray]) -> Predict:
        def predict(films: np.ndarray) -> np.ndarray:
            classifier.set_weights(values)
            return logits_of(network, films, params.batch_size)

        return predict

    markers = find_markers(np.asarray(some.pixels), some.content)
    return measure_reliance(
        {model: asking(values) for model, values in weights.items()},
        some,
        image_regions(some, params.boxes) | {MARKERS: markers},
        own=_strongest(map_files, some),
        clean=~np.any(markers, axis=(1, 2)),
        architecture=architecture,
        draws=params.draws,
        memo=memo,
    )


def taken(images: Images, at: np.ndarray) -> Images:
    """Some of the images, by their positions."""
    of_images = {each.name: getattr(images, each.name) for each in fields(images) if each.name != "classes"}
    return replace(images, **{name: value[at] for name, value in of_images.items() if value is not None})


def _strongest(map_files: Sequence[Path], images: Images) -> dict[Model, dict[str, np.ndarray]]:
    """The strongest fifth of each checkpoint's own evidence; nothing in an image without a map."""
    found: dict[Model, dict[str, np.ndarray]] = {}
    for maps in map(MapFile, map_files):
        if (LAYER, METHOD) not in maps.methods():
            continue
        at = {image_id: place for place, image_id in enumerate(maps.image_ids())}
        known = np.array([image_id in at for image_id in images.ids])
        places = [at[image_id] for image_id in images.ids[known]]
        for checkpoint in CHECKPOINTS:
            masks = np.zeros(images.pixels.shape, bool)
            signed = maps.maps(checkpoint, LAYER, METHOD)[places]
            masks[known] = strongest(signed, images.content[known], images.pixels.shape[1])
            found[maps.origin.seed, checkpoint] = {STRONGEST: masks}
    return found
