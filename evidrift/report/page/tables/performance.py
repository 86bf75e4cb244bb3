"""The tables of a record: how good each model is, how far two differ, and the films on which one is wrong."""

from collections.abc import Iterable, Iterator

from evidrift.compare.record import Estimate, Flips, Record
from evidrift.report.words import compared, view
from evidrift.report.words.compared import MEASURES, Row

INTERVALS = "95 % intervals, one by one; patients count once"
ROWS = 400  # of a table on the page
FILMS = 200  # of a list on the page


def key_table(record: Record | None) -> view.TableView | None:
    """The first screen's: all films, and the class whose sensitivity fell most; None without labels."""
    if record is None:
        return None
    rows = list(compared.rows(record, by_label=False, by_column=False))
    worst = _worst(compared.rows(record, by_label=True, by_column=False))
    return _table(record, [*rows, *worst], "How good each model is on these films", groups=False)


def performance_tables(record: Record | None) -> list[tuple[str, str, view.TableView]]:
    """By address and heading: all films, each class, each subgroup, each class in each subgroup."""
    if record is None:
        return []
    kind = "class" if record.task == "classes" else "finding"
    asked = (
        ("all", "All films", False, False),
        ("by-class", f"By {kind}", True, False),
        ("by-subgroup", "By subgroup", False, True),
        ("by-class-and-subgroup", f"By {kind} and subgroup", True, True),
    )
    found = []
    for name, heading, by_label, by_column in asked:
        rows = list(compared.rows(record, by_label=by_label, by_column=by_column))
        if table := _table(record, rows, f"{heading}: {INTERVALS}", groups=by_label or by_column):
            found.append((name, heading, table))
    return found


def flip_table(record: Record | None) -> view.TableView | None:
    """How many films each model alone gets right, and McNemar's test; None without labels."""
    if record is None or not record.flips:
        return None
    several = any(each.label is not None for each in record.flips)
    by_patient = any(each.unit == "patients" for each in record.flips)
    return view.table(
        "Films on which one model is right and the other wrong",
        record.flips,
        [
            view.Column("Held against each other", lambda row: view.Cell(_flipped(record, row))),
            *[view.Column("Right about", lambda row: view.Cell(row.label or "all findings"))] * several,
            view.Column(
                "Became wrong",
                lambda row: view.Cell(len(row.negative), "number", digits=0),
                "negative_flip",
                "number",
            ),
            view.Column(
                "Became right",
                lambda row: view.Cell(len(row.positive), "number", digits=0),
                "positive_flip",
                "number",
            ),
            *[view.Column("Patients, counted", _counted, "", "number")] * by_patient,
            view.Column("p, McNemar", lambda row: view.Cell(row.p, "p"), "mcnemar", "number"),
        ],
    )


def flipped_films(record: Record | None) -> list[tuple[str, str, tuple[str, ...], str]]:
    """A heading, the finding ("" for all), films that became wrong or right, and a note; where any did."""
    if record is None:
        return []
    found = []
    for each in record.flips:
        about = f"{_flipped(record, each)}{f', {each.label}' if each.label is not None else ''}"
        for heading, films in (("Became wrong", each.negative), ("Became right", each.positive)):
            if films:
                count = f"{len(films):,} film{'s' if len(films) > 1 else ''}"
                note = ""
                if len(films) > FILMS:
                    note = (
                        f"The first {FILMS} of {len(films):,}; Cases shows all of them, by its filter "
                        "Prediction, and tables/flips.csv lists them."
                    )
                found.append((f"{heading}: {about} ({count})", each.label or "", films[:FILMS], note))
    return found


def _flipped(record: Record, flips: Flips) -> str:
    reference, candidate = (compared.part_name(record, part) for part in (flips.reference, flips.candidate))
    return f"{candidate} against {reference}"


def _counted(row: Flips) -> view.Cell:
    return view.Cell(f"{row.n_negative} worse, {row.n_positive} better")


def _worst(rows: Iterable[Row]) -> Iterator[Row]:
    """The class that lost most sensitivity under any candidate."""
    known = [
        (min(each.value for each in row.differences.values() if each and each.value is not None), row)
        for row in rows
        if row.measure == "sensitivity"
        and any(each and each.value is not None for each in row.differences.values())
    ]
    if known:
        yield min(known, key=lambda each: each[0])[1]


def _table(record: Record, rows: list[Row], caption: str, groups: bool) -> view.TableView | None:
    if not rows:
        return None
    by_label = any(row.group.label is not None for row in rows)

    def named(row: Row) -> view.Cell:
        about = f" for {row.group.label}" if row.group.label is not None and not groups else ""
        return view.Cell(f"{MEASURES[row.measure]}{about}")

    def of(part: str) -> view.Column:
        name = compared.part_name(record, part)
        return view.Column(name.capitalize(), lambda row: _cell(row.values[part]), "", "number")

    def less(pair: tuple[str, str]) -> view.Column:
        name = compared.pair_name(record, pair).capitalize()
        return view.Column(name, lambda row: _cell(row.differences[pair]), "paired", "number")

    columns = [view.Column("Measure", named)]
    if groups:
        columns = [
            view.Column("Films", lambda row: view.Cell(compared.group_name(row.group))),
            *columns,
            view.Column(
                "Patients", lambda row: view.Cell(row.group.n_patients, "number", digits=0), "", "number"
            ),
        ]
        if by_label:
            columns.append(
                view.Column(
                    "with it", lambda row: view.Cell(row.group.n_positive, "number", digits=0), "", "number"
                )
            )
    columns += [of(part) for part in compared.parts(record)]
    columns += [less(pair) for pair in compared.pairs_of(record)]
    note = ""
    if len(rows) > ROWS:
        note = (
            f"The first {ROWS} of {len(rows):,} rows; tables/performance.csv and tables/differences.csv have "
            "all of them"
        )
    return view.table(caption, rows[:ROWS], columns, note)


def _cell(found: Estimate | None) -> view.Cell:
    if found is None:
        return view.Cell(None, "number")
    return view.Cell(found.value, "number", (found.low, found.high))
