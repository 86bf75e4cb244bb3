"""The labels of the films of an audit, and the classes that the models tell apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from evidrift.base.errors import UserError
from evidrift.base.sentence import Sentence, parameter, say
from evidrift.images.store import MANIFEST
from evidrift.prepare.classes import are_numbers, by_value, check_names, in_order, of_one_class
from evidrift.prepare.entry import Entry, Excluded, Layout, Listing
from evidrift.prepare.left_out import summary
from evidrift.prepare.listing.folder import list_folder

FAR_BETTER = 0.4  # share of the films that would be right in another order, but are not in this one
FEWEST = 20  # films of which that can be said


def check_labelled(listing: Listing, path: Path) -> None:
    """Refuse films that have no labels, though their layout could give them: none is dropped in silence.

    Args:
        listing: of the films.
        path: of their folder or manifest.
    """
    labels = parameter("labels")
    own = path.is_dir() and (path / MANIFEST).is_file()
    if own and listing.labels_from is None and list_folder(path).labels_from is not None:
        told = (
            "{path} has class folders, but its manifest {manifest} has no column label. Add the column; or "
            "move the manifest out, so that folders are labels; or audit without labels ({labels})."
        )
        raise UserError(say(told, path=path, manifest=MANIFEST, labels=labels))
    if listing.labels_from is not None and not any(entry.label for entry in listing.entries):
        told = (
            "No film of {path} has a label. {left_out} Give class folders, or a manifest with the column "
            "label; or audit without labels ({labels})."
        )
        exclusions = [(entry, entry.excluded) for entry in listing.entries if entry.excluded]
        raise UserError(say(told, path=path, left_out=summary(exclusions), labels=labels))


def classed(
    listing: Listing, given: Sequence[str] | None, n_classes: int, path: Path, labels_known: bool
) -> tuple[list[Entry], tuple[str, ...]]:
    """The films, each with one of the models' classes or left out, and the classes' names.

    Args:
        listing: of the films.
        given: names in the order of the outputs, or None.
        n_classes: that the models tell apart.
        path: of the films, for messages.
        labels_known: whether films have labels; else they have no class.

    Raises:
        UserError: the labels are not the models'.
    """
    if not labels_known:
        return unlabelled(listing.entries), class_names(given, [], n_classes, path)
    entries = listing.entries
    if listing.labels_from == "table":
        entries = [of_one_class(entry) for entry in entries]
    found = in_order((entry.label for entry in entries), listing.labels_from)
    names = class_names(given, found, n_classes, path)
    check_names(names)
    return [known(entry, names) for entry in entries], names


def order_note(names: Sequence[str], labels_from: Layout | None) -> Sentence:
    """In which order the classes were taken, and why."""
    if labels_from == "table" and are_numbers(names):
        order = "the labels by their value, as whole numbers in a table are the places of the outputs"
    elif are_numbers(names) and list(names) != by_value(names):
        order = "the folders' names in alphabetical order, as Keras reads folders even if they are numbers"
    else:
        order = "the labels' names in alphabetical order, as Keras reads folders"
    told = (
        "The classes are {order}: {names}. If the models were trained in another order, give their names in "
        "that order ({classes})."
    )
    return say(told, order=order, names=names, classes=parameter("classes"))


def order_notes(called: Mapping[str, np.ndarray], truth: np.ndarray, names: Sequence[str]) -> list[Sentence]:
    """In which other order of classes a model would be right far more often; each order once.

    Args:
        called: by model, what it calls each film, (n,) index.
        truth: class of each film, likewise.
        names: of the classes, in the order that was used.
    """
    notes: dict[tuple[str, ...], Sentence] = {}
    for model, calls in called.items():
        counts = np.zeros((len(names), len(names)), int)
        np.add.at(counts, (truth, calls), 1)
        label, output = linear_sum_assignment(counts, maximize=True)
        now, then = counts.trace() / len(truth), counts[label, output].sum() / len(truth)
        if len(truth) >= FEWEST and then - now >= FAR_BETTER:
            order = tuple(names[at] for at in label[np.argsort(output)])
            told = (
                "Model {model} is right on {now:.0%} of the films; if its outputs are in the order {order}, "
                "it is right on {then:.0%}. Then give that order ({classes})."
            )
            terms = {"model": model, "now": now, "then": then, "order": order}
            notes.setdefault(order, say(told, **terms, classes=parameter("classes")))
    return list(notes.values())


def unlabelled(entries: Sequence[Entry]) -> list[Entry]:
    """Entries as they are where labels are not used: the lack of one excludes them no longer."""
    return [
        replace(entry, label="", excluded=None)
        if entry.excluded is None or entry.excluded.reason == "unknown_label"
        else replace(entry, label="")
        for entry in entries
    ]


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
