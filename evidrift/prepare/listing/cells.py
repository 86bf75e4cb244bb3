"""The cells of a manifest, as spreadsheets and programs write them: CSV in several ways, or Parquet."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from evidrift.base.errors import UserError
from evidrift.prepare.apart import read_parquet_apart
from evidrift.prepare.listing.headings import recognised
from evidrift.prepare.pointers import regular_bytes

SUFFIXES = (".csv", ".tsv", ".parquet")
MAX_BYTES = 128 << 20  # of text; a million rows take less
BATCH = 4096  # rows
PER_CELL = 8  # bytes of a Parquet cell that are no text: a number, or how long its text is
LONGEST = 200  # characters of a cell in a message
SEPARATORS = (",", ";", "\t")
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")
WORKBOOK_HEADS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
AS_CSV = "save its sheet as CSV (in Excel: Save As, CSV UTF-8) and give that file"
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Letters of Western European words, which stand alone or in pairs among plain ones. Of Cyrillic, Greek or
# Japanese text, or of Central European letters, this cannot be told.
WESTERN = re.compile(r"[ÀÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüœŒ–—’“”„…°µ²³®©·\xa0]{1,2}")  # noqa: RUF001


class Cells(NamedTuple):
    """A table of text.

    Attributes:
        columns: its headings.
        rows: where each stands ("data/mine/manifest.csv, row 17"), and its cells in the order of the columns.
        notes: how it was read, where that is not plain.
    """

    columns: list[str]
    rows: Iterator[tuple[str, list[str]]]
    notes: list[str]


def read_cells(file: Path, required: Sequence[str]) -> Cells:
    """The cells of a file.

    Args:
        file: .csv, .tsv or .parquet.
        required: columns that must be there, by which the separator of a CSV file is told.

    Raises:
        UserError: it does not exist, or cannot be read; also from its rows, as they are taken.
    """
    suffix = file.suffix.lower()
    if suffix in WORKBOOKS:
        raise UserError(f"{file} is a workbook: {AS_CSV}.")
    if suffix not in SUFFIXES:
        raise UserError(f"{file} is no manifest that can be read: it must end in {', '.join(SUFFIXES)}.")
    if not file.is_file():
        problem = "is no file" if file.exists() else "does not exist"
        raise UserError(f"{file} {problem}. A manifest is a file inside the source folder.")
    if file.stat().st_size > MAX_BYTES:
        raise UserError(_too_large(file))
    try:
        if suffix == ".parquet":
            columns, rows = read_parquet_apart(file)
            return Cells(columns, ((f"{file}, row {at}", row) for at, row in enumerate(rows, start=1)), [])
        return _read_csv(file, required)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.") from None
    except csv.Error as error:
        raise UserError(f"{file} cannot be read: {error}.") from None


def _read_csv(file: Path, required: Sequence[str]) -> Cells:
    text, notes = _decoded(file)
    told = re.match(r"sep=([,;\t])\r?\n", text)  # Excel's own first line
    first = text[told.end() if told else 0 :].partition("\n")[0].rstrip("\r")
    separator = told[1] if told else _separator(first, required)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    if told:
        next(reader)
    columns = [heading.strip() for heading in next(reader, [])]
    return Cells(columns, _rows(reader, columns, file), notes)


def _rows(reader: Any, columns: list[str], file: Path) -> Iterator[tuple[str, list[str]]]:
    """Rows are counted as a spreadsheet counts them: the header is row 1. Empty ones are passed over."""
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            where = f"{file}, row {reader.line_num}"
            cells, beyond = row[: len(columns)], row[len(columns) :]
            if len(cells) < len(columns) or any(cell.strip() for cell in beyond):
                raise UserError(
                    f"{where}: it must have {len(columns)} cells, as the header has, and has {len(row)}."
                )
            yield where, cells
    except csv.Error as error:
        raise UserError(f"{file} cannot be read: row {reader.line_num}: {error}.") from None


def _separator(first: str, required: Sequence[str]) -> str:
    """What separates the headings: most of the required ones, else most headings, are found by it."""

    def found(separator: str) -> tuple[int, int]:
        headings = next(csv.reader([first], delimiter=separator), [])
        return len(recognised(headings).keys() & set(required)), len(headings)

    return max(SEPARATORS, key=found)


def _decoded(file: Path) -> tuple[str, list[str]]:
    data = regular_bytes(file, MAX_BYTES)
    if data.startswith(WORKBOOK_HEADS):
        raise UserError(f"{file} is a workbook, though it is called {file.suffix}: {AS_CSV}.")
    marks = [encoding for mark, encoding in BYTE_ORDER_MARKS.items() if data.startswith(mark)]
    zeros = [data[at:200:2].count(0) for at in (0, 1)]  # UTF-16 without a mark: every other byte
    if not marks and max(zeros) > 10 and min(zeros) == 0:
        marks = ["utf-16-be" if zeros[0] else "utf-16-le"]
    try:
        return data.decode(marks[0] if marks else "utf-8"), []
    except UnicodeDecodeError:
        pass
    text = data.decode("cp1252", errors="replace")
    runs = [] if marks else re.findall(r"[^\x00-\x7f]+", text)
    if not runs or not all(WESTERN.fullmatch(run) for run in runs):
        raise UserError(f"{file} is not UTF-8 text. Save it as UTF-8 (in Excel: CSV UTF-8).")
    word = next(word for word in re.split(r"[\s,;\"]+", text) if not word.isascii())
    note = f"{file.name} is not UTF-8 text; it was read as Windows-1252, as Western European Excel writes it"
    return text, [f"{note} ({word})."]


def parquet_cells(file: Path) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a Parquet file, as text. Only the process apart asks: see `prepare.apart`.

    Raises:
        UserError: it cannot be read, or holds more than MAX_BYTES of text.
    """
    rows, size = [], 0
    try:
        table = pq.ParquetFile(file)
        if _declared(table.metadata) > MAX_BYTES:
            raise UserError(_too_large(file))
        for batch in table.iter_batches(BATCH):
            if batch.nbytes > MAX_BYTES:  # before it is as much again as text
                raise UserError(_too_large(file))
            for row in zip(*map(_values, batch.columns), strict=True):
                rows.append([_text(value) for value in row])
                size += sum(map(len, rows[-1])) + len(rows[-1])
            if size > MAX_BYTES:
                raise UserError(_too_large(file))
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except OSError as error:  # pyarrow's of damaged files are of this kind, too
        raise UserError(f"{file} cannot be read: {error.strerror or short(str(error))}.") from None
    except pa.ArrowException as error:
        raise UserError(f"{file} cannot be read: {short(str(error))}.") from None
    return list(table.schema_arrow.names), rows


def _declared(metadata: pq.FileMetaData) -> int:
    """Bytes of text that a Parquet file says it holds, and a cell's end each; a dictionary may make more."""
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    chunks = [group.column(at) for group in groups for at in range(group.num_columns)]
    sizes = [(chunk.total_uncompressed_size, chunk.num_values) for chunk in chunks]
    return sum(max(size - PER_CELL * n_cells, 0) + n_cells for size, n_cells in sizes)


def _values(column: pa.Array) -> list[Any]:
    if not isinstance(column, pa.DictionaryArray):
        return column.to_pylist()
    values = column.dictionary.to_pylist()  # each once, however often it stands in the column
    return [None if at is None else values[at] for at in column.indices.to_pylist()]


def short(text: str) -> str:
    """The beginning of a text, where it is too long for a message."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _too_large(file: Path) -> str:
    return f"{file} holds more than {MAX_BYTES >> 20} MiB of text: too much for a list of films."


def _text(value: Any) -> str:
    """A Parquet cell as text; pandas writes whole numbers with gaps as floats: 17.0 is patient 17."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
