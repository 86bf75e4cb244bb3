"""Tables on disk: sealed Parquet, the same bytes for the same columns, with notes on the whole table."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evidrift.base.files.seal import EMPTY, require_sealed, writing_sealed
from evidrift.base.schema import Schema, require

METADATA = b"evidrift"
SEAL = "seal"
BUFFER = 1 << 20  # bytes: Parquet is written in thousands of small pieces


def category(codes: np.ndarray, names: Sequence[str] | np.ndarray) -> pa.DictionaryArray:
    """A column of few words, from the index of each row's word; a word may stand in `names` repeatedly."""
    # With a word twice in its dictionary, pyarrow leaves bytes of the file to chance.
    words, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return pa.DictionaryArray.from_arrays(place.astype(np.int32)[codes], pa.array(words, pa.string()))


Columns = Mapping[str, pa.Array | np.ndarray]


@contextmanager
def writing_table(path: Path, notes: Mapping[str, Any] | None = None) -> Iterator[Callable[[Columns], None]]:
    """Write a table piece by piece, so that it need not fit into memory; the same pieces give the same bytes.

    Args:
        path: to write; its folder is made.
        notes: what holds for the whole table, in JSON's types; travels in the file's metadata.

    Yields:
        What takes the pieces, at least one: columns by name, in the same order and of the same types.
    """
    text = None if notes is None else json.dumps(dict(notes), sort_keys=True)
    with writing_sealed(path) as partial, ExitStack() as opened:
        file = opened.enter_context(partial.open("wb", buffering=BUFFER))
        writers: list[pq.ParquetWriter] = []

        def add(columns: Columns) -> None:
            table = pa.table(dict(columns))
            if text is not None:
                table = table.replace_schema_metadata({METADATA: text.encode()})
            if not writers:
                writer = pq.ParquetWriter(file, table.schema, compression="zstd")
                writer.add_key_value_metadata({SEAL: EMPTY})
                writers.append(opened.enter_context(writer))
            writers[0].write_table(table)

        yield add


def write_table(path: Path, columns: Columns, notes: Mapping[str, Any] | None = None) -> None:
    """Write columns in the given order, in one piece; see `writing_table`."""
    with writing_table(path, notes) as add:
        add(columns)


def write_frame(path: Path, frame: pd.DataFrame, schema: Schema) -> None:
    """Write a data frame's columns as its schema has them; text becomes dictionary-encoded."""
    at = np.arange(len(frame))
    values = {name: frame[name].to_numpy(dtype) for name, (dtype, _) in schema.items()}
    write_table(
        path,
        {name: category(at, each) if schema[name].dtype is str else each for name, each in values.items()},
    )


def read_table(path: Path, stage: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The table that a stage writes, all columns of it or some; its words stay dictionary-encoded.

    Raises:
        UserError: it is missing or damaged.
    """
    require_sealed(path, stage)
    return pq.read_table(path, columns=columns)


def read_csv(path: Path, text: Collection[str]) -> pd.DataFrame:
    """A table of CSV in which columns of text stay as they were written: `None`, `NA`, `007`, `1e5`, `True`.

    Args:
        path: of the file.
        text: names of columns of text, whether it has them or not; the others hold numbers or truth values.

    Returns:
        Empty cells are missing values, in columns of text too: nothing has an empty name.
    """
    return pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=[""])


def read_pieces(path: Path, stage: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Some columns of a stage's table, piece by piece, so that it need not fit into memory.

    Raises:
        UserError: it is missing or damaged.
    """
    require_sealed(path, stage)
    with pq.ParquetFile(path) as file:
        for piece in range(file.num_row_groups):
            yield file.read_row_group(piece, columns=columns)


def read_checked(path: Path, schema: Schema, stage: str) -> pa.Table:
    """The table that another stage writes, if it has the columns that it must have.

    Raises:
        UserError: it is missing or damaged, lacks a column, or holds something else there.
    """
    table = read_table(path, stage)
    require(path, {field.name: _dtype(field.type) for field in table.schema}, schema, stage)
    return table


def _dtype(kind: pa.DataType) -> Any:
    text = pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return str if text else kind.to_pandas_dtype()


def notes_of(table: pa.Table) -> dict[str, Any]:
    """The notes that were written with a table."""
    return json.loads(table.schema.metadata[METADATA])
