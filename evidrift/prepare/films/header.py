"""What a DICOM header says of a film, and nothing that names a patient.

View, laterality, sex, age and device are taken, each from a short list of allowed values or cleaned; a
patient's id only as a pseudonym. No other element is looked at, so that no name, date or number can reach an
output.

The pseudonym is HMAC-SHA256 of the id under a key (RFC 2104), cut to 64 bits. A plain hash would not do: ids
are short, and all of them are hashed in a minute. The key stands in the environment, as other secrets do: a
parameter would end in git. Without one, a key is drawn for this process, and `name_patients` puts in place of
its pseudonyms what does not depend on a key.
"""

import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydicom.multival import MultiValue

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry, Loaded
from evidrift.prepare.films.film import Film

KEY = "EVIDRIFT_PSEUDONYM_KEY"
KEY_LENGTH = 16  # characters, at least
# A control character, which no manifest may hold: a pseudonym of this process alone.
PASSING = "\x1f"

COLUMNS = ("view", "laterality", "sex", "age", "device")
TAGS = [
    *("PatientID", "PatientSex", "PatientAge", "Manufacturer", "ManufacturerModelName"),
    *("ViewPosition", "ViewCodeSequence", "ImageLaterality", "Laterality"),
]
# DICOM PS3.3, C.8.11.5 and C.8.7.1, and how hospitals and public sets write it.
VIEWS = {"AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LATERAL", "LAT", "FRONTAL"}
# PS3.16, CID 4010: SNOMED CT, and its older codes.
VIEW_CODES = {
    **dict.fromkeys(("272479007", "R-40888", "R-10214"), "PA"),
    **dict.fromkeys(("399348003", "R-10206"), "AP"),
    **dict.fromkeys(("399173006", "R-10236"), "LL"),
    **dict.fromkeys(("399198007", "R-10232"), "RL"),
    **dict.fromkeys(("399067008", "R-102CD"), "LATERAL"),
    **dict.fromkeys(("399033003", "R-10202"), "FRONTAL"),
}
LATERAL = {"LL", "RL", "LATERAL", "LAT", "L", "R"}
OLDEST = 90  # and above: an age beyond identifies
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


def columns_of(header: Any) -> dict[str, str]:
    """The COLUMNS of a pydicom data set, as text; "" where it does not say."""
    return {
        "view": _view(header),
        "laterality": _one_of(header, ("ImageLaterality", "Laterality"), {"L", "R", "B", "U"}),
        "sex": _one_of(header, ("PatientSex",), {"F", "M", "O"}),
        "age": _age(_text(header, "PatientAge")),
        "device": _device(header),
    }


def pseudonym_of(header: Any) -> str | None:
    """The patient of a pydicom data set; None where it has no id.

    Raises:
        UserError: the key is too short.
    """
    patient = _text(header, "PatientID")
    if not patient:
        return None
    key = os.environ.get(KEY)
    digest = hmac.digest(_key(key) or passing_key(), patient.encode(), "sha256")[:8].hex()
    return f"patient-{digest}" if key else PASSING + digest


def flag_lateral(film: Film, view: str) -> Film:
    """A film, flagged where its view, as a header or a manifest writes it, is a lateral one."""
    if view.strip().upper() not in LATERAL:
        return film
    return replace(film, flags=tuple(sorted({*film.flags, "lateral"})))


def with_header(entry: Entry, film: Film) -> Entry:
    """An image with what its film's header says of it, where the source itself says nothing."""
    known = {name: value for name, value in entry.extra.items() if value}
    extra = {**entry.extra, **film.columns, **known}
    return replace(entry, extra=extra, patient_id=entry.patient_id or film.patient)


def name_patients(images: Sequence[Loaded]) -> list[Loaded]:
    """Images whose patients do not depend on a key that nobody has.

    Without a key of the user's, a patient of a header is called after the first of their images: the same
    in every run, and it tells nothing but which images are of one patient. All others stay as they are.

    Args:
        images: all that were read, sorted by path.
    """
    first: dict[str, str] = {}
    named = []
    for image in images:
        patient, path = image.entry.patient_id, image.entry.path
        if patient is not None and patient.startswith(PASSING):
            entry = replace(image.entry, patient_id=first.setdefault(patient, path))
            image = replace(image, entry=entry)
        named.append(image)
    return named


def passing_key() -> bytes:
    """The key of this process alone, for pseudonyms where the user gives none.

    Raises:
        UserError: the user gives one that is too short.
    """
    _key(os.environ.get(KEY))
    return _shared[0] if _shared else _drawn()


@cache
def _drawn() -> bytes:
    return secrets.token_bytes(32)


def share_key(key: bytes) -> None:
    """Use the passing key of another process, which reads films together with this one."""
    _shared[:] = [key]


_shared: list[bytes] = []


def _key(given: str | None) -> bytes | None:
    if not given:
        return None
    if len(given) < KEY_LENGTH:
        raise UserError(
            f"The key of the pseudonyms ({KEY} in the environment) has {len(given)} characters; it must have "
            f"{KEY_LENGTH} at least. A good one: `openssl rand -hex 32`."
        )
    return given.encode()


def _view(header: Any) -> str:
    code = next(iter(header.get("ViewCodeSequence") or ()), None)
    coded = VIEW_CODES.get(_text(code, "CodeValue"), "") if code is not None else ""
    return _one_of(header, ("ViewPosition",), VIEWS) or coded


def _one_of(header: Any, names: Sequence[str], allowed: set[str]) -> str:
    found = (_text(header, name).upper() for name in names)
    return next((value for value in found if value in allowed), "")


def _age(text: str) -> str:
    """DICOM's age string, such as 045Y or 018M, in whole years."""
    parts = re.fullmatch(r"(\d{1,3})([YMWD])", text.upper())
    if not parts:
        return ""
    return str(min(int(int(parts[1]) * YEARS[parts[2]] + 1e-9), OLDEST))


def _device(header: Any) -> str:
    """Manufacturer and model; numbers of six and more digits are serial numbers or dates, and go."""
    text = f"{_text(header, 'Manufacturer')} {_text(header, 'ManufacturerModelName')}"
    plain = re.sub(r"[^\w .,/+()-]", " ", text, flags=re.ASCII)
    return " ".join(re.sub(r"\d([-./]?\d){5,}", " ", plain).split())[:64].strip()


def _text(header: Any, name: str) -> str:
    value = header.get(name)
    if isinstance(value, MultiValue):  # a backslash in it, which some hospitals' numbers have
        value = "\\".join(map(str, value))
    return str(value).strip(" \0\t\r\n") if isinstance(value, str) else ""
