"""Whether a model that seems to be fed wrongly would do better on another range of input.

A classifier that gets grey levels where it was trained on 0 to 1 raises no error, but calls all films alike.
So where a model knows little of the films, the other ranges are tried on a few dozen of them, forward only.
What comes out is a hint: the audit's result stays that of the range that was given.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import entr
from scipy.stats import binomtest

from evidrift.attribution.network import Network
from evidrift.auditing.films.calls import Scores, Truth, scores_of, truth_of
from evidrift.auditing.gate.knowledge import ALIKE
from evidrift.auditing.models import Given, Models
from evidrift.auditing.runs import Tried
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile
from evidrift.foreign.front import front_of
from evidrift.foreign.input_range import prepare_for, read_range
from evidrift.foreign.reading.description import WEIGHTS

TRIED = ("none", "unit", "tf", "torch", "caffe", "samplewise", "minmax")
N = 48  # films
GAIN = 0.2  # in what a model gets right
AS_GOOD = 0.02  # what ranges may differ by that fit alike
ERROR = 0.01  # of a sign test over films
VARIED = 0.8  # share of the films called alike, at which a model tells some apart


class Fit(NamedTuple):
    """How well a model does on some films under one range.

    Attributes:
        name: of the range.
        good: between ranges; larger is better.
        sure: decides between those that are as good.
        scores: what the model says.
    """

    name: str
    good: float
    sure: float
    scores: Scores


class Hint(NamedTuple):
    """A range that fits a model far better.

    Attributes:
        here: as it is fed.
        best: as it would be.
        alike: ranges that fit much the same.
        truth: of the films on which they were tried.
    """

    here: Fit
    best: Fit
    alike: list[str]
    truth: Truth | None


def range_notes(models: Models, tried: Tried, batch_size: int) -> list[str]:
    """A sentence for each model that another range of input fits far better.

    Args:
        models: of the audit.
        tried: what they say of its films.
        batch_size: images per pass.
    """
    truth = truth_of(tried.audited)
    hints = {}
    for given, file in models.files.items():
        scores = tried.runs[given].scores
        if not file.path.name.endswith(WEIGHTS) and _seems_wrong(scores, truth):
            at = _some(truth, len(scores.called))
            seen = _at(truth, at)
            here = _fit(file.preprocessing, Scores(scores.probability[at], scores.called[at]), seen)
            others = list(_others(file, tried.audited.images.pixels[at], seen, batch_size))
            best = max(others, key=lambda fit: fit[1:3], default=here)
            if _is_far_better(best, here, seen):
                alike = [fit.name for fit in others if fit is not best and fit.good >= best.good - AS_GOOD]
                hints[given] = Hint(here, best, alike, seen)
    return [_note(models, given, hints) for given in hints]


def _seems_wrong(scores: Scores, truth: Truth | None) -> bool:
    """Whether a model tells the classes apart less than halfway from chance; without labels: calls all alike.

    One that tells them apart under each other's names is fed rightly: its classes stand in another order.
    """
    if truth is None:
        return _alike(scores) > ALIKE
    if not truth.exclusive:
        return _right(scores, truth) < _halfway(truth)
    having = truth.truth[:, truth.truth.any(axis=0)].astype(float)
    called = having.T @ scores.called / having.sum(axis=0)[:, np.newaxis]
    return bool(called[linear_sum_assignment(-called)].mean() < _halfway(truth))


def _halfway(truth: Truth) -> float:
    """Between what chance gets right and all."""
    return (1 + (1 / len(truth.labels) if truth.exclusive else 0.5)) / 2


def _some(truth: Truth | None, n: int) -> np.ndarray:
    """Positions of about N films, evenly spaced, as many of each class or finding as there are."""
    if truth is None:
        groups = [np.arange(n)]
    else:
        having = [np.flatnonzero(column) for column in truth.truth.T]
        groups = [group for group in (*having, np.flatnonzero(~truth.truth.any(axis=1))) if len(group)]
    each = max(N // len(groups), 1)
    spaced = [
        group[np.linspace(0, len(group) - 1, min(each, len(group))).round().astype(int)] for group in groups
    ]
    return np.unique(np.concatenate(spaced))


def _others(file: ModelFile, pixels: np.ndarray, truth: Truth | None, batch_size: int) -> Iterator[Fit]:
    network = Network(file.bare, (), lambda films: films, "raw")
    for name in TRIED:
        read = read_range(name)
        if name == file.preprocessing or (file.channels == 1 and read.is_of_colours):
            continue
        films = prepare_for(name, file.channels)(pixels)
        front = front_of(file.shape, read.of_films)
        inputs = films if front is None else np.asarray(front(films))
        parts = range(0, len(inputs), batch_size)
        raw = np.concatenate([network.logits(inputs[first : first + batch_size]) for first in parts])
        if np.isfinite(raw).all():
            yield _fit(name, scores_of(file, raw), truth)


def _fit(name: str, scores: Scores, truth: Truth | None) -> Fit:
    if truth is None:
        return Fit(name, _told(scores), 0.0, scores)
    said = np.where(truth.truth, scores.probability, 1 - scores.probability)
    return Fit(name, _right(scores, truth), float(said[truth.known].mean()), scores)


def _right(scores: Scores, truth: Truth) -> float:
    """Mean over classes of the share of their films called so; of findings with that of those without."""
    shares = []
    for label in range(len(truth.labels)):
        known = truth.known[:, label]
        has, called = truth.truth[known, label], scores.called[known, label]
        sides = [has] if truth.exclusive else [has, ~has]
        if all(side.any() for side in sides):
            shares.append(np.mean([(called == has)[side].mean() for side in sides]))
    return float(np.mean(shares)) if shares else float("nan")


def _alike(scores: Scores) -> float:
    """The largest share of the films of which the same is called."""
    return float(np.unique(scores.called, axis=0, return_counts=True)[1].max() / len(scores.called))


def _told(scores: Scores) -> float:
    """What a model's answers tell of a film, nats: entropy of its mean answer less its mean entropy.

    Near 0 for one that says the same of all films, or nothing for certain of any.
    """
    p = np.stack([scores.probability, 1 - scores.probability])
    return float((entr(p.mean(axis=1)) - entr(p).mean(axis=1)).sum())


def _is_far_better(best: Fit, here: Fit, truth: Truth | None) -> bool:
    if truth is None:
        return best.good > here.good and _alike(here.scores) > ALIKE and _alike(best.scores) <= VARIED
    if best.good - here.good < GAIN or best.good < _halfway(truth):
        return False
    change = _n_right(best, truth) - _n_right(here, truth)
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    return bool(binomtest(better, better + worse, alternative="greater").pvalue < ERROR)


def _n_right(fit: Fit, truth: Truth) -> np.ndarray:
    """Of each film, 1 where its class is called; of findings, how many are called or left rightly, (n,)."""
    right = fit.scores.called == truth.truth
    return right.all(axis=1).astype(int) if truth.exclusive else (right & truth.known).sum(axis=1)


def _note(models: Models, given: Given, hints: Mapping[Given, Hint]) -> str:
    here, best, alike, truth = hints[given]
    told = (
        "{file} seems to be fed on another range than it was trained on ({here}): {now}; with {best} {then}"
        "{alike}. If that is its range, say so: {preprocessing} {asked}. This result is of {here}."
    )
    return say(
        told,
        file=models.files[given].path.name,
        here=here.name,
        now=_said(here, truth),
        best=best.name,
        then=_said(best, truth),
        alike=f" (much the same with {', '.join(alike)})" if alike else "",
        preprocessing=parameter("preprocessing"),
        asked=_asked(models, given, hints),
    )


def _asked(models: Models, here: Given, hints: Mapping[Given, Hint]) -> str:
    """What to give: this model's side the range that fits it, others what fits them, or what was given."""
    ranges = {part.split()[0]: given.preprocessing for part, given in models.parts.items()}
    hinted = {part: given for part, given in models.parts.items() if given in hints}
    for part, given in sorted(hinted.items(), key=lambda each: each[1] == here):
        ranges[part.split()[0]] = hints[given].best.name
    if len(set(ranges.values())) == 1:
        return next(iter(ranges.values()))
    return " ".join(f"{side}:{name}" for side, name in ranges.items())


def _said(fit: Fit, truth: Truth | None) -> str:
    n = len(fit.scores.called)
    if truth is None:
        return f"of {n} films {round(_alike(fit.scores) * n)} are called the same"
    if truth.exclusive:
        return f"{int(_n_right(fit, truth).sum())} of {n} films are called rightly"
    return f"the mean of sensitivity and specificity is {fit.good:.2f} on {n} films"


def _at(truth: Truth | None, at: np.ndarray) -> Truth | None:
    if truth is None:
        return None
    return Truth(
        truth.ids[at], truth.patients[at], truth.labels, truth.truth[at], truth.known[at], truth.exclusive
    )
