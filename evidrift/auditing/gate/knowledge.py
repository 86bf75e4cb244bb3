"""Whether the models know anything of these films: two that call all films the same agree about all."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evidrift.auditing.calls import Scores, Truth
from evidrift.auditing.gate.check import KNOWLEDGE, NAN, Check
from evidrift.auditing.gate.films import part
from evidrift.auditing.rates import finding_calibration
from evidrift.base.interval import UNBOUNDED, Bounds
from evidrift.base.sentence import parameter, say
from evidrift.images.store import Images
from evidrift.training.evaluation import calibration_error

# Share of the films in one predicted class, above which a model tells nothing apart.
ALIKE = 0.95


class Known(NamedTuple):
    """What one model makes of the films.

    Attributes:
        predicted: number of films by predicted class; of findings, by each that is called, and of films in
            which none is.
        accuracy: with bounds of 97.5 % each, a 95 % interval over patients; NaN without labels. Of findings,
            the share of the right calls of a film.
        calibration_error: expected, 0 to 1; NaN without labels.
        above_chance: how much more often it is right than if its predictions were dealt out to the films at
            random, with bounds; 0 for a model that calls all films the same. NaN without labels. Of findings,
            that of the one of which it knows least.
        alike: largest share of the films that it calls the same.
        most: what it calls these.
        about: the finding of which it knows least; empty where a film has one class.
    """

    predicted: dict[str, int]
    accuracy: Bounds
    calibration_error: float
    above_chance: Bounds
    alike: float
    most: str
    about: str = ""


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
        return Known(predicted, UNBOUNDED, NAN, UNBOUNDED, alike, most)
    right = called == labels
    at_random = (np.bincount(labels, minlength=len(classes)) / len(labels))[called]
    return Known(
        predicted,
        part("", right, patients).bounds(0.025, 0.025),
        calibration_error(probabilities, labels),
        part("", right - at_random, patients, lowest=-1.0).bounds(),
        alike,
        most,
    )


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
        return Known(predicted, UNBOUNDED, NAN, UNBOUNDED, alike, most)
    right = called == truth.truth
    share = np.where(truth.known, right, np.nan)
    some = truth.known.any(axis=1)
    found = {name: _above_chance(called, truth, at) for at, name in enumerate(truth.labels)}
    told = {name: bounds for name, bounds in found.items() if bounds is not None}
    least = min(told, key=lambda name: told[name].low, default="")
    return Known(
        predicted,
        part("", np.nanmean(share[some], axis=1), films.patient_ids[some]).bounds(0.025, 0.025),
        finding_calibration(scores, truth),
        told[least] if least else Bounds(0.0, -1.0, 1.0),
        alike,
        most,
        least,
    )


def _above_chance(called: np.ndarray, truth: Truth, at: int) -> Bounds | None:
    known = truth.known[:, at]
    has, says = truth.truth[known, at], called[known, at]
    if not has.any() or has.all():
        return None
    at_random = np.where(says, has.mean(), 1 - has.mean())
    return part("", (has == says) - at_random, truth.patients[known], lowest=-1.0).bounds()


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
        about = f" about {model.about}" if model.about else ""
        reason = f"Each model is right more often than by chance{' about every finding' if about else ''}."
        told = "It is not shown that the model {name} is right{about} more often than by chance"
        why = say(told, name=name, about=about)
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
