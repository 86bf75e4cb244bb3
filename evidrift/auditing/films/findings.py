"""The findings of films that can have several, or none: from labels such as `A|B`, or a column for each."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.prepare.entry import Entry, Excluded
from evidrift.prepare.listing.manifest import NO_LABEL

BETWEEN = "|"
# What a film without findings is called, where that is the name of no output; small, without spaces.
NOTHING = ("", "nofinding", "nofindings", "none", "normal")
NO_FINDING = "No Finding"
# What a finding is called that a model does not call in a film that has it; no finding may have this name.
NOT_CALLED = "not called"
YES, NO = ("true", "yes", "y", "t"), ("false", "no", "n", "f")
UNKNOWN = ("", "nan", "na", "n/a", "?", "u", "uncertain", "none", "null")


class Marked(NamedTuple):
    """What is known of the findings of the films.

    Attributes:
        names: of the findings, in the order of the outputs.
        entries: of the films; the label lists those that a film has, or says that there is none.
        has: by path, which findings a film has, (findings,) bool.
        known: by path, of which findings that is known, (findings,) bool.
        guessed: the names are the labels' in alphabetical order, since none were given.
        by_column: there is a column for each finding, rather than a label.
    """

    names: tuple[str, ...]
    entries: list[Entry]
    has: dict[str, np.ndarray]
    known: dict[str, np.ndarray]
    guessed: bool
    by_column: bool = False


def finding_names(given: Sequence[str] | None, n: int) -> tuple[str, ...]:
    """Names of n findings, where films say nothing of them.

    Raises:
        UserError: there are more or fewer, or they cannot be told apart.
    """
    if given is None:
        return tuple(f"finding {number}" for number in range(n))
    names = tuple(given)
    if len(set(names)) != len(names) or not all(names) or any(BETWEEN in name for name in names):
        told = "{given} names a finding twice, or not at all, or with a {bar} in it: {names}."
        raise UserError(say(told, given=parameter("classes"), bar=BETWEEN, names=names))
    if NOT_CALLED in names:
        raise UserError(say("{given} names a finding {name}.", given=parameter("classes"), name=NOT_CALLED))
    if len(names) != n:
        told = (
            "{given} names {found} findings ({names}), but the models have {n} outputs, one for each finding."
        )
        raise UserError(say(told, given=parameter("classes"), found=len(names), names=names, n=n))
    return names


def mark(entries: Sequence[Entry], given: Sequence[str] | None, n: int, path: Path) -> Marked | None:
    """Which film has which findings; None where nothing is known of any film.

    A manifest with columns that are named after findings is read by these (`given` names them, in capitals or
    not): 1 or 0, true or false, yes or no; an empty cell, and -1 for uncertain, are not known. Else labels
    are: one finding, or several with `|` between them. A film of which a finding is not known does not count
    there.

    Args:
        entries: of the films.
        given: names of the findings in the order of the outputs, or None.
        n: outputs of the models.
        path: of the films, for messages.

    Raises:
        UserError: names are wanted or wrong, or a cell says something else.
    """
    known = {column.casefold(): column for entry in entries for column in entry.extra}
    columns = {name: known[name.casefold()] for name in given or () if name.casefold() in known}
    if columns:
        return _of_columns(entries, finding_names(given, n), columns, path)
    if not any(entry.label for entry in entries):
        return None
    names = finding_names(given, n) if given is not None else _inferred(entries, n, path)
    numbers = {name: number for number, name in enumerate(names)}
    small = {_small(name) for name in names}  # written otherwise, none of them means that there is nothing
    found = {part for entry in entries for part in _parts(entry.label)}
    if not found & set(names):
        told = (
            "{path} has the labels {found}, none of which is in {classes} ({names}). Names must be written "
            "the same."
        )
        raise UserError(say(told, path=path, found=sorted(found), classes=parameter("classes"), names=names))
    marked = Marked(names, [], {}, {}, given is None)
    for entry in entries:
        parts = [part for part in _parts(entry.label) if _small(part) in small or not _nothing(part)]
        strange = [part for part in parts if part not in numbers]
        has = np.zeros(n, dtype=bool)
        has[[numbers[part] for part in parts if part in numbers]] = True
        mended = entry if entry.label else _unless(entry, NO_LABEL)
        if strange and mended.excluded is None:
            why = Excluded("unknown_label", f"{strange[0]} is not one of the models' findings")
            mended = replace(mended, excluded=why)
        _add(marked, mended, has, np.ones(n, dtype=bool))
    return marked


def _of_columns(
    entries: Sequence[Entry], names: tuple[str, ...], columns: Mapping[str, str], path: Path
) -> Marked:
    marked = Marked(names, [], {}, {}, guessed=False, by_column=True)
    for entry in entries:
        texts = [entry.extra.get(columns.get(name, name), "") for name in names]
        cells = [_cell(text, name, entry.path, path) for text, name in zip(texts, names, strict=True)]
        has = np.array([cell is True for cell in cells])
        known = np.array([cell is not None for cell in cells])
        mended = _unless(entry, NO_LABEL)
        if not known.any() and mended.excluded is None:
            mended = replace(mended, excluded=Excluded("unknown_label", "none of its findings is known"))
        _add(marked, mended, has, known)
    return marked


def _add(marked: Marked, entry: Entry, has: np.ndarray, known: np.ndarray) -> None:
    """One more film; two of the same pixels are one if they have the same findings."""
    names = [name for name, own in zip(marked.names, has, strict=True) if own]
    unknown = [f"{name}?" for name, own in zip(marked.names, known, strict=True) if not own]
    label = BETWEEN.join([*(names or [NO_FINDING]), *unknown])
    marked.entries.append(replace(entry, label=label if entry.excluded is None else entry.label))
    marked.has[entry.path], marked.known[entry.path] = has, known


def _inferred(entries: Sequence[Entry], n: int, path: Path) -> tuple[str, ...]:
    """The labels' names in alphabetical order, where a film has one and there are as many as outputs."""
    found = sorted({part for entry in entries for part in _parts(entry.label)} - {""})
    without = [name for name in found if not _nothing(name)]
    single = not any(BETWEEN in entry.label for entry in entries)
    for names in (found, without):
        if single and len(names) == n:
            return finding_names(names, n)
    told = (
        "The models have {n} outputs, each a finding of its own, and which is which cannot be told from "
        "{path} ({found}). Give the names of all {n} in the order of the outputs ({classes}), or audit "
        "without labels ({labels})."
    )
    raise UserError(
        say(told, n=n, path=path, found=found, classes=parameter("classes"), labels=parameter("labels"))
    )


def _parts(label: str) -> list[str]:
    return [part.strip() for part in label.split(BETWEEN)]


def _nothing(name: str) -> bool:
    return _small(name) in NOTHING


def _small(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _unless(entry: Entry, detail: str) -> Entry:
    """An entry that a missing label does not exclude."""
    why = entry.excluded
    return replace(entry, excluded=None) if why is not None and why.detail == detail else entry


def _cell(text: str, name: str, film: str, path: Path) -> bool | None:
    small = text.strip().lower()
    if small in UNKNOWN:
        return None
    if small in (*YES, *NO):
        return small in YES
    try:
        number = float(small)
    except ValueError:
        number = np.nan
    if number in (0, 1, -1):
        return None if number < 0 else bool(number)
    raise UserError(
        f"{path}: {name} of {film} is {text!r}. Expected was 1 or 0, true or false, yes or no; empty where "
        "it is not known, -1 where it is uncertain."
    )


def notes_of(marked: Marked, films: Iterable[str]) -> list[str]:
    """What a reader should know: of how many films a finding is not known.

    Args:
        marked: from `mark`.
        films: paths of those that were kept.
    """
    known = np.array([marked.known[film] for film in films])
    missing = {name: int(n) for name, n in zip(marked.names, (~known).sum(axis=0), strict=True) if n}
    if not missing:
        return []
    counts = [f"{name} in {n}" for name, n in missing.items()]
    return [
        say(
            "Of {films} films some findings are not known (an empty cell, -1, or no column): {counts}. They "
            "do not count there.",
            films=len(known),
            counts=counts,
        )
    ]
