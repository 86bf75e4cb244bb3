"""The drift table on disk: the contract between drift, compare and report.

One Parquet file an architecture, a row per pair, method and layer (DESIGN.md, section 6), and beside it
the agreement table: how alike the maps of two methods are, a row per map. What holds for the whole file
(gradient constant over space, tensor rectified, versions) travels in its metadata.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PRIMARY = ("displacement", "overlap", "correlation", "concentration")
SECONDARY = ("entropy", "spearman", "ssim", "iou_half_max")
METADATA = b"evidrift"


def curve_column(area: float) -> str:
    """The column of the overlap at another share of the area, e.g. `overlap_10` for 0.1."""
    return f"overlap_{100 * area:g}"


def measures_of(columns: Iterable[str]) -> list[str]:
    """Those of a drift table's columns that are measures, the curve included."""
    return [name for name in columns if name in PRIMARY + SECONDARY or name.startswith("overlap_")]


def table_name(architecture: str) -> str:
    """File name of an architecture's drift table."""
    return f"{architecture}.parquet"


def agreement_name(architecture: str) -> str:
    """File name of an architecture's agreement table."""
    return f"{architecture}-methods.parquet"


def places_name(architecture: str) -> str:
    """File name of an architecture's places table."""
    return f"{architecture}-places.parquet"


@dataclass(frozen=True)
class Notes:
    """What holds for all maps of one architecture.

    Attributes:
        area: share of the image's area behind the column `overlap`.
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


def category(codes: np.ndarray, names: Sequence[str] | np.ndarray) -> pa.DictionaryArray:
    """A column of few words, from the index of each row's word; a word may stand in `names` repeatedly."""
    # With a word twice in its dictionary, pyarrow leaves bytes of the file to chance.
    words, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return pa.DictionaryArray.from_arrays(place.astype(np.int32)[codes], pa.array(words, pa.string()))


def write_table(path: Path, columns: dict[str, pa.Array | np.ndarray], notes: Notes | None = None) -> None:
    """Write columns in the given order; the same columns give the same bytes."""
    table = pa.table(columns)
    if notes is not None:
        text = json.dumps(asdict(notes), sort_keys=True)
        table = table.replace_schema_metadata({METADATA: text.encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def read_table(path: Path) -> pa.Table:
    """A drift or agreement table; its words stay dictionary-encoded."""
    return pq.read_table(path)


def notes_of(table: pa.Table) -> Notes:
    """The notes that were written with a drift table."""
    fields = json.loads(table.schema.metadata[METADATA])
    return Notes(**fields | {"not_defined": tuple(map(tuple, fields["not_defined"]))})
