"""The trajectory table on disk, and its metrics. Needs no TensorFlow.

One Parquet file an architecture, a row per seed, epoch, method and validation image, in this order.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evidrift.base.json import plain
from evidrift.base.schema import Schema, columns, framed
from evidrift.base.table import write_frame
from evidrift.maps.scores import centred_logits, predicted_classes
from evidrift.measures.of_pairs import MOVED_SHARE, PRIMARY
from evidrift.trajectory import c_score

if TYPE_CHECKING:
    from evidrift.images.store import Images

DECIMALS = 6
PREVIOUS, SCALE = f"{MOVED_SHARE}_previous", "scale"
MEANS = (MOVED_SHARE, SCALE)  # that stand in the metrics
KEYS = ("arch", "seed", "epoch", "method", "image_id")
TRAJECTORY: Schema = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(np.int64, "of fine-tuning; 0 is tl", "epoch")
    | columns(str, "", "method", "image_id", "patient_id", "label", "predicted")
    | columns(np.float32, "the label's centred logit", "score")
    | columns(str, "", "status")
    | columns(np.float32, "see `measuring.measure_maps`", *PRIMARY, PREVIOUS, SCALE)
    | columns(np.float32, "0 to 1, see `c_score.consistency`", *c_score.COLUMNS)
)


def table_name(architecture: str) -> str:
    """File name of an architecture's trajectory table."""
    return f"{architecture}.parquet"


def rows_of(
    architecture: str,
    seed: int,
    epochs: np.ndarray,
    method: str,
    images: "Images",
    logits: np.ndarray,
    measured: dict[str, np.ndarray],
) -> pd.DataFrame:
    """Rows of one seed and method.

    Args:
        architecture: its name.
        seed: of the training.
        epochs: (m,) numbers.
        method: attribution method.
        images: the n that were explained.
        logits: (m, n, classes).
        measured: by column, (m, n).
    """
    m, n = len(epochs), len(images.ids)
    flat = logits.reshape(m * n, -1)
    labels = np.tile(images.labels, m)
    names = np.asarray(images.classes)
    rows: dict[str, Any] = {
        "arch": architecture,
        "seed": seed,
        "epoch": np.repeat(epochs, n),
        "method": method,
        "image_id": np.tile(images.ids, m),
        "patient_id": np.tile(images.patient_ids, m),
        "label": names[labels],
        "predicted": names[predicted_classes(flat)],
        "score": centred_logits(flat)[np.arange(m * n), labels],
    }
    return pd.DataFrame(rows | {name: values.ravel() for name, values in measured.items()})


def join(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows in the table's order; none of them, its columns alone."""
    rows = pd.concat(parts, ignore_index=True) if parts else framed([], TRAJECTORY)
    return rows[list(TRAJECTORY)].sort_values(list(KEYS), kind="stable", ignore_index=True)


def write_trajectory(path: Path, rows: pd.DataFrame) -> None:
    """Write the table; the same rows give the same bytes."""
    write_frame(path, rows, TRAJECTORY)


def summarise(rows: pd.DataFrame, asked: Sequence[str]) -> dict[str, Any]:
    """The metrics of one architecture.

    Args:
        rows: its table.
        asked: methods that were to be followed; none where no seed was.

    Returns:
        Numbers of images and patients, methods that the layer does not allow, and by seed and method, of the
        maps after the last epoch: the mean moved share from tl's and the mean scale, None where no map is
        `ok`, the C-Score and what of it is beyond chance, None where it cannot be given, and how many have
        which status.
    """
    seeds: dict[str, Any] = {}
    for (seed, method), own in rows.groupby(["seed", "method"], observed=True, sort=True):
        last = own[own["epoch"] == own["epoch"].max()]
        alike = c_score.c_score(last)
        seeds.setdefault(str(seed), {})[str(method)] = {
            "epoch": int(last["epoch"].iloc[0]),
            **plain({name: last[name].astype(float).mean() for name in MEANS}, DECIMALS),
            **plain({"c_score": alike.score, "c_score_beyond_chance": alike.beyond}, DECIMALS),
            "statuses": {
                str(name): int(count) for name, count in sorted(last["status"].value_counts().items())
            },
        }
    there = set(rows["method"])
    return {
        "images": int(rows["image_id"].nunique()),
        "patients": int(rows["patient_id"].nunique()),
        "not_defined": [method for method in asked if method not in there],
        "seeds": seeds,
    }
