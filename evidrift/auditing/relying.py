"""What the predictions of an audit's models hang on: measured in memory, once a model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from evidrift.attribution.explain import logits_of
from evidrift.attribution.network import Network
from evidrift.auditing.gate.limits import PLACES
from evidrift.auditing.models import Given, Models
from evidrift.auditing.runs import Tried
from evidrift.compare.findings.reliance import Asked
from evidrift.foreign.files import ModelFile
from evidrift.images.store import Images
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.reliance.fills import donors
from evidrift.reliance.markers import find_markers
from evidrift.reliance.measuring import Predict, Reliance, measure_reliance
from evidrift.reliance.regions import image_regions

# The two sides of a call of one finding.
CALLS = ("not called", "called")


def relied_on(models: Models, tried: Tried, batch_size: int, quiet: bool) -> Asked:
    """What each pair of models hangs on."""
    return of_pairs(reliance_of(models, tried, batch_size, quiet), list(models.files), models.pairs)


def reliance_of(models: Models, tried: Tried, batch_size: int, quiet: bool) -> Reliance:
    """What each model hangs on; see `measure_models` and `measure_findings`."""
    if models.several:
        audited, first = tried.audited, next(iter(tried.runs.values()))
        has = first.scores.called if audited.findings is None else audited.findings
        known = np.ones_like(has) if audited.findings_known is None else audited.findings_known
        return measure_findings(models.files, audited.images, has, known, batch_size, quiet)
    return measure_models(models.files, tried.films, batch_size, quiet)


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
    predicts = {(number, "ft"): _predict(file, batch_size) for number, file in enumerate(files.values())}
    return measure_reliance(predicts, images, _places(images), clean=_clean(images), quiet=quiet)


def measure_findings(
    files: Mapping[Given, ModelFile],
    films: Images,
    has: np.ndarray,
    known: np.ndarray,
    batch_size: int,
    quiet: bool,
) -> Reliance:
    """The same of models that call findings, each finding by itself: what becomes of its z, and of its call.

    Every changed film is asked about once, for all findings. In the tables an image is a film and a finding,
    `<film> [<finding>]`; its label is the finding where the film has it, else `no <finding>`.

    Args:
        files: of the models.
        films: n of them; the classes are the findings.
        has: which findings each film has, (n, findings) bool: the side of a call that is followed.
        known: where that is known, (n, findings) bool; the rest is left out.
        batch_size: images per pass.
        quiet: no progress bar.
    """
    asked = {(number, "ft"): _Once(_predict(file, batch_size)) for number, file in enumerate(files.values())}
    sets = np.unique(has, axis=0, return_inverse=True)[1].reshape(-1)
    partner, places, clean = donors(replace(films, labels=sets)), _places(films), _clean(films)
    tables = []
    for number, name in enumerate(films.classes):
        predicts = {model: once.of(number) for model, once in asked.items()}
        calls = replace(films, labels=has[:, number].astype(np.int32), classes=CALLS)
        found = measure_reliance(
            predicts, calls, places, partner=partner, clean=clean, quiet=quiet or number > 0
        )
        told = set(films.ids[known[:, number]].tolist())
        tables.append(tuple(_of_finding(each, name, told) for each in (found.regions, found.spikes)))
    regions, spikes = (pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True))
    return Reliance(regions, spikes)


class _Once:
    """A model that is asked about the same films over and over, and looks at them once."""

    def __init__(self, predict: Predict):
        self._predict = predict
        self._known: list[np.ndarray] = []

    def of(self, finding: int) -> Predict:
        """What it gives of one finding, (n, 1); to be asked about all films, in the same order each time."""
        turn = count()

        def predict(films: np.ndarray) -> np.ndarray:
            at = next(turn)
            if at == len(self._known):
                self._known.append(self._predict(films))
            return self._known[at][:, [finding]]

        return predict


def _of_finding(table: pd.DataFrame, name: str, known: set[str]) -> pd.DataFrame:
    own = table[table["image_id"].astype(str).isin(known)]
    labels = own["label"].astype(str).map(dict(zip(CALLS, (f"no {name}", name), strict=True)))
    ids = own["image_id"].astype(str) + f" [{name}]"
    return own.assign(image_id=ids, label=labels, finding=name)


class _Place:
    """A region's masks, each made when it is asked for: of all films together they would be gigabytes."""

    def __init__(self, images: Images, name: str) -> None:
        self._images, self._name = images, name

    def __getitem__(self, at: int) -> np.ndarray:
        one = replace(self._images, pixels=self._images.pixels[:1], content=self._images.content[[at]])
        return image_regions(one)[self._name][0]


def _places(images: Images) -> dict[str, Any]:
    return {name: _Place(images, name) for name in PLACES}


def _clean(images: Images) -> np.ndarray:
    """The films without a marker, (n,) bool."""
    return np.array(
        [
            not find_markers(pixels[np.newaxis], content[np.newaxis]).any()
            for pixels, content in zip(images.pixels, images.content, strict=True)
        ]
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
