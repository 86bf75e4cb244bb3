"""The drift table on disk: the contract between drift, compare and report.

One folder an architecture: a row per pair, method and layer (docs/design.md, The drift table), beside it the
agreement table, how alike the maps of two methods are, and the places table, where the evidence of each map
lies. What holds for all of them (gradient constant over space, tensor rectified, versions) travels in the
drift table.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from evidrift.base import table as tables
from evidrift.base.schema import Schema, columns
from evidrift.measures.of_pairs import MOVED_SHARE, ON_COARSE_GRID, PRIMARY
from evidrift.measures.places import BASELINES

# The tables' files in an architecture's folder.
PAIRS, AGREEMENT, PLACES = "pairs.parquet", "agreement.parquet", "places.parquet"
SECONDARY = ("entropy", "spearman", "ssim", "overlap", "iou_half_max", ON_COARSE_GRID)
MEASURED = "of the two maps, see `measures.of_pairs`; NaN unless the status is ok"
SCHEMAS: dict[str, Schema] = {
    # and `moved_share_<percent>`, the moved share at other areas
    PAIRS: columns(str, "", "arch")
    | columns(np.int64, "of training", "seed_before", "seed_after")
    | columns(str, "", "checkpoint_before", "checkpoint_after", "pair_kind", "image_id", "image_id_after")
    | columns(str, "", "patient_id", "label", "pred_before", "pred_after", "cohort", "method", "layer")
    | columns(str, "", "grid", "status")
    | columns(np.bool_, "little evidence on one of the maps", "thin")
    | columns(np.float32, MEASURED, *PRIMARY, *SECONDARY),
    AGREEMENT: columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "checkpoint", "image_id", "layer", "method", "other_method")
    | columns(np.float32, "-1 to 1", "correlation"),
    PLACES: columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "checkpoint", "image_id", "patient_id", "label")
    | columns(np.bool_, "the prediction is the label", "correct")
    | columns(str, "", "layer", "method", "grid", "status")
    | columns(np.float32, "share, 0 to 1", *(name for pair in BASELINES.items() for name in pair)),
}


def measures_of(names: Iterable[str]) -> list[str]:
    """Those of a drift table's columns that are measures, the curve included."""
    return [name for name in names if name in PRIMARY + SECONDARY or name.startswith(f"{MOVED_SHARE}_")]


@dataclass(frozen=True)
class Notes:
    """What holds for all maps of one architecture.

    Attributes:
        area: share of the image's area behind the columns `moved_share` and `overlap`.
        score: of which the maps are, `centred` or `raw` logit; all that were found.
        target: the class explained, each image's `label` or each checkpoint's `prediction`; likewise.
        constant_gradient: by target layer, the gradient does not vary over space.
        rectified: by target layer, its tensor has no negative values.
        not_defined: layers and methods that were asked for, but that the layer does not allow.
        families: the attribution family of each method.
        versions: of each library that made the maps, all that were found.
    """

    area: float
    score: list[str]
    target: list[str]
    constant_gradient: dict[str, bool]
    rectified: dict[str, bool]
    not_defined: tuple[tuple[str, str], ...]
    families: dict[str, str]
    versions: dict[str, list[str]]


def notes_of(table: pa.Table) -> Notes:
    """The notes that were written with a drift table."""
    fields = tables.notes_of(table)
    return Notes(**fields | {"not_defined": tuple(map(tuple, fields["not_defined"]))})
