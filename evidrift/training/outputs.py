"""What a training stage leaves beside the weights: test predictions, history and metrics."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.files.seal import checksum
from evidrift.base.files.writing import write_text
from evidrift.base.json import plain, write_sealed
from evidrift.base.versions import versions
from evidrift.networks.files import HISTORY, PREDICTIONS
from evidrift.training.evaluation import evaluate_logits
from evidrift.training.predictions import write_predictions
from evidrift.training.state import Epoch

if TYPE_CHECKING:
    from evidrift.images.store import Images
    from evidrift.training.treat import Treated

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
        identity: architecture, seed, checkpoint and, of ft, the strategy; written as it is.
        history: a row an epoch, for `dvc plots`.
        chosen: number of the epoch whose weights were kept, from 1.
        tested: the checkpoint on the test split.
    """
    write_predictions(outputs.predictions, tested.ids, tested.labels, tested.logits, tested.classes)
    _write_history(outputs.history, [dataclasses.asdict(row) for row in history])
    metrics = {
        **_chosen(history, chosen),
        "test": evaluate_logits(tested.logits, tested.labels, tested.classes),
        "versions": versions(),
        HISTORY: [checksum(outputs.history)],  # a list, which `dvc metrics` leaves out
    }
    write_sealed(outputs.metrics, identity | plain(metrics, DECIMALS))


def write_treated(
    folder: Path,
    history: Path,
    metrics: Path,
    identity: dict[str, Any],
    made: "list[Treated]",
    test: "Images",
) -> None:
    """Write what a strategy left beside the weights: each seed's predictions, one history, one metrics file.

    Args:
        folder: of the treated checkpoints.
        history: a row a seed and epoch; the header alone where nothing was trained.
        metrics: by seed.
        identity: architecture, strategy, strength and the strategy's parameters; written as it is.
        made: each seed's.
        test: the test split.
    """
    found: dict[str, Any] = {}
    for each in made:
        path = folder / str(each.seed) / PREDICTIONS
        write_predictions(path, test.ids, test.labels, each.logits, test.classes)
        kept = _chosen(each.history, each.chosen) if each.history else {}
        found[str(each.seed)] = kept | {"test": evaluate_logits(each.logits, test.labels, test.classes)}
    rows = [{"seed": each.seed, **dataclasses.asdict(row)} for each in made for row in each.history]
    _write_history(history, rows, ["seed", *(field.name for field in dataclasses.fields(Epoch))])
    whole = {"seeds": found, "versions": versions(), HISTORY: [checksum(history)]}
    write_sealed(metrics, identity | plain(whole, DECIMALS))


def _write_history(path: Path, rows: list[dict[str, Any]], columns: list[str] | None = None) -> None:
    table = pd.DataFrame(rows, columns=columns)
    write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _chosen(history: list[Epoch], chosen: int) -> dict[str, Any]:
    """The epoch whose weights were kept, as the metrics have it."""
    kept = history[chosen - 1]
    return {
        "epoch": kept.epoch,
        "validation": {"loss": kept.validation_loss, "accuracy": kept.validation_accuracy},
    }
