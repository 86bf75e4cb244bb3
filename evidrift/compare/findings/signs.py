"""Signs beside methods that a check speaks against, wherever their drift is shown."""

from collections.abc import Iterator

import pandas as pd

from evidrift.base.sentence import Sentence, checkpoint, listed, say
from evidrift.base.sentence import method as as_term

# faithful is not True, and insensitive is True, on one of the two checkpoints at least
UNFAITHFUL, INSENSITIVE = "†", "‡"
MEANING = {
    UNFAITHFUL: "not shown to be more faithful than a random map",
    INSENSITIVE: "its maps survive random weights",
}


def signs(marks: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """The signs of each architecture, layer and method; empty where the checks have nothing against it.

    Args:
        marks: from `check.marks.marks`. Layers that were not checked have no signs.
    """
    found = {}
    for key, rows in marks.groupby(["arch", "layer", "method"], sort=False):
        unfaithful = any(faithful is False for faithful in rows["faithful"])
        insensitive = any(each is True for each in rows["insensitive"])
        found[key] = UNFAITHFUL * unfaithful + INSENSITIVE * insensitive
    return found


def signs_of_methods(marks: pd.DataFrame) -> dict[tuple[str, str], str]:
    """The signs of each layer and method, in any architecture."""
    found: dict[tuple[str, str], str] = {}
    for (_, layer, method), own in signs(marks).items():
        together = found.get((layer, method), "") + own
        found[layer, method] = "".join(sign for sign in MEANING if sign in together)
    return found


def reservations(
    marks: pd.DataFrame, layer: str
) -> Iterator[tuple[str, Sentence, frozenset[tuple[str, str]]]]:
    """What the signs mean and whom they concern; and what could not be decided.

    Args:
        marks: from `check.marks.marks`.
        layer: that conclusions rest on.

    Yields:
        A short key, a sentence, and the architectures and methods concerned at that layer.
    """
    cases = (
        ("unfaithful", UNFAITHFUL, marks[[each is False for each in marks["faithful"]]]),
        ("insensitive", INSENSITIVE, marks[[each is True for each in marks["insensitive"]]]),
    )
    for key, sign, rows in cases:
        if len(rows):
            told = say("{sign} {meaning}: {named}.", sign=sign, meaning=MEANING[sign], named=_named(rows))
            yield key, told, _concerned(rows, layer)
    undecided = marks[[each is None for each in marks["faithful"]]]
    if len(undecided):
        sentence = say(
            "Faithfulness is not decidable on fewer than five patients: raise "
            "check.faithfulness.images_per_class. So it is of {named}.",
            named=_named(undecided),
        )
        yield "faithfulness_not_decidable", sentence, _concerned(undecided, layer)


def _concerned(rows: pd.DataFrame, layer: str) -> frozenset[tuple[str, str]]:
    at = rows[rows["layer"] == layer]
    return frozenset(zip(at["arch"], at["method"], strict=True))


def _named(rows: pd.DataFrame) -> Sentence:
    """`method at layer (architecture tl, ft; ...)` for each method and layer."""
    return listed(
        [
            say(
                "{method} at {layer} ({by_arch})", method=as_term(method), layer=layer, by_arch=_by_arch(part)
            )
            for (method, layer), part in rows.groupby(["method", "layer"])
        ],
        "; ",
    )


def _by_arch(rows: pd.DataFrame) -> Sentence:
    return listed(
        [
            say(
                "{arch} {checkpoints}",
                arch=arch,
                checkpoints=[
                    checkpoint(each) for each in sorted(part["checkpoint"], reverse=True)
                ],  # tl first
            )
            for arch, part in rows.groupby("arch", sort=False)
        ],
        "; ",
    )
