"""What the predictions of an audit's models hang on: measured in memory, once a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evidrift.attribution.explain import logits_of
from evidrift.attribution.network import Network
from evidrift.auditing.gate.limits import PLACES
from evidrift.auditing.models import Given, Models
from evidrift.compare.findings.reliance import Asked
from evidrift.foreign.files import ModelFile
from evidrift.images.store import Images
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.reliance.markers import find_markers
from evidrift.reliance.measuring import Predict, Reliance, measure_reliance
from evidrift.reliance.regions import image_regions


def relied_on(models: Models, images: Images, batch_size: int, quiet: bool) -> Asked:
    """What each pair of models hangs on; see `measure_models`."""
    found = measure_models(models.files, images, batch_size, quiet)
    return of_pairs(found, list(models.files), models.pairs)


def measure_models(
    files: Mapping[Given, ModelFile], images: Images, batch_size: int, quiet: bool
) -> Reliance:
    """Replace corners and border of every film, and paint markers into those that have none, for all models.

    Args:
        files: of the models; in the tables a model's number, from 0, stands for a seed, until `by_pair`.
        images: the label is the class that is followed.
        batch_size: images per pass.
        quiet: no progress bar.
    """
    every = image_regions(images)
    predicts = {(number, "ft"): _predict(file, batch_size) for number, file in enumerate(files.values())}
    clean = np.array([not marker.any() for marker in find_markers(np.asarray(images.pixels), images.content)])
    return measure_reliance(
        predicts, images, {name: every[name] for name in PLACES}, clean=clean, quiet=quiet
    )


def _predict(file: ModelFile, batch_size: int) -> Predict:
    network = Network(file.model, (), file.prepare, "centred")
    return lambda films: logits_of(network, films, batch_size)


def of_pairs(found: Reliance, models: Sequence[Any], pairs: Sequence[tuple[Any, Any]]) -> Asked:
    """Both tables by pairs of models, see `by_pair`."""
    return Asked(by_pair(found.regions, models, pairs), by_pair(found.spikes, models, pairs))


def by_pair(table: pd.DataFrame, models: Sequence[Any], pairs: Sequence[tuple[Any, Any]]) -> pd.DataFrame:
    """The rows of each pair's two models; a pair's number, from 1, stands for a seed.

    Args:
        table: of `measure_models`.
        models: in the order in which they were measured.
        pairs: models before and after; one of several pairs stands in each.
    """
    rows = {model: table[table["seed"] == number] for number, model in enumerate(models)}
    return pd.concat(
        [
            rows[model].assign(seed=np.int64(number), checkpoint=checkpoint)
            for number, pair in enumerate(pairs, start=1)
            for checkpoint, model in zip(CHECKPOINTS, pair, strict=True)
        ],
        ignore_index=True,
    )
