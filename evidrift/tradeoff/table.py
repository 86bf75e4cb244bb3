"""The points of the curve as tables, and the verdicts on them.

Intervals of one figure are at 95 % each, of the recipe: patients and trainings are random. Those of the
distance below the dials' curve hold together for all strengths of a strategy, so that "some strength of it
lies below" errs in at most 5 % of studies.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.json import nested_rows, plain
from evidrift.base.schema import Schema, columns, framed
from evidrift.claims.claim import ALPHA, NAN, Rules, Verdict
from evidrift.claims.estimate import Estimand, Quantity, estimate
from evidrift.claims.functions import ratio
from evidrift.tradeoff.below import Distance, distance_below, verdict_on
from evidrift.tradeoff.checks import Checked, Checks, checked
from evidrift.tradeoff.curve import Curve, Figures, curve_of
from evidrift.tradeoff.evidence import LAYER, PRIMARY, Evidence, Key
from evidrift.tradeoff.points import PLAIN, TL, Point

# Judges that no strategy optimises.
UNOPTIMISED: tuple[Key, ...] = (
    (LAYER, "occlusion"),
    (LAYER, "integrated_gradients"),
    ("last", "layer_cam"),
)
Standing = Literal["below", "cosmetic", "not below", "not decidable", ""]
DECIMALS = 6
KEYS = ("arch", "strategy", "strength")
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
    | columns(str, "supported, refuted or not decidable; empty unless a method", "below")
    | columns(str, "below, cosmetic, not below or not decidable; empty unless a method", "standing")
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


def weigh(evidence: Evidence, checks: Mapping[Point, Checks], rules: Rules) -> Weighed:
    """The curve of one architecture, with its verdicts.

    Args:
        evidence: of it.
        checks: the tables of plain fine-tuning's checks and of every point's.
        rules: when a verdict is given.
    """
    curve = curve_of(evidence)
    judges = judges_table(curve, rules)
    made = {point: checked(checks[PLAIN], checks[point]) for point in curve.points}
    return Weighed(curve, points_table(curve, judges, made, rules), judges)


def judges_table(curve: Curve, rules: Rules) -> pd.DataFrame:
    """Every point's drift under every method, and how far below the dials' curve it lies there."""
    rows = []
    for key in curve.keys:
        drifts = curve.drifts(key)
        for point in curve.points if drifts else ():
            drift = drifts[point]
            distance, verdict = _below_dials(curve, drifts, point, rules)
            rows.append(
                _of(curve, point)
                | {"layer": key[0], "method": key[1]}
                | {"n_images": drift.n_images, "n_patients": drift.n_patients}
                | _ends("drift", drift)
                | _ends("of_plain", ratio(drift, drifts[PLAIN]))
                | distance
                | {"below": verdict}
            )
    return framed(rows, JUDGE_COLUMNS)


def points_table(
    curve: Curve, judges: pd.DataFrame, made: Mapping[Point, Checked], rules: Rules
) -> pd.DataFrame:
    """A row a point, plain fine-tuning first after `tl`.

    Args:
        curve: of one architecture.
        judges: of it, from `judges_table`.
        made: what the checks say, by point; those without an entry were not checked.
        rules: when a verdict is given.
    """
    drifts = curve.drifts()
    rows = [_of(curve, TL) | _counts(curve, None) | _ends("accuracy", curve.accuracy_tl)]
    for point in curve.points:
        figures = curve.figures[point]
        distance, verdict = _below_dials(curve, drifts, point, rules)
        rows.append(
            _of(curve, point)
            | _counts(curve, figures.drift)
            | dict(_accuracy(curve, point))
            | dict(_drift(curve, figures))
            | _below_mixing(curve, drifts, point)
            | distance
            | {"below": verdict, "standing": standing(point, judges)}
            | _checks(made.get(point, Checked()))
            | {
                name: value
                for place, each in figures.places.items()
                for name, value in _ends(place, each).items()
            }
        )
    return framed([_filled(row) for row in rows], POINT_COLUMNS)


def standing(point: Point, judges: pd.DataFrame) -> Standing:
    """What a method has gained against the dials, by rule.

    `cosmetic`: shown to lie below their curve under LayerCAM at the layer that conclusions rest on, but under
    none of the judges that were not optimised. `below`: under one of them, too.
    """
    if point.role != "method":
        return ""
    own = judges[(judges["strategy"] == point.strategy) & (judges["strength"] == point.strength)]
    verdicts = dict(zip(zip(own["layer"], own["method"], strict=True), own["below"], strict=True))
    first = verdicts.get(PRIMARY, "not decidable")
    if first != "supported":
        return "not below" if first == "refuted" else "not decidable"
    others = [verdicts[key] for key in UNOPTIMISED if key in verdicts]
    if not others:
        return "not decidable"
    return "below" if "supported" in others else "cosmetic"


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
            "images": curve.n_test,
            "right_in_all": int(curve.cohort.sum()),
            "seeds": curve.n_seeds,
            "judges": sorted(
                {" at ".join(key) for key in zip(judges["method"], judges["layer"], strict=True)}
            ),
            "points": found,
        },
        DECIMALS,
    )


def _of(curve: Curve, point: Point) -> dict[str, Any]:
    role = {"role": point.role}
    return {"arch": curve.architecture, "strategy": point.strategy, "strength": point.strength} | role


def _counts(curve: Curve, drift: Quantity | None) -> dict[str, int]:
    return {
        "n_test": curve.n_test,
        "n_images": drift.n_images if drift else int(curve.cohort.sum()),
        "n_patients": drift.n_patients if drift else 0,
        "n_seeds": curve.n_seeds,
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
    own, plain_ones = figures.moved[PRIMARY], curve.figures[PLAIN].moved[PRIMARY]
    yield from _ends("drift", own.drift).items()
    fixed = _ends("drift_fixed", own.drift, "these checkpoints")
    yield from ((name, fixed[name]) for name in ("drift_fixed_low", "drift_fixed_high"))
    yield from _ends("shared", own.shared).items()
    if own.drift and plain_ones.drift:
        yield from _ends("of_plain", ratio(own.drift, plain_ones.drift)).items()
    if own.shared and plain_ones.shared:
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
    yield "chance", 1 - curve.area


def _below_mixing(curve: Curve, drifts: Mapping[Point, Quantity], point: Point) -> dict[str, float]:
    """How far below the line from `tl` to plain fine-tuning, which sending images at random reaches."""
    found = None
    if drifts and point != PLAIN:
        found = distance_below(curve.gains(), drifts, point, (TL, PLAIN))
    return _distance("below_mixing", found, ALPHA)


def _below_dials(
    curve: Curve, drifts: Mapping[Point, Quantity], point: Point, rules: Rules
) -> tuple[dict[str, float], Verdict | Literal[""]]:
    if not drifts or point.role != "method":
        return _distance("below_dials", None, ALPHA), ""
    rivals = [TL, *(each for each in curve.points if each.role in ("plain", "dial"))]
    together = sum(each.role == "method" and each.strategy == point.strategy for each in curve.points)
    found = _distance("below_dials", distance_below(curve.gains(), drifts, point, rivals), ALPHA / together)
    low, high = found["below_dials_low"], found["below_dials_high"]
    return found, verdict_on(low, high, drifts[point].n_patients, rules)


def _distance(name: str, distance: Distance | None, alpha: float) -> dict[str, float]:
    low, high = distance.interval(alpha) if distance else (NAN, NAN)
    return {name: distance.value if distance else NAN, f"{name}_low": low, f"{name}_high": high}


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
