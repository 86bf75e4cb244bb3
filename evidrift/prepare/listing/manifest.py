"""A manifest inside the source folder: CSV or Parquet with path, label, patient_id and, if wished, split."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from evidrift.base.errors import UserError
from evidrift.images.store import SPLITS
from evidrift.prepare.entry import Entry, Excluded, Layout, Listing
from evidrift.prepare.listing.cells import read_cells
from evidrift.prepare.listing.folder import name_problem, walk
from evidrift.prepare.listing.headings import columns_of
from evidrift.prepare.listing.kinds import count_by_suffix
from evidrift.prepare.listing.links import leaves
from evidrift.prepare.listing.paths import Files
from evidrift.prepare.split import split_name

REQUIRED = ("path", "label", "patient_id")
NO_LABEL = "the manifest gives no label"
# What R, pandas and Excel write where nothing is known: no patient, and above all not one for all such films.
NO_PATIENT = ("na", "n/a", "#n/a", "nan", "null", "none")
LONGEST = 200  # characters of a label, a patient id or a heading
# Names are kept as they are, in CSV too; in a spreadsheet such a cell is a formula.
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,]*$)")
ROUNDED = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)  # a long number, as Excel writes it: digits are lost


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
    cells = read_cells(file, required)
    if bad := [heading for heading in cells.columns if name_problem(heading) or len(heading) > LONGEST]:
        raise UserError(
            f"{file}: the heading {bad[0][:LONGEST]!r} holds a control character, or has more than {LONGEST} "
            "characters."
        )
    columns, notes = columns_of(cells.columns, required, file)
    paths = set(walk(source)[0])
    files = Files(source, paths)
    rows: dict[str, str] = {}
    entries, otherwise = [], []
    for where, row in cells.rows:
        given, extra = _by_column(cells.columns, row, columns, where)
        entry = _entry(given, extra, files, source, where)
        if entry.path in rows:
            raise UserError(f"{where}: image {entry.path} was listed before, in {rows[entry.path]}.")
        rows[entry.path] = where.removeprefix(f"{file}, ")
        entries.append(entry)
        if entry.path != PurePosixPath(given["path"]).as_posix() and entry.path in paths:
            otherwise.append(f"{given['path']} ({rows[entry.path]}) as {entry.path}")
    entries.sort(key=lambda entry: entry.path)
    without = [entry.path for entry in entries if entry.split is None]
    if 0 < len(without) < len(entries):
        raise UserError(
            f"{file}, {rows[without[0]]}: no split is given, but other rows give one. "
            "Fill the column, or drop it."
        )
    if otherwise:
        paths_are = f"{len(otherwise)} paths are" if len(otherwise) > 1 else "1 path is"
        told = "written otherwise than the files are called, and read as the only files that can be meant"
        notes.append(f"{name}: {paths_are} {told}: {otherwise[0]}.")
    notes += _formulas(name, cells.columns, entries)
    ignored = paths - rows.keys() - {PurePosixPath(name).as_posix()}
    labels_from: Layout | None = "table" if "label" in columns else None
    return Listing(entries, count_by_suffix(ignored), labels_from, (*cells.notes, *notes))


def _formulas(name: str, headings: Sequence[str], entries: Sequence[Entry]) -> list[str]:
    """A note where a name would be a formula to a spreadsheet that opens our tables."""
    names = dict.fromkeys(headings)
    for entry in entries:
        names |= dict.fromkeys((entry.path, entry.label, entry.patient_id or "", *entry.extra.values()))
    found = [each for each in names if FORMULA.match(each)]
    if not found:
        return []
    cells = "cells begin" if len(found) > 1 else "cell begins"
    return [
        f"{name}: {len(found)} {cells} like a formula: {found[0]}. They are kept as they are: import "
        "our tables into a spreadsheet as text."
    ]


def _by_column(
    headings: Sequence[str], row: Sequence[str], columns: Mapping[str, int], where: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The cells of the columns that have a meaning, "" where there is none; and all others by heading."""
    given = dict.fromkeys((*REQUIRED, "split"), "") | {column: row[at] for column, at in columns.items()}
    others = [at for at in range(len(headings)) if at not in columns.values()]
    unnamed = [row[at] for at in others if not headings[at] and row[at].strip()]
    if unnamed:
        raise UserError(
            f"{where}: the cell {unnamed[0]} stands in a column without a heading. Give it one, or put a "
            "text that holds a separator in quotes."
        )
    return given, {headings[at]: row[at] for at in others if headings[at]}


def _entry(
    given: Mapping[str, str], extra: Mapping[str, str], files: Files, source: Path, where: str
) -> Entry:
    label, patient_id, split = (given[column].strip() for column in ("label", "patient_id", "split"))
    text = given["path"]
    problem = name_problem(text)
    if problem:
        path = text.encode("unicode_escape").decode()
    elif not text.strip():
        raise UserError(f"{where}: path is empty.")
    else:
        path = files.meant_by(text, where)
        absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive
        if absolute or ".." in PurePosixPath(path).parts or leaves(source, path):
            raise _outside(text, path, files, source, where)
        tail = "" if files.holds(path) else files.tail(path)
        if tail:
            problem = Excluded("missing", f"no such file; {tail} is there: write that")
    patient_id = "" if patient_id.casefold() in NO_PATIENT else patient_id
    if ROUNDED.fullmatch(patient_id):
        raise UserError(
            f"{where}: patient_id is {patient_id}: the program that wrote it has rounded a long number, "
            "so that several patients may be one. Write the column as text."
        )
    if name_problem(label + patient_id):
        raise UserError(f"{where}: label and patient_id must not hold control characters.")
    if max(len(label), len(patient_id)) > LONGEST:
        raise UserError(
            f"{where}: label and patient_id have at most {LONGEST} characters, not {len(label)} and "
            f"{len(patient_id)}."
        )
    if split and split_name(split) is None:
        raise UserError(f"{where}: split is {split}; it must be one of {', '.join(SPLITS)}.")
    if not label:
        problem = problem or Excluded("unknown_label", NO_LABEL)
    return Entry(
        path=path,
        label=unicodedata.normalize("NFC", label),
        patient_id=patient_id or None,
        split=split_name(split),
        extra=extra,
        excluded=problem,
    )


def _outside(text: str, path: str, files: Files, source: Path, where: str) -> UserError:
    tail = files.tail(path) if ".." not in PurePosixPath(path).parts else ""
    hint = f" {source / tail} is there: write {tail}." if tail else ""
    return UserError(
        f"{where}: image {text} lies outside {source}. Paths in a manifest are relative to the source "
        f"folder, and links may not leave it.{hint}"
    )
