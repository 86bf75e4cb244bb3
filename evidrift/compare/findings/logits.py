"""The logits of every run on the test split, as compare reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evidrift.base.errors import UserError
from evidrift.base.folders import check_folder
from evidrift.base.table import read_checked
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.networks.files import BACKBONE, LOGIT, PREDICTION_COLUMNS, PREDICTIONS, STAGES


@dataclass(frozen=True)
class Logits:
    """One architecture's logits of the test split.

    Attributes:
        classes: names, in the order of the last axis of `values`.
        image_ids: (n,) text.
        labels: (n,) class indices.
        values: (checkpoints tl and ft, seeds, n, classes).
        apart: each image is asked about its own label alone, as a finding that a film can have beside others:
            what it can be called instead is the last class, `not called`.
    """

    classes: tuple[str, ...]
    image_ids: np.ndarray
    labels: np.ndarray
    values: np.ndarray
    apart: bool = False

    @property
    def called(self) -> np.ndarray:
        """The class that each run calls each image, (checkpoints, seeds, n) indices."""
        return self.values.argmax(axis=-1)

    @property
    def right(self) -> np.ndarray:
        """Which images are right in both checkpoints of every seed, (n,) bool."""
        return (self.called == self.labels).all(axis=(0, 1))


def read_logits(folder: Path, architectures: Sequence[str], seeds: Sequence[int]) -> dict[str, Logits]:
    """The logits of the whole grid, by architecture.

    Args:
        folder: of the models: `<arch>/<seed>/<checkpoint>/predictions.parquet`, as
            `training.predictions.write_predictions` writes them.
        architectures: of the grid.
        seeds: of the grid.

    Raises:
        UserError: a file is missing, a seed lies outside the grid, or a file is of other images or classes
            than the rest.
    """
    return {each: _read(folder / each, seeds) for each in architectures}


def _read(folder: Path, seeds: Sequence[int]) -> Logits:
    check_folder(folder, [BACKBONE, *map(str, seeds)])
    paths = [folder / str(seed) / each / PREDICTIONS for each in CHECKPOINTS for seed in seeds]
    tables = {
        path: read_checked(path, PREDICTION_COLUMNS, STAGES[path.parent.name]).to_pandas() for path in paths
    }
    first = _first(tables)
    columns = list(first.columns[2:])
    classes = tuple(column.removeprefix(LOGIT) for column in columns)
    values = np.stack([table[columns].to_numpy(np.float64) for table in tables.values()])
    return Logits(
        classes=classes,
        image_ids=first["image_id"].to_numpy(str),
        labels=np.array([classes.index(label) for label in first["label"]]),
        values=values.reshape(len(CHECKPOINTS), len(seeds), len(first), len(classes)),
    )


def _first(tables: Mapping[Path, pd.DataFrame]) -> pd.DataFrame:
    """The first table, if all others are of the same images, labels and classes."""
    (path, first), *others = tables.items()
    for other_path, other in others:
        same = list(other.columns) == list(first.columns)
        if not same or not other[["image_id", "label"]].equals(first[["image_id", "label"]]):
            raise UserError(
                f"{other_path} holds predictions of other images or classes than {path}. "
                "They are of different runs: run `dvc repro`."
            )
    return first
