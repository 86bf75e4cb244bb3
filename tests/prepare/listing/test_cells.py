"""Parquet files that hold more than a list of films may: refused before it is read, or while it swells."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidrift.base.errors import UserError
from evidrift.prepare.listing import cells
from evidrift.prepare.listing.cells import parquet_cells

MOST = 100_000


@pytest.fixture
def batches(monkeypatch):
    """The rows that were read, a number a batch; no more than MOST bytes of text are allowed."""
    monkeypatch.setattr(cells, "MAX_BYTES", MOST)
    read = []

    class File(pq.ParquetFile):
        def iter_batches(self, *args):
            for batch in super().iter_batches(*args):
                read.append(len(batch))
                yield batch

    monkeypatch.setattr(cells.pq, "ParquetFile", File)
    return read


def written(folder, *columns, **options):
    """A file of these columns; what is written again and again shrinks to next to nothing."""
    table = pa.table({f"column {at}": column for at, column in enumerate(columns)})
    pq.write_table(table, folder / "m.parquet", **options)
    assert (folder / "m.parquet").stat().st_size < MOST / 5
    return folder / "m.parquet"


def refused(file):
    with pytest.raises(UserError, match=r"m\.parquet holds more than 0 MiB of text"):
        parquet_cells(file)


def test_a_cell_that_is_too_long_is_refused_before_anything_is_read(tmp_path, batches):
    refused(written(tmp_path, ["x" * (MOST + 1000)]))
    assert batches == []


def test_row_groups_and_columns_are_added_up(tmp_path, batches):
    column = ["x" * (MOST // 3)]
    options = {"row_group_size": 1, "use_dictionary": False}
    refused(written(tmp_path, column * 2, column * 2, **options))
    assert batches == []
    assert len(parquet_cells(written(tmp_path, column * 2, **options))[1]) == 2


@pytest.mark.parametrize("kind", [pa.dictionary(pa.int32(), pa.string()), pa.string()])
def test_one_word_that_stands_in_every_row_is_refused_once_there_are_too_many(tmp_path, batches, kind):
    """The file says that it holds the word once."""
    word = "x" * 20
    refused(written(tmp_path, pa.array([word] * 50_000).cast(kind)))
    assert sum(batches) <= 2 * cells.BATCH


def test_a_dictionary_is_read_as_the_text_that_it_stands_for(tmp_path):
    column = pa.array(["a", None, "b", "a"]).dictionary_encode()
    assert parquet_cells(written(tmp_path, column))[1] == [["a"], [""], ["b"], ["a"]]


def test_numbers_count_as_the_text_that_is_made_of_them(tmp_path, batches):
    """Eight bytes each in the file, two as text."""
    numbers = [at % 10 for at in range(MOST // 5)]
    file = written(tmp_path, pa.array(numbers), use_dictionary=False)
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).total_uncompressed_size > MOST
    assert [int(cell) for (cell,) in parquet_cells(file)[1]] == numbers
