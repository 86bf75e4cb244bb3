"""Which column of a manifest is which, whatever its heading's spelling."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from evidrift.base.errors import UserError

# Without spaces, signs and capitals.
SYNONYMS = {
    "path": (
        *("filepath", "filename", "file", "fullpath", "image", "imagepath", "imagefile", "imagename"),
        *("imageindex", "img", "imgpath", "film"),
    ),
    "label": (
        *("labels", "class", "classname", "classlabel", "category", "diagnosis"),
        *("finding", "findings", "findinglabel", "findinglabels", "target"),
    ),
    "patient_id": ("patient", "subject", "subjectid", "pid"),
    "split": (),
}


def recognised(headings: Sequence[str]) -> dict[str, list[int]]:
    """Column -> places of the headings that could be meant by it: its own name, or else its synonyms."""
    plain = [_plain(heading) for heading in headings]
    found = {}
    for column, synonyms in SYNONYMS.items():
        exact = [at for at, heading in enumerate(headings) if heading.strip() == column]
        own = [at for at, heading in enumerate(plain) if heading == _plain(column)]
        others = [at for at, heading in enumerate(plain) if heading in synonyms]
        if exact or own or others:
            found[column] = exact or own or others
    return found


def columns_of(
    headings: Sequence[str], required: Sequence[str], file: Path
) -> tuple[Mapping[str, int], list[str]]:
    """Where each column stands.

    Args:
        headings: of the file.
        required: columns that must be there.
        file: for messages.

    Returns:
        Place by column, for all that is there; and a note where a synonym was read.

    Raises:
        UserError: a column is missing, could be several, or a heading stands twice.
    """
    found = recognised(headings)
    missing = [column for column in required if column not in found]
    if missing:
        hint = "Where patients are not known, leave the cells of patient_id empty."
        raise UserError(
            f"{file} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}. "
            f"It must have {', '.join(required)}; found: {', '.join(headings) or 'none'}. "
            f"{hint if 'patient_id' in required else ''}".strip()
        )
    for column, places in found.items():
        if len(places) > 1:
            names = ", ".join(headings[at] for at in places)
            raise UserError(f"{file}: column {column} could be any of {names}. Call one of them {column}.")
    twice = [heading for heading, n in Counter(headings).items() if heading and n > 1]
    if twice:
        raise UserError(f"{file} has two columns {twice[0]}. Rename one of them.")
    columns = {column: places[0] for column, places in found.items()}
    by_meaning = {headings[at]: column for column, at in columns.items()}
    others = [f"{name} as {column}" for name, column in by_meaning.items() if _plain(name) != _plain(column)]
    return columns, [f"{file.name}: columns were read by their meaning: {', '.join(others)}."] * bool(others)


def _plain(heading: str) -> str:
    return "".join(character for character in heading.casefold() if character.isalnum())
