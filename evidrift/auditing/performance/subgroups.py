"""Groups of films by the columns that came with them: sex, age, site, device, view or what else is known."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.findings import NO_FINDING
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say

MOST = 12  # values by which a column tells groups apart rather than films
NOT_GIVEN = "not given"
MOSTLY = 0.9  # share of the films with an age at which a column is one of ages, a slip such as 412 or not
AGE = re.compile(r"(^|[^a-z])age([^a-z]|$)")
BANDS = ((17, "0-17"), (39, "18-39"), (64, "40-64"), (float("inf"), "65+"))
IN_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


class Subgroups(NamedTuple):
    """A column by which films are told apart, or not.

    Attributes:
        column: its name.
        values: of each film, (n,) str.
        groups: the values that occur, in order; none where it was left out.
        reason: why it was left out; None where it was not.
    """

    column: str
    values: np.ndarray
    groups: tuple[str, ...]
    reason: str | None


def subgroups(
    films: Sequence[Mapping[str, str]], asked: Sequence[str] | None, labels: Sequence[str] = ()
) -> tuple[Subgroups, ...]:
    """Each column's groups, by name.

    Args:
        films: further columns of each film.
        asked: columns to use; None for all that tell groups apart.
        labels: classes or findings; a column of such a name says what is true of a film, and makes groups
            only where it is asked for.

    Raises:
        UserError: a column that is asked for is not there, or does not tell groups apart.
    """
    columns = sorted({name for film in films for name in film})
    for name in asked or ():
        if name not in columns:
            there = say("there are {columns}", columns=columns) if columns else "there are none"
            told = "{asked} names {name}, which is no column of the films; {there}."
            raise UserError(say(told, asked=parameter("subgroups"), name=name, there=there))
    true = {name.casefold() for name in (*labels, NO_FINDING)}
    others = [name for name in columns if name.casefold() not in true]
    used = others if asked is None else list(dict.fromkeys(asked))
    found = tuple(
        _of(name, [film.get(name, "").strip() for film in films], asked is not None) for name in used
    )
    for each in found:
        if asked is not None and each.reason is not None:
            told = "{asked} names {name}, by which no groups can be made: it has {reason}."
            raise UserError(say(told, asked=parameter("subgroups"), name=each.column, reason=each.reason))
    return found


def _of(name: str, texts: Sequence[str], asked: bool) -> Subgroups:
    given = sorted({text for text in texts if text}, key=_order)
    bands = {text: band(age) for text in given if (age := years(text)) is not None}
    n_ages, n_given = (sum(text in those for text in texts) for those in (bands, given))
    if AGE.search(name.lower().replace("_", " ")) and n_ages >= MOSTLY * n_given:
        texts = [bands.get(text, "") for text in texts]
        given = [label for _, label in BANDS if label in texts]
    elif not asked and len(given) > 2 and all(_number(text) is not None for text in given):
        return Subgroups(name, np.array(texts), (), "numbers, and is no age")
    values = np.array([text or NOT_GIVEN for text in texts])
    groups = tuple(given) + ((NOT_GIVEN,) if NOT_GIVEN in values and NOT_GIVEN not in given else ())
    if len(groups) < 2:
        return Subgroups(name, values, (), "one value for all films")
    if len(groups) > MOST:
        return Subgroups(name, values, (), f"{len(groups)} values, more than {MOST}")
    return Subgroups(name, values, groups, None)


def band(age: float) -> str:
    """The band that an age in years lies in."""
    return next(label for last, label in BANDS if age < last + 1)


def years(text: str) -> float | None:
    """An age in years: a number, or as DICOM writes it (045Y, 006M); None where it is neither."""
    written = re.fullmatch(r"(\d{1,3})([YMWD])", text.strip().upper())
    if written:
        return int(written[1]) * IN_YEARS[written[2]]
    age = _number(text)
    return age if age is not None and 0 <= age <= 130 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _order(text: str) -> tuple[float, str]:
    """Numbers as numbers, before words."""
    number = _number(text)
    return (float("inf") if number is None else number, text)
