"""What a training stage leaves beside the weights: test predictions, history and metrics."""

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.files.seal import checksum
from evidrift.base.files.writing import write_text
from evidrift.base.json import plain, write_sealed
from evidrift.base.versions import versions
from evidrift.networks.files import HISTORY
from evidrift.training.evaluation import evaluate_logits
from evidrift.training.predictions import write_predictions
from evidrift.training.state import Epoch

DECIMALS = 6


class Outputs(NamedTuple):
    """The files to write: predictions (Parquet), history (CSV) and metrics (JSON)."""

    predictions: Path
    history: Path
    metrics: Path


class Tested(NamedTuple):
    """A checkpoint's logits of the test split.

    Attributes:
        ids: (n,) image ids.
        labels: (n,) class indices.
        classes: names, in the order of the logits.
        logits: (n, classes).
    """

    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    logits: np.ndarray


def write_outputs(
    outputs: Outputs, identity: dict[str, Any], history: list[Epoch], chosen: int, tested: Tested
) -> None:
    """Write all three.

    Args:
        outputs: where to.
        identity: architecture, seed and checkpoint.
        history: a row an epoch, for `dvc plots`.
        chosen: number of the epoch whose weights were kept, from 1.
        tested: the checkpoint on the test split.
    """
    write_predictions(outputs.predictions, tested.ids, tested.labels, tested.logits, tested.classes)
    table = pd.DataFrame([dataclasses.asdict(row) for row in history])
    write_text(outputs.history, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    kept = history[chosen - 1]
    metrics = {
        **identity,
        "epoch": kept.epoch,
        "validation": {"loss": kept.validation_loss, "accuracy": kept.validation_accuracy},
        "test": evaluate_logits(tested.logits, tested.labels, tested.classes),
        "versions": versions(),
        HISTORY: [checksum(outputs.history)],  # a list, which `dvc metrics` leaves out
    }
    write_sealed(outputs.metrics, plain(metrics, DECIMALS))
