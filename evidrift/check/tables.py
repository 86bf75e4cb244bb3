"""The two tables of the stage check on disk, and its metrics. Needs no TensorFlow.

The faithfulness table has a row per map that was checked, the randomisation table a row per map and depth.
`faithfulness.faithfulness` and `randomisation.randomisation` say what their columns are.
"""

from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.json import nested, nested_rows, plain
from evidrift.base.schema import Schema, columns
from evidrift.check.marks import KEYS, MARKS, marks

# The tables' files in an architecture's folder.
FAITHFULNESS, RANDOMISATION = "faithfulness.parquet", "randomisation.parquet"
DECIMALS = 6
COMMON = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "checkpoint", "layer", "method", "image_id", "patient_id", "label")
)
SCHEMAS: dict[str, Schema] = {
    FAITHFULNESS: COMMON
    | columns(str, "", "status")
    | columns(np.float32, "area under the curve, 0 to 1", "insertion", "deletion")
    | columns(np.float32, "area under the curve, 0 to 1", "insertion_random", "deletion_random"),
    RANDOMISATION: COMMON
    | columns(np.int8, "step of the cascade, 0 the first", "depth")
    | columns(np.float32, "of the weights that are random, 0 to 1", "share")
    | columns(str, "", "status")
    | columns(np.float32, "Spearman's correlation, -1 to 1", "similarity", "chance"),
}


def summarise(faithfulness: pd.DataFrame, randomisation: pd.DataFrame) -> dict[str, Any]:
    """The metrics of one architecture.

    Returns:
        For both checks, the numbers of images and patients, and by layer, method and checkpoint how many maps
        had which status (of the randomisation: at all depths); and by layer, method and checkpoint the
        verdicts with their figures, see `marks.marks`. None where a figure cannot be had.
    """
    tables = {"faithfulness": faithfulness, "randomisation": randomisation}
    figures = [name for name in MARKS if name not in KEYS]
    verdicts = nested_rows(marks(faithfulness, randomisation), ("layer", "method", "checkpoint"), figures)
    counts = {name: _counts(rows) for name, rows in tables.items()}
    return counts | {"verdicts": plain(verdicts, DECIMALS)}


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    sizes = rows.groupby(["layer", "method", "checkpoint", "status"], observed=True).size()
    return {
        "images": rows["image_id"].nunique(),
        "patients": rows["patient_id"].nunique(),
        "statuses": nested((keys, int(n)) for keys, n in sizes.items()),
    }
