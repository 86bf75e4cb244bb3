"""The two tables of reliance, on disk and in memory. Needs no TensorFlow.

The regions table has a row per image, checkpoint, region and fill; the spikes table a row per image,
checkpoint and corner into which a marker was painted.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evidrift.base.schema import Schema, columns

Fill = Literal["surroundings", "patient"]
FILLS: tuple[Fill, ...] = ("surroundings", "patient")
# The tables' files in an architecture's folder.
REGIONS, SPIKES = "regions.parquet", "spikes.parquet"
# In the spikes table, before a class's name: the change of its centred score.
CHANGE = "change_"
COMMON = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "tl or ft", "checkpoint")
    | columns(str, "", "image_id", "patient_id", "label")
)
SCHEMAS: dict[str, Schema] = {
    REGIONS: COMMON
    | columns(str, "", "region", "fill")
    | columns(np.float32, "of the image's area, 0 to 1", "area")
    | columns(np.float32, "centred score of the label", "score")
    | columns(np.float32, "change of the label's centred score; below 0 it falls", "score_change")
    | columns(np.float32, "the same, mean over random places", "random_change")
    | columns(np.float32, "how much more it falls: random_change - score_change", "reliance")
    | columns(np.bool_, "the prediction changes", "flipped")
    | columns(np.float32, "share of random places, 0 to 1", "random_flipped")
    | columns(np.bool_, "the label is predicted", "correct_before", "correct_filled"),
    SPIKES: COMMON
    | columns(str, "", "corner", "class_before", "class_spiked")
    | columns(np.bool_, "the prediction changes", "flipped")
    | columns(np.float32, "change of the label's centred score; below 0 it falls", "score_change"),
}


def spike_schema(classes: Sequence[str]) -> Schema:
    """Columns of the spikes table with those of the classes: `change_<class>`, of its centred score."""
    changes = columns(np.float32, "change of the class's centred score", *(CHANGE + name for name in classes))
    return SCHEMAS[SPIKES] | changes
