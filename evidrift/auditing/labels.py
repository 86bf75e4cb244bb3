"""The labels of the films of an audit, and the classes that the models tell apart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say
from evidrift.prepare.entry import Entry, Excluded


def labelled(entries: Sequence[Entry]) -> list[Entry]:
    """All entries, where at least one has a label; those without are then left out. Else none."""
    return list(entries) if any(entry.label for entry in entries) else []


def without_label(entry: Entry) -> Entry:
    """An entry as it is where labels are not used: the lack of one excludes it no longer."""
    unlabelled = entry.excluded is None or entry.excluded.reason == "unknown_label"
    return replace(entry, label="", excluded=None if unlabelled else entry.excluded)


def class_names(
    given: Sequence[str] | None, found: Sequence[str], n_classes: int, path: Path
) -> tuple[str, ...]:
    """The models' classes in the order of their outputs.

    Args:
        given: by the user, or None.
        found: the labels of the films, sorted.
        n_classes: that the models tell apart.
        path: of the films, for messages.

    Raises:
        UserError: there are more or fewer names than classes, or the films have none of them.
    """
    if given is None and not found:
        return tuple(f"class {number}" for number in range(n_classes))
    names = tuple(given if given is not None else found)
    if given is not None and (len(set(names)) != len(names) or not all(names)):
        told = "{given} names a class twice, or not at all: {names}."
        raise UserError(say(told, given=parameter("classes"), names=names))
    if len(names) != n_classes:
        what = say("{path} has labels of {found} classes", path=path, found=len(names))
        if given is not None:
            what = say("{classes} names {found} classes", classes=parameter("classes"), found=len(names))
        unlabelled = say("; or audit without labels ({labels})", labels=parameter("labels"))
        raise UserError(
            say(
                "{what} ({names}), but the models tell {n} apart. Give the names of all "
                "{n} in the order of the models' outputs ({classes}){otherwise}.",
                what=what,
                names=names,
                n=n_classes,
                classes=parameter("classes"),
                otherwise=unlabelled if given is None else "",
            )
        )
    if given is not None and found and not set(found) & set(names):
        sentence = (
            "{path} has the labels {found}, none of which is in {classes} ({names}). Names must be "
            "written the same."
        )
        raise UserError(say(sentence, path=path, found=found, classes=parameter("classes"), names=names))
    return names


def known(entry: Entry, names: tuple[str, ...]) -> Entry:
    """An entry whose label is one of the models' classes; any other is excluded."""
    if entry.excluded is None and entry.label not in names:
        return replace(
            entry, excluded=Excluded("unknown_label", f"{entry.label} is not one of the models' classes")
        )
    return entry
