"""The gate: may the model after take the place of the one before, by limits written down beforehand?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from evidrift.auditing.gate.check import NAN, NO_LABELS, Check, check
from evidrift.auditing.gate.films import Films, of, parts_by_pair
from evidrift.auditing.gate.hangs import judge_reliance, seen_through
from evidrift.auditing.gate.knowledge import Known, judge_findings, judge_knowledge
from evidrift.auditing.gate.limits import PLACES, Gate, Moved, Place, Regressed
from evidrift.auditing.gate.performance import Predicted, judge_performance
from evidrift.base.sentence import method as as_term
from evidrift.base.sentence import say
from evidrift.compare.findings.reliance import Asked

Judged = Iterator[Check]
UNUSABLE = "share of the films of which a map is blank, flat or not finite"


def judge(
    gate: Gate,
    films: Films,
    method: str,
    known: Mapping[str, Known],
    reliance: Asked | None,
    predicted: Predicted | None = None,
) -> tuple[Check, ...]:
    """Check every limit of the gate, what the predictions hang on first.

    Args:
        gate: the limits.
        films: seen by the method that the gate judges by.
        method: its name.
        known: what each model knows, by its name.
        reliance: measured if the gate asks for it.
        predicted: None where labels are not known.
    """
    checks = [judge_knowledge(known), *judge_findings(known)]
    checks += judge_limits(gate, films, method, reliance, predicted)
    return tuple(seen_through(checks, gate.reliance))


def judge_limits(
    gate: Gate, films: Films, method: str, reliance: Asked | None, predicted: Predicted | None
) -> Judged:
    """Every limit by itself; see `judge`."""
    if gate.reliance is not None and reliance is not None:
        yield from judge_reliance(gate.reliance, reliance.regions, reliance.spikes)
    yield from judge_maps(gate, films, method)
    yield from judge_predictions(gate, films)
    yield from judge_performance(gate, predicted)


def judge_maps(gate: Gate, films: Films, method: str) -> Judged:
    """The limits on how far the evidence moved, and on what of it lies where.

    Args:
        gate: the limits.
        films: seen by that method.
        method: that the gate judges by.
    """
    if not gate.asks_of_maps:
        return
    if films.moved is None or films.unusable is None or films.places is None:
        reason = say("{method} has no maps at this layer.", method=as_term(method))
        yield Check("unusable_at_most", UNUSABLE, NAN, NAN, NAN, gate.unusable_at_most, "not judged", reason)
        return
    if gate.drift is not None:
        yield from _drift(gate.drift, films, films.moved, method)
    for name in PLACES:
        place: Place | None = getattr(gate, name)
        if place is not None:
            before, after = films.places[name]
            yield from _place(name, place, films, before, after, method)
    parts = parts_by_pair(films, films.unusable, films.counting, False)
    yield check("unusable_at_most", UNUSABLE, gate.unusable_at_most, parts)


def _drift(limits: Moved, films: Films, moved: np.ndarray, method: str) -> Judged:
    by = {"method": as_term(method)}
    for key, by_class in (("mean_at_most", False), ("class_at_most", True)):
        limit = getattr(limits, key)
        if limit is not None:
            what = say(
                "mean moved share by {method}{of}", **by, of=", of the worst class" if by_class else ""
            )
            yield check(f"drift.{key}", what, limit, parts_by_pair(films, moved, films.counting, by_class))
    if limits.films_beyond_at_most is not None and limits.film_at_most is not None:
        far = moved > limits.film_at_most
        what = say(f"share of the films that moved by more than {limits.film_at_most:g} by {{method}}", **by)
        parts = parts_by_pair(films, far, films.counting, False)
        yield check("drift.films_beyond_at_most", what, limits.films_beyond_at_most, parts)


def _place(
    name: str, limits: Place, films: Films, before: np.ndarray, after: np.ndarray, method: str
) -> Judged:
    growth = after - before
    for key, by_class, values, lowest in (
        ("at_most", False, after, 0.0),
        ("growth_at_most", False, growth, -1.0),
        ("class_growth_at_most", True, growth, -1.0),
    ):
        limit = getattr(limits, key)
        if limit is None:
            continue
        what = say(
            "{growth}share of {method}'s evidence in {place}{when}{of}",
            growth="" if values is after else "growth of the ",
            method=as_term(method),
            place=PLACES[name],
            when=", after" if values is after else "",
            of=", of the worst class" if by_class else "",
        )
        parts = parts_by_pair(films, values, films.counting, by_class, lowest)
        yield check(f"{name}.{key}", what, limit, parts)


def judge_predictions(gate: Gate, films: Films) -> Judged:
    """The limits on what is right and wrong.

    Args:
        gate: the limits.
        films: all of them count here. Where they can have several findings, each finding must keep to each
            limit, and to one of the worst class in the films that have it and in those that have it not.
    """
    whole, apart = films.calls or (films, films)
    each = films.calls is not None
    regressed = gate.regressed or Regressed.model_construct()
    asked = {
        "regressed.at_most": (regressed.at_most, "share of films right before and wrong after"),
        "regressed.class_at_most": (
            regressed.class_at_most,
            "share of films right before and wrong after, of the worst class",
        ),
        "accuracy_drop_at_most": (gate.accuracy_drop_at_most, "accuracy before less accuracy after"),
        "wrong_at_most": (gate.wrong_at_most, "share of films that a model gets wrong"),
    }
    for name, (limit, what) in asked.items():
        if limit is None:
            continue
        if films.right is None:
            yield Check(name, what, NAN, NAN, NAN, limit, "not judged", NO_LABELS)
            continue
        by_class = name == "regressed.class_at_most"
        seen = apart if by_class else whole
        before, after = films.right if seen.right is None else seen.right
        every = np.ones_like(before)
        if name == "accuracy_drop_at_most":
            drop = before.astype(int) - after
            parts = parts_by_pair(seen, drop, every, each, lowest=-1.0)
        elif name == "wrong_at_most":
            parts = [
                replace(part, name=f"the model {side}{of(part.name)}")
                for side, right in (("before", before), ("after", after))
                for part in parts_by_pair(seen, ~right, every, each)
            ]
        else:
            parts = parts_by_pair(seen, before & ~after, every, each or by_class)
        yield check(name, what, limit, parts)
