"""A table against its schema: empty, in order, and as a file that another stage wrote."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evidrift.base.errors import UserError
from evidrift.base.schema import columns, framed
from evidrift.base.table import read_checked, read_table, write_frame, write_table

SCHEMA = (
    columns(str, "", "arch", "method")
    | columns(np.int64, "of training", "seed")
    | columns(np.float32, "0 to 1", "overlap")
)
ROWS = [{"overlap": 0.5, "seed": 1, "method": "cam", "arch": "net"}]


def test_rows_become_columns_in_the_schemas_order_and_dtypes():
    frame = framed(ROWS, SCHEMA)
    assert list(frame.columns) == ["arch", "method", "seed", "overlap"]
    assert (frame["seed"].dtype, frame["overlap"].dtype) == (np.int64, np.float32)


def test_no_rows_still_have_the_columns():
    frame = framed([], SCHEMA)
    assert list(frame.columns) == list(SCHEMA)
    assert (len(frame), frame["seed"].dtype, frame["overlap"].dtype) == (0, np.int64, np.float32)


@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_file_that_was_written_by_its_schema_passes_and_is_read_as_it_was(tmp_path, rows):
    frame = framed(rows, SCHEMA)
    write_frame(tmp_path / "t.parquet", frame, SCHEMA)
    read = read_checked(tmp_path / "t.parquet", SCHEMA, "drift").to_pandas()
    pd.testing.assert_frame_equal(read.astype({"arch": str, "method": str}), frame, check_dtype=bool(rows))
    assert pa.types.is_dictionary(read_table(tmp_path / "t.parquet", "drift").schema.field("arch").type)


def test_further_columns_do_no_harm(tmp_path):
    write_frame(tmp_path / "t.parquet", framed(ROWS, SCHEMA), SCHEMA)
    fewer = {name: column for name, column in SCHEMA.items() if name != "seed"}
    assert len(read_checked(tmp_path / "t.parquet", fewer, "drift")) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"overlap": None}, r"t\.parquet has no column overlap\. The stage drift writes it"),
        ({"seed": np.array(["1"])}, r"t\.parquet holds str in its column seed, which must be int64\."),
    ],
)
def test_a_file_without_a_column_or_with_another_kind_of_one_is_refused(tmp_path, changes, problem):
    whole = {"arch": np.array(["net"]), "method": np.array(["cam"]), "seed": np.array([1])}
    kept = whole | {"overlap": np.array([0.5], np.float32)} | changes
    write_table(tmp_path / "t.parquet", {name: values for name, values in kept.items() if values is not None})
    with pytest.raises(UserError, match=problem):
        read_checked(tmp_path / "t.parquet", SCHEMA, "drift")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UserError, match=r"t\.parquet has no checksum.*The stage drift writes it"):
        read_checked(tmp_path / "t.parquet", SCHEMA, "drift")
