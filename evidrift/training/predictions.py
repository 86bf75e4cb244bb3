"""The predictions file: a checkpoint's logits of every test image."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from evidrift.base.errors import UserError
from evidrift.base.table import read_checked, write_table
from evidrift.networks.files import LOGIT, PREDICTION_COLUMNS, written_by


def write_predictions(
    path: Path, ids: np.ndarray, labels: np.ndarray, logits: np.ndarray, classes: tuple[str, ...]
) -> None:
    """A Parquet table: image_id, label, and `logit_<class>` for each class.

    Args:
        path: of the file.
        ids: (n,) image ids.
        labels: (n,) class indices.
        logits: (n, classes).
        classes: names, in the order of the logits.
    """
    columns = {f"{LOGIT}{name}": logits[:, index].astype(np.float32) for index, name in enumerate(classes)}
    texts = {"image_id": ids, "label": np.asarray(classes)[labels]}
    write_table(path, {name: pa.array(text, pa.string()) for name, text in texts.items()} | columns)


def read_predictions(path: Path, ids: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """The logits of exactly these images, (n, classes) float32.

    Raises:
        UserError: the file holds other images or classes.
    """
    table = read_checked(path, PREDICTION_COLUMNS, written_by(path.parent)).to_pandas()
    names = [f"{LOGIT}{name}" for name in classes]
    if list(table.columns[2:]) != names or not np.array_equal(table["image_id"].to_numpy(), ids):
        raise UserError(
            f"{path} holds predictions of other images or classes than the prepared store. "
            "They are of different runs: run `dvc repro`."
        )
    return table[names].to_numpy()
