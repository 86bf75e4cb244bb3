"""Tables on disk: Parquet, the same bytes for the same columns, with what holds for the whole table."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

METADATA = b"evidrift"


def category(codes: np.ndarray, names: Sequence[str] | np.ndarray) -> pa.DictionaryArray:
    """A column of few words, from the index of each row's word; a word may stand in `names` repeatedly."""
    # With a word twice in its dictionary, pyarrow leaves bytes of the file to chance.
    words, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return pa.DictionaryArray.from_arrays(place.astype(np.int32)[codes], pa.array(words, pa.string()))


def write_table(
    path: Path, columns: dict[str, pa.Array | np.ndarray], notes: Mapping[str, Any] | None = None
) -> None:
    """Write columns in the given order; the same columns give the same bytes.

    Args:
        path: to write; its folder is made.
        columns: by name.
        notes: what holds for the whole table, in JSON's types; travels in the file's metadata.
    """
    table = pa.table(columns)
    if notes is not None:
        text = json.dumps(dict(notes), sort_keys=True)
        table = table.replace_schema_metadata({METADATA: text.encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd")


def read_table(path: Path) -> pa.Table:
    """A table; its words stay dictionary-encoded."""
    return pq.read_table(path)


def notes_of(table: pa.Table) -> dict[str, Any]:
    """The notes that were written with a table."""
    return json.loads(table.schema.metadata[METADATA])
