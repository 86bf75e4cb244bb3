"""What the predictions hang on, as a gate asks for it; and what a limit on the maps is worth without that."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evidrift.auditing.gate.check import Check, check
from evidrift.auditing.gate.films import Part, part
from evidrift.auditing.gate.limits import PLACES, Region, Reliance
from evidrift.base.sentence import listed, say

FILLS = {"surroundings": "what surrounds it", "patient": "another patient's"}
REPLACED = {"corners": "the region of the corners", "border": "the border"}
LETTER = {
    "spike_flips_at_most": "share of the films whose prediction a letter of lead in a corner changes, after",
    "spike_new_flips_at_most": "share of the films whose prediction a letter of lead in a corner turns to a "
    "class after to which it did not turn it before",
}


def judge_reliance(limits: Reliance, regions: pd.DataFrame, spikes: pd.DataFrame) -> Iterator[Check]:
    """The limits on what the predictions hang on. All films count, and nothing is taken off.

    Args:
        limits: of the gate.
        regions: a row per film, model, region and fill, see `reliance.tables`.
        spikes: a row per film, model and corner, likewise.
    """
    for place in PLACES:
        asked: Region | None = getattr(limits, place)
        for key in ("at_most", "growth_at_most"):
            limit = getattr(asked, key, None)
            if limit is None:
                continue
            growth = key == "growth_at_most"
            what = say(
                "{growth}share of the films whose prediction changes where {where} is replaced{after}",
                growth="growth of the " if growth else "",
                where=REPLACED[place],
                after="" if growth else ", after",
            )
            parts = [each for rows in _apart(regions) for each in _by_fill(place, rows, growth)]
            yield check(f"reliance.{place}.{key}", what, limit, parts)
    for key, told in LETTER.items():
        limit = getattr(limits, key)
        if limit is not None:
            new = key == "spike_new_flips_at_most"
            parts = [each for rows in _apart(spikes) for each in _by_corner(rows, new)]
            nothing = [part("films without a marker", np.zeros(0, dtype=bool), np.zeros(0, dtype=str))]
            yield check(f"reliance.{key}", told, limit, parts or nothing)


def _apart(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Of findings, the rows of each: every finding's calls must keep to a limit by themselves."""
    return [rows for _, rows in table.groupby("finding")] if "finding" in table else [table]


def _of_finding(rows: pd.DataFrame) -> str:
    return f" ({rows['finding'].iloc[0]})" if "finding" in rows and len(rows) else ""


def _by_fill(region: str, regions: pd.DataFrame, growth: bool) -> list[Part]:
    pairs, parts = sorted(set(regions["seed"])), []
    for pair in pairs:
        for fill, done in FILLS.items():
            at = (regions["seed"] == pair) & (regions["region"] == region) & (regions["fill"] == fill)
            before, after = (
                regions[at & (regions["checkpoint"] == side)].set_index("image_id") for side in ("tl", "ft")
            )
            flipped = after["flipped"].astype(bool)
            if growth:
                flipped = flipped.astype(float) - before["flipped"].astype(float).reindex(after.index)
            name = f"{done}{_of_pair(pair, pairs)}{_of_finding(regions)}"
            parts.append(_part(name, after, flipped, -1.0 if growth else 0.0))
    return parts


def _by_corner(spikes: pd.DataFrame, new: bool) -> list[Part]:
    """What a letter does, corner by corner; `new` is what it does to a film after and did not before."""
    pairs, parts = sorted(set(spikes["seed"])), []
    for (pair, corner), rows in spikes.groupby(["seed", spikes["corner"].astype(str)]):
        before, after = (rows[rows["checkpoint"] == side].set_index("image_id") for side in ("tl", "ft"))
        flipped = after["flipped"].astype(bool)
        if new:
            then = before.reindex(after.index)
            same = then["class_spiked"].astype(str) == after["class_spiked"].astype(str)
            flipped &= ~(then["flipped"].astype(bool) & same)
        name = f"the {str(corner).replace('_', ' ')} corner{_of_pair(pair, pairs)}{_of_finding(spikes)}"
        parts.append(_part(name, after, flipped))
    return parts


def _of_pair(pair: int, pairs: list[int]) -> str:
    return f" of pair {pair}" if len(pairs) > 1 else ""


def _part(name: str, rows: pd.DataFrame, values: pd.Series, lowest: float = 0.0) -> Part:
    return part(name, values.to_numpy(), rows["patient_id"].astype(str).to_numpy(), lowest)


def seen_through(checks: list[Check], limits: Reliance | None) -> list[Check]:
    """A limit on what lies at a place is passed only if the predictions are shown not to hang on that place.

    Maps need not show a marker that decides: where the layer's cells are large, they do not. So maps that lie
    elsewhere say something only of a model whose predictions stay when the place is replaced, and when a
    marker is painted there.

    Args:
        checks: all of a gate's.
        limits: of the gate.
    """
    hangs = [each for each in checks if each.name.startswith("reliance.")]
    shown = bool(hangs) and all(each.verdict == "passed" for each in hangs)
    return [_if_seen(each, limits, shown) for each in checks]


def _if_seen(each: Check, limits: Reliance | None, shown: bool) -> Check:
    place = each.name.partition(".")[0]
    if place not in PLACES or each.verdict != "passed":
        return each
    if limits is None or getattr(limits, place) is None or limits.spike_flips_at_most is None:
        why = say(
            "But maps need not show what a prediction hangs on. Let the gate ask for that as well: "
            "reliance with limits on {place} and with spike_flips_at_most.",
            place=place,
        )
    elif not shown:
        why = say("But it is not shown that no prediction hangs on a marker there: see reliance.")
    else:
        return each
    return replace(each, verdict="not judged", reason=listed([each.reason, why]))
