"""The gate: whether the model after may take the place of the one before, by limits written down beforehand.

A limit has parts: the pairs of models and, where it is asked by class, the classes. It is passed only if the
upper bound of every part lies below it, and failed if the lower bound of one lies above it; else it is not
judged, since the films are too few to tell. Each upper bound fails in at most 5 % of all samples of patients.
Since every part must be passed, a part that does harm is passed wrongly in at most 5 % (intersection-union),
however many limits and parts there are. Lower bounds are corrected for the number of parts instead. The
models are files, as they are: there is nothing random about them but the films on which they are tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from evidrift.auditing.gate.check import NAN, Check, Verdict
from evidrift.auditing.gate.films import Films, Part, parts_by_pair
from evidrift.auditing.gate.limits import PLACES, Gate, Moved, Place, Regressed
from evidrift.base.interval import ERROR, Bounds
from evidrift.base.sentence import listed, parameter, say
from evidrift.base.sentence import method as as_term

Judged = Iterator[Check]
NO_LABELS = say(
    "Labels are not known, so neither is which films are right. Give them ({images}).",
    images=parameter("images"),
)


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
            yield from _place(name, place, films, *films.places[name], method)
    parts = parts_by_pair(films, films.unusable, films.counting, False)
    yield check("unusable_at_most", UNUSABLE, gate.unusable_at_most, parts)


UNUSABLE = "share of the films of which a map is blank, flat or not finite"


def _drift(limits: Moved, films: Films, moved: np.ndarray, method: str) -> Judged:
    by = {"method": as_term(method)}
    for key, by_class in (("mean_at_most", False), ("class_at_most", True)):
        limit = getattr(limits, key)
        if limit is not None:
            what = say("mean moved share by {method}{of}", **by, of=", of the worst class" if by_class else "")
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
        films: all of them count here.
    """
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
        before, after = films.right
        every = np.ones_like(before)
        if name == "accuracy_drop_at_most":
            drop = before.astype(float) - after
            parts = parts_by_pair(films, drop, every, False, lowest=-1.0)
        elif name == "wrong_at_most":
            sides = zip(("before", "after"), films.right, strict=True)
            parts = [
                replace(each, name=f"the model {side}{_of(each.name)}")
                for side, right in sides
                for each in parts_by_pair(films, ~right, every, False)
            ]
        else:
            parts = parts_by_pair(films, before & ~after, every, name == "regressed.class_at_most")
        yield check(name, what, limit, parts)


def check(name: str, what: str, limit: float, parts: Sequence[Part]) -> Check:
    """One limit that all parts must keep.

    Args:
        name: key in the gate file.
        what: in words.
        limit: at most this.
        parts: at least one; one without patients is not judged.
    """
    found = [each.bounds(low_error=ERROR / len(parts)) for each in parts]
    nobody = [each.name for each in parts if not len(each.values)]
    known = [bounds for bounds in found if bounds.value == bounds.value]
    # of the largest mean of all parts
    whole = Bounds(*(max((each[at] for each in known), default=NAN) for at in range(3)))
    worst = parts[int(np.nanargmax([each.high for each in found]))] if known else None
    size = f"{whole.value:z.2f} [{whole.low:z.2f}, {whole.high:z.2f}]"
    of = say(" The largest is that of {name}.", name=worst.name) if worst and worst.name else ""
    verdict: Verdict
    reason: str
    if known and whole.low > limit:
        verdict, reason = "failed", say("{size} lies above {limit:g}.{of}", size=size, limit=limit, of=of)
    elif nobody:
        verdict, reason = "not judged", say("There is no film that counts{of}.", of=_of(nobody[0]))
    elif whole.high <= limit:
        verdict, reason = "passed", say("{size} lies below {limit:g}.{of}", size=size, limit=limit, of=of)
    else:
        told = say("{size} holds {limit:g}.{of}", size=size, limit=limit, of=of)
        verdict, reason = "not judged", listed([told, _would_tell(parts, found, limit)])
    return Check(name, what, *whole, limit, verdict, reason)


def _of(name: str) -> str:
    return f" of {name}" if name else ""


def _would_tell(parts: Sequence[Part], found: Sequence[Bounds], limit: float) -> str:
    """How many patients it would take, where that can be said."""
    open_parts = [each for each, bounds in zip(parts, found, strict=True) if bounds.high > limit]
    needed = {each.name: each.n_for(limit) for each in open_parts}
    if None in needed.values():
        return "The value itself is not below the limit: more patients like these would not make it pass."
    name = max(needed, key=lambda each: needed[each] or 0)
    return say(
        "About {n} patients{of} like these would tell.", n=_round_up(needed[name] or 0), of=_of(name)
    )


def _round_up(n: int) -> int:
    """To two digits."""
    step = 10 ** max(len(str(n)) - 2, 0)
    return -(-n // step) * step
