"""A gate from trainings that one trusts: what they differ by must pass, and so must another of their kind."""

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np

from evidrift.auditing.gate.check import Check
from evidrift.auditing.gate.films import Films
from evidrift.auditing.gate.hangs import LETTER
from evidrift.auditing.gate.judge import judge_limits
from evidrift.auditing.gate.limits import OF_PERFORMANCE, PLACES, Derived, Gate
from evidrift.auditing.gate.performance import Predicted
from evidrift.base.errors import UserError
from evidrift.base.interval import n_for_share
from evidrift.base.yaml import dump_yaml
from evidrift.compare.findings.reliance import Asked

HEADROOM = 0.5
MIN_PATIENTS = n_for_share(0, 0.05) or 0  # 59
# Of the films of the pair that moved most this share stays below what counts as far.
NEAR = 0.95
FARTHEST = 0.9  # of what counts as far
BEYOND = "drift.films_beyond_at_most"
FILMS_BEYOND = 0.1  # that a gate always grants: it is the worst tenth that must stay near
HEADER = """\
# What a retrained model must keep to, derived from trainings that are trusted (see `derived`): each was held
# against each, both ways round. A limit is the largest upper bound that any of the pairs has, and headroom of
# {headroom:.0%} on top, rounded up. With far fewer films than here nothing can pass, since bounds are wider.
# docs/audit.md explains every limit.
"""
LEFT_OUT = "# Not limited, since no film tells, or the trusted trainings leave no limit below 1: {names}.\n"


def derive(
    films: Films,
    method: str,
    reliance: Asked,
    facts: Mapping[str, Any],
    headroom: float = HEADROOM,
    predicted: Predicted | None = None,
) -> Gate:
    """The gate that pairs of trusted trainings would just pass, with headroom.

    Args:
        films: under all pairs of the trainings.
        method: attribution method to judge by.
        reliance: of the same pairs.
        facts: `models` and `layer`, as in `Derived`.
        headroom: what is added to the largest bound, as a share of it.
        predicted: by the same pairs; None where labels are not known. Of subgroups no limits are derived.

    Raises:
        UserError: the method has no maps at the layer, or there are too few films to limit anything by.
    """
    n_patients = len(set(films.patients.tolist()))
    if n_patients < MIN_PATIENTS:
        raise UserError(
            f"{n_patients} patients are too few to derive a gate from: with fewer than {MIN_PATIENTS}, harm "
            "in a twentieth of them goes unseen in more than one of twenty audits."
        )
    if films.moved is None:
        raise UserError(f"{method} has no maps at the layer {facts['layer']}.")
    near = max(np.quantile(row[at], NEAR) for row, at in zip(films.moved, films.counting, strict=True))
    asked = _everything(method, min(_up((1 + headroom) * float(near)), FARTHEST))
    turned = replace(
        films,
        places={name: each[::-1] for name, each in (films.places or {}).items()},
        right=_right_turned(films),
        calls=None if films.calls is None else _calls_turned(*films.calls),
    )
    found: dict[str, list[Check]] = {}
    other = None if predicted is None else predicted.turned()
    for seen, hangs, called in ((films, reliance, predicted), (turned, _turned(reliance), other)):
        for check in judge_limits(asked, seen, method, hangs, called):
            found.setdefault(check.name, []).append(check)
    limits = {name: _up((1 + headroom) * max(each.high for each in checks)) for name, checks in found.items()}
    limits[BEYOND] = max(limits[BEYOND], FILMS_BEYOND)
    # asked to keep to 1, all pass but what no film tells of, such as a class without films: so would no audit
    told = {name for name, checks in found.items() if all(each.verdict == "passed" for each in checks)}
    kept = {name: limit for name, limit in limits.items() if limit < 1 and name in told}
    derived = Derived(
        **facts,
        n_films=len(films.patients),
        n_patients=n_patients,
        headroom=headroom,
        seen={name: round(max(each.value for each in found[name]), 4) for name in kept},
        left_out=[name for name in limits if name not in kept],
    )
    return Gate.model_validate(_nested(asked, kept) | {"derived": derived.model_dump()})


def as_yaml(gate: Gate) -> str:
    """The gate's file."""
    content = gate.model_dump(exclude_none=True)
    header = HEADER.format(headroom=gate.derived.headroom) if gate.derived else ""
    if gate.derived and gate.derived.left_out:
        header += LEFT_OUT.format(names=", ".join(gate.derived.left_out))
    return header + dump_yaml(content)


def _everything(method: str, far: float) -> Gate:
    """All limits that can be derived, as wide as can be."""
    growth = {"growth_at_most": 1.0, "class_growth_at_most": 1.0}
    return Gate.model_validate(
        {
            "method": method,
            "reliance": {name: {"at_most": 1.0, "growth_at_most": 1.0} for name in PLACES}
            | dict.fromkeys(LETTER, 1.0),
            "drift": {
                "mean_at_most": 1.0,
                "class_at_most": 1.0,
                "film_at_most": far,
                "films_beyond_at_most": 1.0,
            },
            **dict.fromkeys(PLACES, growth),
            "unusable_at_most": 1.0,
            "regressed": {"at_most": 1.0, "class_at_most": 1.0},
            **dict.fromkeys(OF_PERFORMANCE, 1.0),
            "wrong_at_most": 1.0,
        }
    )


def _nested(asked: Gate, limits: Mapping[str, float]) -> dict[str, Any]:
    """The gate's content with these limits, and without those that are not among them."""

    def kept(content: Mapping[str, Any], above: str) -> dict[str, Any]:
        found = {}
        for name, value in content.items():
            key = f"{above}{name}"
            if isinstance(value, dict):
                found[name] = kept(value, f"{key}.")
            elif key in limits or name == "method" or (name == "film_at_most" and BEYOND in limits):
                found[name] = limits.get(key, value)
        return {name: value for name, value in found.items() if value != {}}

    return kept(asked.model_dump(exclude_none=True), "")


def _calls_turned(whole: Films, apart: Films) -> tuple[Films, Films]:
    return replace(whole, right=_right_turned(whole)), replace(apart, right=_right_turned(apart))


def _right_turned(films: Films) -> np.ndarray | None:
    return None if films.right is None else films.right[::-1]


def _turned(reliance: Asked) -> Asked:
    """With before and after exchanged."""
    other = {"tl": "ft", "ft": "tl"}
    return Asked(
        *(
            each.assign(checkpoint=each["checkpoint"].astype(str).map(other))
            for each in (reliance.regions, reliance.spikes)
        )
    )


def _up(value: float) -> float:
    """To two decimals, never down; NaN to 1."""
    return ceil(round(100 * value, 6)) / 100 if value == value else 1.0
