"""Tables on disk: Parquet, the same bytes for the same columns, with what holds for the whole table."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evidrift.base.errors import UserError
from evidrift.base.schema import Schema, require

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


def write_frame(path: Path, frame: pd.DataFrame, schema: Schema) -> None:
    """Write a data frame's columns as its schema has them; text becomes dictionary-encoded."""
    at = np.arange(len(frame))
    values = {name: frame[name].to_numpy(dtype) for name, (dtype, _) in schema.items()}
    write_table(
        path,
        {name: category(at, each) if schema[name].dtype is str else each for name, each in values.items()},
    )


def read_table(path: Path) -> pa.Table:
    """A table; its words stay dictionary-encoded."""
    return pq.read_table(path)


def read_checked(path: Path, schema: Schema, stage: str) -> pa.Table:
    """The table that another stage writes, if it has the columns that it must have.

    Raises:
        UserError: it is damaged, lacks a column, or holds something else there.
    """
    try:
        table = read_table(path)
    except (OSError, pa.ArrowInvalid):
        raise UserError(f"{path} is not a complete table. Delete it and run `dvc repro`.") from None
    require(path, {field.name: _dtype(field.type) for field in table.schema}, schema, stage)
    return table


def _dtype(kind: pa.DataType) -> Any:
    text = pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return str if text else kind.to_pandas_dtype()


def notes_of(table: pa.Table) -> dict[str, Any]:
    """The notes that were written with a table."""
    return json.loads(table.schema.metadata[METADATA])
