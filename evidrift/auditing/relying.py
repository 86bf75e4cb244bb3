"""What the predictions of an audit's models hang on: measured in memory, once a model."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evidrift.attribution.explain import logits_of
from evidrift.attribution.network import Network
from evidrift.auditing.models import Given
from evidrift.foreign.files import ModelFile
from evidrift.images.store import Images
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.reliance.markers import find_markers
from evidrift.reliance.measuring import Predict, Reliance, measure_reliance
from evidrift.reliance.regions import image_regions


def measure_models(
    files: Mapping[Given, ModelFile],
    pairs: Sequence[tuple[Given, Given]],
    images: Images,
    regions: Sequence[str],
    batch_size: int,
    quiet: bool,
) -> Reliance:
    """Replace regions of every film, and paint markers into those that have none, for all models.

    Args:
        files: of the models.
        pairs: models before and after; in the tables a pair's number stands for a seed.
        images: the label is the class that is followed.
        regions: names of `image_regions`.
        batch_size: images per pass.
        quiet: no progress bar.
    """
    givens = list(files)
    every = image_regions(images)
    predicts = {(number, "ft"): _predict(files[given], batch_size) for number, given in enumerate(givens)}
    clean = np.array([not marker.any() for marker in find_markers(images.pixels, images.content)])
    found = measure_reliance(
        predicts, images, {name: every[name] for name in regions}, clean=clean, quiet=quiet
    )
    return Reliance(*(_by_pair(table, givens, pairs) for table in (found.regions, found.spikes)))


def _predict(file: ModelFile, batch_size: int) -> Predict:
    network = Network(file.model, (), file.prepare, "centred")
    return lambda films: logits_of(network, films, batch_size)


def _by_pair(
    table: pd.DataFrame, givens: Sequence[Given], pairs: Sequence[tuple[Given, Given]]
) -> pd.DataFrame:
    """The rows of each pair's two models; a model of several pairs stands in each."""
    rows = {given: table[table["seed"] == number] for number, given in enumerate(givens)}
    return pd.concat(
        [
            rows[given].assign(seed=np.int64(number), checkpoint=checkpoint)
            for number, pair in enumerate(pairs, start=1)
            for checkpoint, given in zip(CHECKPOINTS, pair, strict=True)
        ],
        ignore_index=True,
    )
