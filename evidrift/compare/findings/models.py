"""How good the checkpoints are: accuracy, AUC and calibration over seeds, from the training metrics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed

MEASURES = ("accuracy", "auc", "calibration_error")
MODELS: Schema = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "checkpoint")
    | columns(np.int64, "whose weights were kept, from 1", "epoch")
    | columns(np.int64, "of the test split", "n_images")
    | columns(np.float64, "0 to 1", *MEASURES)
)


def model_table(training: Mapping[tuple[str, int, str], dict[str, Any]]) -> pd.DataFrame:
    """A row per architecture, seed and checkpoint: kept epoch, test images, and the measures."""
    rows = [
        {
            "arch": arch,
            "seed": seed,
            "checkpoint": checkpoint,
            "epoch": metrics["epoch"],
            "n_images": metrics["test"]["n"],
            **{name: metrics["test"][name] for name in MEASURES},
        }
        for (arch, seed, checkpoint), metrics in training.items()
    ]
    return framed(rows, MODELS)


def over_seeds(models: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of each measure, by architecture and checkpoint.

    Returns:
        Columns `<measure>` and `<measure>_sd`; the latter missing with one seed.
    """
    groups = models.groupby(["arch", "checkpoint"], sort=False)[list(MEASURES)]
    return groups.mean().join(groups.std(ddof=1).add_suffix("_sd"))
