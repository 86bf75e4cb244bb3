"""Whether the models know anything of these films: two that call all films the same agree about all."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evidrift.auditing.gate.check import KNOWLEDGE, NAN, Check
from evidrift.auditing.gate.films import part
from evidrift.base.interval import UNBOUNDED, Bounds
from evidrift.base.sentence import parameter, say

# Share of the films in one predicted class, above which a model tells nothing apart.
ALIKE = 0.95


class Known(NamedTuple):
    """What one model makes of the films.

    Attributes:
        predicted: number of films by predicted class.
        above_chance: how much more often it is right than if its predictions were dealt out to the films at
            random, with bounds; 0 for a model that calls all films the same. NaN without labels.
    """

    predicted: dict[str, int]
    above_chance: Bounds


def known_of(
    logits: np.ndarray, labels: np.ndarray | None, patients: np.ndarray, classes: Sequence[str]
) -> Known:
    """What one model knows.

    Args:
        logits: (n, classes).
        labels: true ones, (n,) class indices; None where they are not known.
        patients: (n,).
        classes: names.
    """
    called = logits.argmax(axis=1)
    counts = np.bincount(called, minlength=len(classes))
    predicted = {name: int(count) for name, count in zip(classes, counts, strict=True)}
    if labels is None:
        return Known(predicted, UNBOUNDED)
    right = called == labels
    at_random = (np.bincount(labels, minlength=len(classes)) / len(labels))[called]
    return Known(predicted, part("", right - at_random, patients, lowest=-1.0).bounds())


def judge_knowledge(known: Mapping[str, Known]) -> Check:
    """Whether every model is shown to tell the films apart.

    Args:
        known: by model, `before 1`, `after 1`, ...
    """
    labelled = all(each.above_chance.value == each.above_chance.value for each in known.values())
    least = {name: _least(each, labelled) for name, each in known.items()}
    name = min(least, key=lambda each: least[each])
    model, most = known[name], max(known[name].predicted, key=known[name].predicted.__getitem__)
    counts = [f"{n} {each}" for each, n in model.predicted.items()]
    fed = say(
        "It may want another range of input ({preprocessing}), or its classes stand in another order "
        "({classes}).",
        preprocessing=parameter("preprocessing"),
        classes=parameter("classes"),
    )
    if labelled:
        what = "how much more often a model is right than by chance, of the one that knows least"
        bounds, limit = model.above_chance, 0.0
        passed = bounds.low > limit
        reason = "Each model is right more often than by chance."
        why = say("It is not shown that the model {name} is right more often than by chance", name=name)
    else:
        what = "share of the films that a model calls one class, of the one that tells least apart"
        share = model.predicted[most] / sum(model.predicted.values())
        bounds, limit = Bounds(share, NAN, NAN), ALIKE
        passed = share <= limit
        reason = "Each model tells films apart."
        why = say("The model {name} calls nearly all films {most}", name=name, most=most)
    if passed:
        return Check(KNOWLEDGE, what, *bounds, limit, "passed", reason, labelled)
    told = say("{why} (its predictions: {counts}). {fed}", why=why, counts=counts, fed=fed)
    return Check(KNOWLEDGE, what, *bounds, limit, "not judged", told, labelled)


def _least(known: Known, labelled: bool) -> float:
    return known.above_chance.low if labelled else -max(known.predicted.values())
