"""The sign beside methods of which part of the maps survives random weights, wherever their drift is shown.

Faithfulness has no sign: on phantoms it goes too little with where the finding lies (docs/checks.md).
"""

from collections.abc import Iterator

import pandas as pd

from evidrift.base.sentence import Sentence, checkpoint, listed, say
from evidrift.base.sentence import method as as_term
from evidrift.check.marks import SUPPORTED

# on one of the two checkpoints at least
INSENSITIVE = "‡"
MEANING = {INSENSITIVE: "part of its maps survives random weights"}


def signs(marks: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """The signs of each architecture, layer and method; empty where nothing is shown to survive.

    Args:
        marks: from `check.marks.marks`. Layers that were not checked have no signs.
    """
    return {
        key: INSENSITIVE * bool((rows["insensitive"] == SUPPORTED).any())
        for key, rows in marks.groupby(["arch", "layer", "method"], sort=False)
    }


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
    """What the sign means and whom it concerns.

    Args:
        marks: from `check.marks.marks`.
        layer: that conclusions rest on.

    Yields:
        A short key, a sentence, and the architectures and methods concerned at that layer.
    """
    rows = marks[marks["insensitive"] == SUPPORTED]
    if len(rows):
        told = "{sign} {meaning}; that part is the image's and cannot drift: {named}."
        sentence = say(told, sign=INSENSITIVE, meaning=MEANING[INSENSITIVE], named=_named(rows))
        yield "insensitive", sentence, _concerned(rows, layer)


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
