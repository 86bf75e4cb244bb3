"""What a training stage leaves beside the weights: history and metrics."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.training.evaluation import evaluate_logits
from evidrift.training.loop import Epoch
from evidrift.versions import versions


def write_history(path: Path, history: list[Epoch]) -> None:
    """A CSV with a row an epoch, for `dvc plots`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame([dataclasses.asdict(row) for row in history])
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def write_metrics(
    path: Path,
    identity: dict[str, Any],
    chosen: Epoch,
    logits: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
) -> None:
    """The metrics of one checkpoint as JSON.

    Args:
        path: of the file.
        identity: architecture, seed and checkpoint.
        chosen: the epoch whose weights were kept.
        logits: of the test split, (n, classes).
        labels: of the test split, (n,).
        classes: names, in the order of the logits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    metrics = {
        **identity,
        "epoch": chosen.epoch,
        "validation": {"loss": chosen.validation_loss, "accuracy": chosen.validation_accuracy},
        "test": evaluate_logits(logits, labels, classes),
        "versions": versions(),
    }
    path.write_text(json.dumps(_rounded(metrics), indent=2) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 6) if isinstance(value, float) else value
