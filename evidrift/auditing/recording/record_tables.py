"""The record's long tables as CSV: the page shows no more of them than can be read."""

from pathlib import Path

import pandas as pd

from evidrift.auditing.result import AuditResult
from evidrift.base.files.writing import write_text
from evidrift.compare.record import Record

FLIPS = ("reference", "candidate", "label", "became", "film")


def write_record_tables(folder: Path, found: AuditResult) -> list[Path]:
    """Write performance.csv, differences.csv and flips.csv, a row per value or film.

    Returns:
        What was written.
    """
    tables = {
        "performance": found.performance,
        "differences": found.differences,
        "flips": flipped(found.record),
    }
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return paths


def flipped(record: Record) -> pd.DataFrame:
    """A row per film on which one model is right and another wrong: FLIPS."""
    rows = [
        (each.reference, each.candidate, each.label, became, film)
        for each in record.flips
        for became, films in (("wrong", each.negative), ("right", each.positive))
        for film in films
    ]
    return pd.DataFrame(rows, columns=list(FLIPS))
