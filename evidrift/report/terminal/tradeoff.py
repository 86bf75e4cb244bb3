"""The curve of a sweep over strategies as tables for the terminal."""

import pandas as pd
from rich.console import Console

from evidrift.base.shown import shown
from evidrift.report.terminal.plain import plain_table
from evidrift.report.words import view
from evidrift.report.words.names import METHOD_NAMES
from evidrift.tradeoff.points import Point
from evidrift.tradeoff.verdicts import UNOPTIMISED

SIGNS = {"supported": "yes", "refuted": "no", "not decidable": "?", "": "-"}


def print_tradeoff(points: pd.DataFrame, judges: pd.DataFrame, to: Console) -> None:
    """Print what every point keeps and moves, and what the judges say of the methods.

    Args:
        points: of one architecture, see `tradeoff.table.POINT_COLUMNS`.
        judges: of it, see `tradeoff.table.JUDGE_COLUMNS`.
        to: where to.
    """
    of_points = points[points["role"] != "origin"].iloc[0]
    to.print(
        f"{shown(of_points['arch'])}: {of_points['n_test']} test images, {of_points['n_seeds']} seeds; "
        f"drift of {of_points['n_images']} images of {of_points['n_patients']} patients, right in tl, "
        "plain and the dials; a method's of those that it gets right, too.",
        style="bold",
    )
    to.print(plain_table(points_view(points), once=False))
    if (points["role"] == "method").any():
        to.print(plain_table(methods_view(points, judges), once=False))


def points_view(points: pd.DataFrame) -> view.TableView:
    """Accuracy, drift and flips of every point."""
    return view.table(
        "What each point keeps and moves, with 95 % intervals of the recipe",
        _named(points),
        [
            view.words("point", "point"),
            view.numbers("accuracy", "accuracy", digits=3),
            view.intervals("gain kept", "kept", "kept_low", "kept_high"),
            view.intervals("drift", "drift", "drift_low", "drift_high"),
            view.intervals("of plain's", "of_plain", "of_plain_low", "of_plain_high"),
            view.numbers("shared", "shared_of_plain"),
            view.intervals("flips", "flips", "flips_low", "flips_high"),
        ],
        "Drift: moved share of LayerCAM at penultimate; beside it, and for what is shared, of plain's. "
        "Gain kept: of plain's in accuracy, if that is shown. Flips: right in tl and wrong after.",
    )


def methods_view(points: pd.DataFrame, judges: pd.DataFrame) -> view.TableView:
    """How far each method lies below the dials' curve, and who agrees."""
    verdicts = judges.set_index(["strategy", "strength", "layer", "method"])["below"].to_dict()
    own = _named(points[points["role"] == "method"])
    for layer, method in UNOPTIMISED:
        own[f"{layer} {method}"] = [
            SIGNS[verdicts.get((strategy, strength, layer, method), "")]
            for strategy, strength in zip(own["strategy"], own["strength"], strict=True)
        ]
    for name in ("faithful", "sane"):
        own[name] = own[name].map(SIGNS)
    return view.table(
        "Below the dials' curve? (drift at equal accuracy; intervals hold together for a strategy)",
        own,
        [
            view.words("point", "point"),
            view.intervals("below by", "below_dials", "below_dials_low", "below_dials_high"),
            view.numbers("ahead", "ahead_low", digits=3),
            *(view.words(_judge(layer, method), f"{layer} {method}") for layer, method in UNOPTIMISED),
            view.words("faithful", "faithful"),
            view.words("sane", "sane"),
            view.verdicts("verdict", "standing"),
        ],
        "Below by: than mixtures of the dials that were tried. Ahead: by how much more accurate than any "
        "setting of a dial, at least. Judges that were not optimised: yes, no, ? not decidable, - not asked. "
        "Of maps and features: cosmetic where all refute it, unconfirmed where none decides. Doubtful: maps "
        "not faithful or not sane.",
    )


def _judge(layer: str, method: str) -> str:
    name = METHOD_NAMES.get(method, method)
    return f"{name}, last" if layer == "last" else name


def _named(points: pd.DataFrame) -> pd.DataFrame:
    names = [str(Point(*key)) for key in zip(points["strategy"], points["strength"], strict=True)]
    return points.assign(point=names)
