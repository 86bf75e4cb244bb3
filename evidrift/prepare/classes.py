"""The order of classes, which is the order of a network's outputs.

Nothing in a model file says which output is which class. So the order is that of the commonest way to train
on such data: Keras and torchvision read class folders in the order of their names as text, also where they
are numbers (0, 1, 10, 2); whole numbers in a table are themselves the outputs' places, and sort as numbers.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Entry, Excluded, Layout

TOGETHER = "all"
WHOLE = re.compile(r"-?[0-9]+(\.0+)?")  # 1.0: as pandas writes whole numbers beside a gap


def in_order(labels: Iterable[str], labels_from: Layout | None) -> list[str]:
    """The classes, each once: whole numbers in a table by their value, all else as text.

    Args:
        labels: with "" where there is none.
        labels_from: where they come from, as `Listing` says it.
    """
    names = sorted(set(labels) - {""})
    return by_value(names) if labels_from == "table" and are_numbers(names) else names


def are_numbers(names: Iterable[str]) -> bool:
    """Whether all are whole numbers."""
    return all(WHOLE.fullmatch(name) for name in names)


def by_value(numbers: Iterable[str]) -> list[str]:
    """Whole numbers sorted as numbers."""
    return sorted(numbers, key=lambda name: (float(name), name))


def check_names(classes: Iterable[str]) -> None:
    """Refuse a class whose name the tables need for all of them together.

    Raises:
        UserError: naming it.
    """
    if TOGETHER in classes:
        raise UserError(
            f"A class is called {TOGETHER}, which is what the tables call all classes together. Call it "
            "something else."
        )


def of_one_class(entry: Entry) -> Entry:
    """An entry of a manifest; one with several labels, `A|B`, is left out."""
    if "|" not in entry.label:
        return entry
    why = Excluded("several_labels", f"the label is {entry.label}, and one class a film is expected")
    return replace(entry, label="", excluded=entry.excluded or why)
