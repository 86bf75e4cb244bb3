"""The points of the curve as tables, and the verdicts on them.

Intervals of one figure are at 95 % each, of the recipe: patients and trainings are random. Those beside the
dials hold together for all strengths of a strategy, and for all chances that a strategy's judges have, so
that "some strength of it lies below" errs in at most 5 % of studies.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.json import nested_rows, plain
from evidrift.base.schema import Schema, columns, framed
from evidrift.claims.claim import ALPHA, NAN, OPEN, Rules
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.functions import ratio
from evidrift.tradeoff.below import distance_below
from evidrift.tradeoff.checks import Checked, Checks, checked
from evidrift.tradeoff.curve import Curve, Figures, curve_of
from evidrift.tradeoff.evidence import PRIMARY, Evidence
from evidrift.tradeoff.points import PLAIN, TL, Point
from evidrift.tradeoff.verdicts import Placed, alpha_of, judges_of, placed, standing

DECIMALS = 6
KEYS = ("arch", "strategy", "strength")
BESIDE = ("below_dials", "below_dials_low", "below_dials_high", "ahead", "ahead_low")  # of Placed
# The tables' files in an architecture's folder.
POINTS, JUDGES = "points.parquet", "judges.parquet"


def _with_ends(unit: str, *names: str) -> Schema:
    return columns(np.float64, unit, *(f"{name}{end}" for name in names for end in ("", "_low", "_high")))


POINT_COLUMNS: Schema = (
    columns(str, "", *KEYS, "role")
    | columns(np.int64, "", "n_test", "n_images", "n_patients", "n_seeds")
    | _with_ends("share of the test split, 0 to 1", "accuracy", "flips")
    | _with_ends("difference of shares, -1 to 1", "gain", "to_plain", "flips_to_plain")
    | _with_ends("of plain's gain in accuracy", "kept")
    | _with_ends("moved share, 0 to 1", "drift")
    | columns(np.float64, "moved share, patients random alone", "drift_fixed_low", "drift_fixed_high")
    | columns(np.float64, "moved share, 0 to 1", "drift_all", "floor_tl", "floor_ft", "erratic")
    | _with_ends("moved share", "shared")
    | _with_ends("of plain's", "of_plain", "shared_of_plain")
    | columns(np.float64, "of the scale", "over_scale")
    | columns(np.float64, "moved share", "scale", "chance")
    | _with_ends("moved share, above 0 below the line", "below_mixing", "below_dials")
    | columns(np.float64, "accuracy above any setting of a dial", "ahead", "ahead_low")
    | columns(str, "supported, refuted or not decidable; empty unless a method", "below")
    | columns(str, "a Standing of tradeoff.verdicts; empty unless a method", "standing")
    | _with_ends("difference of areas, -2 to 2", "faithfulness")
    | columns(str, "supported, refuted or not decidable", "faithful", "sane")
    | _with_ends("change of a share, -1 to 1", "border", "corners", "lungs", "finding")
)
JUDGE_COLUMNS: Schema = (
    columns(str, "", *KEYS, "layer", "method")
    | columns(np.int64, "", "n_images", "n_patients")
    | _with_ends("moved share, 0 to 1", "drift")
    | _with_ends("of plain's", "of_plain")
    | _with_ends("moved share, above 0 below the line", "below_dials")
    | columns(np.float64, "accuracy above any setting of a dial", "ahead", "ahead_low")
    | columns(str, "supported, refuted or not decidable; empty unless a method", "below")
)


class Weighed(NamedTuple):
    """What is known of one architecture's curve.

    Attributes:
        curve: its quantities.
        points: a row a point, see POINT_COLUMNS.
        judges: a row a point and method, see JUDGE_COLUMNS.
    """

    curve: Curve
    points: pd.DataFrame
    judges: pd.DataFrame


def weigh(
    evidence: Evidence, checks: Mapping[Point, Checks], rules: Rules, held: Mapping[Point, str]
) -> Weighed:
    """The curve of one architecture, with its verdicts.

    Args:
        evidence: of it.
        checks: the tables of plain fine-tuning's checks and of every point's.
        rules: when a verdict is given.
        held: the layer whose maps or features a point was told to hold; those that hold none are left out.
    """
    curve = curve_of(evidence)
    judges = judges_table(curve, rules, held)
    made = {point: checked(checks[PLAIN], checks[point]) for point in curve.points}
    return Weighed(curve, points_table(curve, judges, made, held), judges)


def judges_table(curve: Curve, rules: Rules, held: Mapping[Point, str]) -> pd.DataFrame:
    """Every point's drift under every method, and where it lies beside the dials there; see `weigh`."""
    rows = []
    for key, point in product(curve.evidence.moved, curve.points):
        drifts = curve.figures[point].drifts.get(key)
        if not drifts:
            continue
        drift, found = drifts[point], Placed()
        if point.role == "method":
            judges = judges_of(point, held.get(point, ""), tuple(curve.evidence.moved))
            strengths = sum(each.strategy == point.strategy for each in curve.points)
            found = placed(curve.gains(), drifts, point, alpha_of(key, strengths, judges), rules)
        rows.append(
            _of(curve, point)
            | {"layer": key[0], "method": key[1]}
            | {"n_images": drift.n_images, "n_patients": drift.n_patients}
            | _ends("drift", drift)
            | _ends("of_plain", ratio(drift, drifts[PLAIN]))
            | _beside_dials(found)
            | {"below": found.verdict if point.role == "method" else ""}
        )
    return framed(rows, JUDGE_COLUMNS)


def points_table(
    curve: Curve, judges: pd.DataFrame, made: Mapping[Point, Checked], held: Mapping[Point, str]
) -> pd.DataFrame:
    """A row a point, plain fine-tuning first after `tl`.

    Args:
        curve: of one architecture.
        judges: of it, from `judges_table`.
        made: what the checks say, by point; those without an entry were not checked.
        held: see `weigh`.
    """
    rows = [_of(curve, TL) | _counts(curve, PLAIN, None) | _ends("accuracy", curve.accuracy_tl)]
    asked = {tuple(key): own for key, own in judges.groupby(["strategy", "strength"], observed=True)}
    for point in curve.points:
        figures = curve.figures[point]
        own = asked.get(tuple(point), judges.iloc[:0])
        verdicts = dict(zip(zip(own["layer"], own["method"], strict=True), own["below"], strict=True))
        checks = made.get(point, Checked())
        found = standing(
            point,
            verdicts,
            judges_of(point, held.get(point, ""), tuple(verdicts)),
            checks.faithful,
            checks.sane,
        )
        first = own[(own["layer"] == PRIMARY[0]) & (own["method"] == PRIMARY[1])]
        rows.append(
            _of(curve, point)
            | _counts(curve, point, figures.drift)
            | dict(_accuracy(curve, point))
            | dict(_drift(curve, figures))
            | _below_mixing(curve, point)
            | {name: first[name].iloc[0] for name in BESIDE if len(first)}
            | {"below": verdicts.get(PRIMARY, OPEN if point.role == "method" else ""), "standing": found}
            | _checks(checks)
            | {
                name: value
                for place, each in figures.places.items()
                for name, value in _ends(place, each).items()
            }
        )
    return framed([_filled(row) for row in rows], POINT_COLUMNS)


def summarise(weighed: Weighed) -> dict[str, Any]:
    """The metrics of one architecture: its cohort, and every point's main figures."""
    curve, points, judges = weighed
    shown = ["accuracy", "kept", "drift", "shared", "of_plain", "shared_of_plain", "flips", "below_dials"]
    words = ["below", "standing", "faithful", "sane"]
    names = [f"{name}{end}" for name in shown for end in ("", "_low", "_high")]
    named = {"point": [str(Point(*key)) for key in zip(points["strategy"], points["strength"], strict=True)]}
    found = nested_rows(points.assign(**named), ("point",), names + words)
    return plain(
        {
            "images": len(curve.evidence.image_ids),
            "right_in_dials": int(curve.figures[PLAIN].cohort.sum()),
            "seeds": len(curve.evidence.seeds),
            "judges": sorted(
                {" at ".join(key) for key in zip(judges["method"], judges["layer"], strict=True)}
            ),
            "points": found,
        },
        DECIMALS,
    )


def _of(curve: Curve, point: Point) -> dict[str, Any]:
    own = {"strategy": point.strategy, "strength": point.strength, "role": point.role}
    return {"arch": curve.architecture} | own


def _counts(curve: Curve, point: Point, drift: Quantity | None) -> dict[str, int]:
    return {
        "n_test": len(curve.evidence.image_ids),
        "n_images": drift.n_images if drift else int(curve.figures[point].cohort.sum()),
        "n_patients": drift.n_patients if drift else 0,
        "n_seeds": len(curve.evidence.seeds),
    }


def _accuracy(curve: Curve, point: Point) -> Iterator[tuple[str, Any]]:
    figures, plain_ones = curve.figures[point], curve.figures[PLAIN]
    yield from _ends("accuracy", figures.accuracy).items()
    yield from _ends("gain", figures.gain).items()
    yield from _ends("flips", figures.flips).items()
    if point == PLAIN:
        return
    yield from _ends("to_plain", figures.gain - plain_ones.gain).items()
    yield from _ends("flips_to_plain", figures.flips - plain_ones.flips).items()
    # a share of a gain that is not shown may be anything
    if _ends("gain", plain_ones.gain)["gain_low"] > 0:
        yield from _ends("kept", curve.gain_kept(point)).items()


def _drift(curve: Curve, figures: Figures) -> Iterator[tuple[str, Any]]:
    own, plain_ones = figures.moved[PRIMARY], figures.plain[PRIMARY]
    yield from _ends("drift", own.drift).items()
    fixed = _ends("drift_fixed", own.drift, "these checkpoints")
    yield from ((name, fixed[name]) for name in ("drift_fixed_low", "drift_fixed_high"))
    yield from _ends("shared", own.shared).items()
    if own.drift and plain_ones.drift:
        yield from _ends("of_plain", ratio(own.drift, plain_ones.drift)).items()
    # as of a gain: a share of what is not shown may be anything
    if own.shared and plain_ones.shared and _ends("plain", plain_ones.shared)["plain_low"] > 0:
        yield from _ends("shared_of_plain", ratio(own.shared, plain_ones.shared)).items()
    alone = {
        "drift_all": figures.drift_all,
        "floor_tl": own.floor_tl,
        "floor_ft": own.floor_ft,
        "erratic": own.erratic,
        "over_scale": own.over_scale,
        "scale": plain_ones.scale,
    }
    yield from ((name, each.value if each else NAN) for name, each in alone.items())
    yield "chance", 1 - curve.evidence.area


def _below_mixing(curve: Curve, point: Point) -> dict[str, float]:
    """How far below the line from `tl` to plain fine-tuning, which sending images at random reaches."""
    drifts = curve.figures[point].drifts.get(PRIMARY)
    if not drifts or point == PLAIN:
        return {}
    found = distance_below(curve.gains(), drifts, point, (TL, PLAIN))
    low, high = found.interval(ALPHA) if found else (NAN, NAN)
    return {"below_mixing": found.value if found else NAN, "below_mixing_low": low, "below_mixing_high": high}


def _beside_dials(found: Placed) -> dict[str, float]:
    return dict(zip(BESIDE, found[:5], strict=True))


def _ends(name: str, part: Quantity | None, estimand: Estimand = "recipe") -> dict[str, float]:
    """A value with its 95 % interval; NaN where the noise is not known."""
    low = high = NAN
    if part is not None:
        found = estimate([part], estimand)
        low, high = found.interval() if found.known else (NAN, NAN)
    return {name: part.value if part is not None else NAN, f"{name}_low": low, f"{name}_high": high}


def _checks(made: Checked) -> dict[str, Any]:
    return {
        "faithfulness": made.change,
        "faithfulness_low": made.low,
        "faithfulness_high": made.high,
        "faithful": made.faithful,
        "sane": made.sane,
    }


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """With what is not known of the point."""
    return {name: row.get(name, "" if column.dtype is str else NAN) for name, column in POINT_COLUMNS.items()}
