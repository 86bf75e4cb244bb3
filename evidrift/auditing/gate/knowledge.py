"""Whether the models know anything of these films: two that call all films the same agree about all."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.gate.check import KNOWLEDGE, NAN, Check
from evidrift.auditing.gate.films import part
from evidrift.base.interval import UNBOUNDED, Bounds
from evidrift.base.sentence import parameter, say
from evidrift.images.store import Images

FINDINGS = f"{KNOWLEDGE}.findings"
# Share of the films in one predicted class, above which a model tells nothing apart.
ALIKE = 0.95


class Known(NamedTuple):
    """What one model makes of the films.

    Attributes:
        predicted: number of films by predicted class; of findings, by each that is called, and of films in
            which none is.
        above_chance: how much more often it is right than if its predictions were dealt out to the films at
            random, with bounds; 0 for a model that calls all films the same. NaN without labels. Of findings,
            the mean over all of them.
        alike: largest share of the films that it calls the same.
        most: what it calls these.
        about: the same of each finding that some films have and some have not; empty where a film has one
            class.
    """

    predicted: dict[str, int]
    above_chance: Bounds
    alike: float
    most: str
    about: Mapping[str, Bounds] = MappingProxyType({})


def known_of(
    probabilities: np.ndarray, labels: np.ndarray | None, patients: np.ndarray, classes: Sequence[str]
) -> Known:
    """What one model knows.

    Args:
        probabilities: its own, (n, classes).
        labels: true ones, (n,) class indices; None where they are not known.
        patients: (n,).
        classes: names.
    """
    called = probabilities.argmax(axis=1)
    counts = np.bincount(called, minlength=len(classes))
    predicted = {name: int(count) for name, count in zip(classes, counts, strict=True)}
    alike, most = float(counts.max() / counts.sum()), classes[int(counts.argmax())]
    if labels is None:
        return Known(predicted, UNBOUNDED, alike, most)
    right = called == labels
    at_random = (np.bincount(labels, minlength=len(classes)) / len(labels))[called]
    above = part("", right - at_random, patients, lowest=-1.0).bounds()
    return Known(predicted, above, alike, most)


def known_of_findings(scores: Scores, truth: Truth | None, films: Images) -> Known:
    """What one model knows of films that can have several findings, or none.

    Each finding is held against chance by itself, on the films of which it is known; findings that all or
    none of these have tell nothing, and are left out.

    Args:
        scores: what it says.
        truth: what is true; None where nothing is known of it.
        films: n of them; the classes are the findings.
    """
    called = scores.called
    predicted = {name: int(n) for name, n in zip(films.classes, called.sum(axis=0), strict=True)}
    predicted["no finding"] = int((~called.any(axis=1)).sum())
    sets, counts = np.unique(called, axis=0, return_counts=True)
    own = [name for name, has in zip(films.classes, sets[counts.argmax()], strict=True) if has]
    alike, most = float(counts.max() / len(called)), " and ".join(own) or "without a finding"
    if truth is None:
        return Known(predicted, UNBOUNDED, alike, most)
    n_known = truth.known.sum(axis=0)
    share = (truth.truth & truth.known).sum(axis=0) / np.maximum(n_known, 1)
    tells = truth.known & (share > 0) & (share < 1)
    beyond = (called == truth.truth) - np.where(called, share, 1 - share)
    about = {
        name: part("", own[at], truth.patients[at], lowest=-1.0).bounds()
        for name, own, at in zip(truth.labels, beyond.T, tells.T, strict=True)
        if at.any()
    }
    some = tells.any(axis=1)
    mean = np.where(tells, beyond, 0).sum(axis=1)[some] / tells.sum(axis=1)[some]
    above = part("", mean, truth.patients[some], lowest=-1.0).bounds() if about else Bounds(0.0, -1.0, 1.0)
    return Known(predicted, above, alike, most, about)


def judge_findings(known: Mapping[str, Known]) -> Iterator[Check]:
    """Whether every model is shown to know something of each finding; nothing where a film has one class.

    A finding of which nothing is shown leaves a gate open, as any limit does, but hides no other that fails:
    the model after may have lost it.

    Args:
        known: by model, `before 1`, `after 1`, ...
    """
    found = [(bounds, model, name) for model, each in known.items() for name, bounds in each.about.items()]
    if not found:
        return
    bounds, model, name = min(found, key=lambda each: each[0].low)
    what = "how much more often a model is right about a finding than by chance, of the one it knows least"
    told = "It is {shown} that the model {model} is right about {name} more often than by chance."
    passed = bounds.low > 0
    reason = say(told, shown="shown" if passed else "not shown", model=model, name=name)
    yield Check(FINDINGS, what, *bounds, 0.0, "passed" if passed else "not judged", reason, least=True)


def judge_knowledge(known: Mapping[str, Known]) -> Check:
    """Whether every model is shown to tell the films apart.

    Args:
        known: by model, `before 1`, `after 1`, ...
    """
    labelled = all(each.above_chance.value == each.above_chance.value for each in known.values())
    least = {name: _least(each, labelled) for name, each in known.items()}
    name = min(least, key=lambda each: least[each])
    model = known[name]
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
        bounds, limit = Bounds(model.alike, NAN, NAN), ALIKE
        passed = model.alike <= limit
        reason = "Each model tells films apart."
        why = say("The model {name} calls nearly all films {most}", name=name, most=model.most)
    if passed:
        return Check(KNOWLEDGE, what, *bounds, limit, "passed", reason, labelled)
    told = say("{why} (its predictions: {counts}). {fed}", why=why, counts=counts, fed=fed)
    return Check(KNOWLEDGE, what, *bounds, limit, "not judged", told, labelled)


def _least(known: Known, labelled: bool) -> float:
    return known.above_chance.low if labelled else -known.alike
