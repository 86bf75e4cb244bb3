"""Does a point lie below the dials, and what has a method gained: the rules (docs/strategies.md)."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from evidrift.claims.claim import ALPHA, NAN, OPEN, Rules, Verdict
from evidrift.claims.estimate import Quantity
from evidrift.tradeoff.ahead import ahead_of
from evidrift.tradeoff.below import distance_below
from evidrift.tradeoff.curve import rivals_of
from evidrift.tradeoff.evidence import LAYER, PRIMARY, Key
from evidrift.tradeoff.points import TL, Point

# Judges that no strategy optimises, but LayerCAM at a layer that it was told to hold.
LAST: Key = ("last", "layer_cam")
UNOPTIMISED: tuple[Key, ...] = ((LAYER, "occlusion"), (LAYER, "integrated_gradients"), LAST)
Standing = Literal["below", "unconfirmed", "cosmetic", "doubtful", "not below", "not decidable", ""]


class Placed(NamedTuple):
    """Where a point lies beside the dials.

    Attributes:
        below, low, high: how far below the mixtures of the dials that were tried, a moved share, with its
            interval.
        ahead, ahead_low: by how much more accurate at its drift than any other setting of a dial can be,
            with the interval's lower end.
        verdict: whether it lies below the dials.
    """

    below: float = NAN
    low: float = NAN
    high: float = NAN
    ahead: float = NAN
    ahead_low: float = NAN
    verdict: Verdict = OPEN


def placed(
    accuracy: Mapping[Point, Quantity],
    drift: Mapping[Point, Quantity],
    point: Point,
    alpha: float,
    rules: Rules,
) -> Placed:
    """Whether a point lies below the dials.

    `supported`: below all mixtures of those that were tried, and ahead of every setting that was not.
    `refuted`: a distance below the mixtures of the margin's size is excluded, or of half of their drift at
    the point's accuracy where that is less: nobody can lie lower than 0.

    Args:
        accuracy: by point, or accuracy less that of one and the same checkpoint.
        drift: by point: `tl`, plain fine-tuning, the dials and the point.
        point: to be judged.
        alpha: error of each interval.
        rules: when a verdict is given.
    """
    distance = distance_below(accuracy, drift, point, [TL, *rivals_of(drift)])
    if distance is None:
        return Placed()
    ahead = ahead_of(accuracy, drift, point)
    low, high = distance.interval(alpha)
    ahead_low = ahead.low(alpha)
    margin = min(rules.margin, (distance.value + drift[point].value) / 2)
    verdict: Verdict = OPEN
    if drift[point].n_patients >= rules.min_patients:
        if low > 0 and ahead_low > 0:
            verdict = "supported"
        elif high < margin:
            verdict = "refuted"
    return Placed(distance.value, low, high, ahead.value, ahead_low, verdict)


def judges_of(point: Point, held: str, asked: tuple[Key, ...]) -> tuple[Key, ...]:
    """Judges from outside that were asked of a point: methods that it was not told to hold.

    Args:
        point: of the sweep.
        held: layer whose maps or features it was told to hold; empty where it holds none.
        asked: layers and methods of the sweep's maps.
    """
    return tuple(key for key in UNOPTIMISED if key in asked and not (key == LAST and held == LAST[0]))


def standing(
    point: Point, verdicts: Mapping[Key, Verdict], judges: tuple[Key, ...], faithful: Verdict, sane: Verdict
) -> Standing:
    """What a method has gained against the dials.

    `below`: shown to lie below them under LayerCAM at the layer that conclusions rest on and, of a strategy
    that optimises a map, under one of the judges from outside, too. `cosmetic`: such a strategy, of which
    every judge that was asked refutes it. `unconfirmed`: such a strategy, of which the judges decide neither,
    or none was asked. `doubtful`: below, but the maps are shown to be unfaithful or insensitive.

    Args:
        point: of the sweep.
        verdicts: whether it lies below the dials, by layer and method.
        judges: from `judges_of`.
        faithful: whether the checks find it as faithful as plain fine-tuning.
        sane: whether maps of random weights lose what its map shows.
    """
    if point.role != "method":
        return ""
    first = verdicts.get(PRIMARY, OPEN)
    if first != "supported":
        return "not below" if first == "refuted" else "not decidable"
    if point.holds_maps:
        found = {verdicts.get(key, OPEN) for key in judges}
        if found == {"refuted"}:
            return "cosmetic"
        if "supported" not in found:
            return "unconfirmed"
    return "doubtful" if "refuted" in (faithful, sane) else "below"


def alpha_of(key: Key, points: int, judges: tuple[Key, ...]) -> float:
    """Error of an interval: all strengths of a strategy hold together, and all chances of its judges."""
    return ALPHA / points / (len(judges) if key in judges else 1)
