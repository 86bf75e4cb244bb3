"""The two tables of the stage check on disk, and its metrics. Needs no TensorFlow.

The faithfulness table has a row per map that was checked: arch, seed, checkpoint, layer, method, image_id,
patient_id, label, status, insertion, deletion, insertion_random, deletion_random. The randomisation table has
a row per map and depth: the same keys, depth, share, status, similarity, chance. `faithfulness.faithfulness`
and `randomisation.randomisation` say what these are.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.json import plain
from evidrift.base.table import category, write_table
from evidrift.check.marks import marks

# The tables' files in an architecture's folder.
FAITHFULNESS, RANDOMISATION = "faithfulness.parquet", "randomisation.parquet"
DECIMALS = 6


def write_checks(path: Path, rows: pd.DataFrame) -> None:
    """Write either table; the same rows give the same bytes. Text becomes dictionary-encoded."""
    at = np.arange(len(rows))
    write_table(
        path,
        {
            name: category(at, values.to_numpy(dtype=str)) if is_text(values) else values.to_numpy()
            for name, values in rows.items()
        },
    )


def is_text(values: pd.Series) -> bool:
    """Whether a column holds text."""
    return not pd.api.types.is_numeric_dtype(values)


def summarise(faithfulness: pd.DataFrame, randomisation: pd.DataFrame) -> dict[str, Any]:
    """The metrics of one architecture.

    Returns:
        For both checks, the numbers of images and patients, and by layer, method and checkpoint how many maps
        had which status (of the randomisation: at all depths); and by layer, method and checkpoint the
        verdicts with their figures, see `marks.marks`. None where a figure cannot be had.
    """
    tables = {"faithfulness": faithfulness, "randomisation": randomisation}
    verdicts: dict[str, Any] = {}
    for row in marks(faithfulness, randomisation).to_dict("records"):
        del row["arch"]
        layer, method, checkpoint = (row.pop(name) for name in ("layer", "method", "checkpoint"))
        verdicts.setdefault(layer, {}).setdefault(method, {})[checkpoint] = plain(row, DECIMALS)
    return {name: _counts(rows) for name, rows in tables.items()} | {"verdicts": verdicts}


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    statuses: dict[str, Any] = {}
    keys = ["layer", "method", "checkpoint", "status"]
    for (layer, method, checkpoint, status), n in rows.groupby(keys, observed=True).size().items():
        where = statuses.setdefault(layer, {}).setdefault(method, {}).setdefault(checkpoint, {})
        where[status] = int(n)
    return {
        "images": rows["image_id"].nunique(),
        "patients": rows["patient_id"].nunique(),
        "statuses": statuses,
    }
