"""A manifest inside the source folder: CSV or Parquet with path, label, patient_id and, if wished, split."""

import csv
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evidrift.base.errors import UserError
from evidrift.images.store import SPLITS
from evidrift.prepare.entry import Entry, Excluded, Listing
from evidrift.prepare.folder import count_by_suffix, leaves, name_problem, walk
from evidrift.prepare.split import split_name

REQUIRED = ("path", "label", "patient_id")
NO_LABEL = "the manifest gives no label"


def list_manifest(source: Path, name: str, required: Sequence[str] = REQUIRED) -> Listing:
    """Every image that the manifest lists; its paths are relative to the source folder.

    An empty label excludes the image; with an empty patient id, the image is its own patient.

    Args:
        source: the folder.
        name: of the manifest inside it.
        required: columns that must be there; a column that is not counts as empty.

    Raises:
        UserError: naming the file, and the row where one is wrong.
    """
    file = source / name
    if leaves(source, name):
        raise UserError(f"The manifest {name} lies outside the source folder {source}.")
    rows: dict[str, str] = {}
    entries = []
    for where, row in _read(file, required):
        entry = _entry(row, source, where)
        if entry.path in rows:
            raise UserError(f"{where}: image {entry.path} was listed before, in {rows[entry.path]}.")
        rows[entry.path] = where.removeprefix(f"{file}, ")
        entries.append(entry)
    entries.sort(key=lambda entry: entry.path)
    without = [entry.path for entry in entries if entry.split is None]
    if 0 < len(without) < len(entries):
        raise UserError(
            f"{file}, {rows[without[0]]}: no split is given, but other rows give one. "
            "Fill the column, or drop it."
        )
    ignored = {path for path in walk(source)[0] if path not in rows} - {PurePosixPath(name).as_posix()}
    return Listing(entries, count_by_suffix(ignored))


def _entry(row: dict[str, str], source: Path, where: str) -> Entry:
    path = PurePosixPath(row["path"])
    label, patient_id, split = (row.get(key, "").strip() for key in ("label", "patient_id", "split"))
    problem = name_problem(row["path"])
    if problem:
        path = PurePosixPath(row["path"].encode("unicode_escape").decode())
    elif not row["path"]:
        raise UserError(f"{where}: path is empty.")
    elif path.is_absolute() or ".." in path.parts or leaves(source, row["path"]):
        raise UserError(
            f"{where}: image {row['path']} lies outside {source}. "
            "Paths in a manifest are relative to the source folder, and links may not leave it."
        )
    if name_problem(label + patient_id):
        raise UserError(f"{where}: label and patient_id must not hold control characters.")
    if split and split_name(split) is None:
        raise UserError(f"{where}: split is {split}; it must be one of {', '.join(SPLITS)}.")
    if not label:
        problem = problem or Excluded("unknown_label", NO_LABEL)
    return Entry(
        path=path.as_posix(),
        label=unicodedata.normalize("NFC", label),
        patient_id=patient_id or None,
        split=split_name(split),
        extra={key: value for key, value in row.items() if key not in (*REQUIRED, "split")},
        excluded=problem,
    )


def _read(file: Path, required: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row stands ("data/mine/manifest.csv, row 17"), and its cells as text."""
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    if file.suffix.lower() not in readers:
        raise UserError(f"{file} is no manifest that can be read: it must end in {' or '.join(readers)}.")
    if not file.is_file():
        raise UserError(f"{file} does not exist. A manifest is a file inside the source folder.")
    try:
        yield from readers[file.suffix.lower()](file, required)
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}.") from None
    except (csv.Error, pa.ArrowException) as error:
        raise UserError(f"{file} cannot be read: {error}.") from None


def _read_csv(file: Path, required: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows are counted as a spreadsheet counts them: the header is row 1."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text, strict=True, restkey=None, restval=None)
        columns = [column.strip() for column in reader.fieldnames or []]
        reader.fieldnames = columns
        _check_columns(columns, file, required)
        for row in reader:
            where = f"{file}, row {reader.line_num}"
            if None in row or None in row.values():
                raise UserError(f"{where}: it must have {len(columns)} cells, as the header has.")
            yield where, row


def _read_parquet(file: Path, required: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    table = pq.read_table(file)
    _check_columns(table.column_names, file, required)
    for number, row in enumerate(table.to_pylist(), start=1):
        yield f"{file}, row {number}", {column: _text(value) for column, value in row.items()}


def _check_columns(columns: list[str], file: Path, required: Sequence[str]) -> None:
    missing = [column for column in required if column not in columns]
    if missing:
        hint = "Where patients are not known, leave the cells of patient_id empty."
        raise UserError(
            f"{file} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"It must have {', '.join(required)}; found: {', '.join(columns) or 'none'}. "
            f"{hint if 'patient_id' in required else ''}".strip()
        )


def _text(value: Any) -> str:
    """A Parquet cell as text; pandas writes whole numbers with gaps as floats: 17.0 is patient 17."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
