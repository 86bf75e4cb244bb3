"""The curve of a sweep: what each way of fine-tuning gains in accuracy, and how far it moves the evidence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from evidrift.report.figures import style
from evidrift.report.words.names import safe_text
from evidrift.tradeoff.below import vertices

PANEL, HEIGHT, GAP, LEFT, RIGHT, TOP, HEAD, BOTTOM = 4.9, 4.3, 0.85, 0.75, 0.3, 1.42, 0.35, 0.65
COLUMNS = 2
CLOSEST = 0.17  # inches between two labels
DIALS = ("#6b6b6b", "#8f8f8f", "#4d4d4d")  # what plain fine-tuning has anyway
MARKERS = "osv^D<>hpd"
HALO = [withStroke(linewidth=2.2, foreground="white")]
POINT: dict[str, Any] = {"ms": 6, "mew": 1.4}
CURVE: dict[str, Any] = {"color": style.INK, "lw": 2.2, "solid_capstyle": "round", "zorder": 2}
MIXING: dict[str, Any] = {"color": style.QUIET, "lw": 1.2, "ls": (0, (5, 3)), "zorder": 1}
FAR = "#a0522d"  # what lies above the panel
TITLE = "What does it cost to keep the evidence where it was?"
ABOUT = (
    "Right: more accurate. Down: the evidence stays where it was. Black: mixtures of the dials that were\n"
    "tried. Only filled points are shown to lie below the dials; dot inside: not decidable; open: refuted;\n"
    "crossed: below by LayerCAM alone, or by maps that say little. Thin bars: 95 % intervals of each point,\n"
    "over patients and trainings. They are not paired: two points differ more surely than their bars say."
)


class Look(NamedTuple):
    """How a strategy is drawn."""

    colour: str
    marker: str


def tradeoff_figure(tables: Sequence[pd.DataFrame], path: Path | IO[bytes]) -> None:
    """Draw a panel an architecture.

    Args:
        tables: points of each, see `tradeoff.table.POINT_COLUMNS`.
        path: of the PNG, or an open file.
    """
    looks = _looks(pd.concat(tables))
    across = min(len(tables), COLUMNS)
    down = -(-len(tables) // COLUMNS)
    width = max(across * (PANEL + GAP) - GAP, 1.75 * PANEL)
    with style.figure_style():
        legends = _legends(looks)
        top = TOP + style.legends_height(legends, width) + 0.15
        figure = style.titled_figure(
            LEFT + width + RIGHT, top + down * (HEAD + HEIGHT + BOTTOM), 0.3, TITLE, ABOUT, size=9
        )
        style.add_legends(figure, 0.3, TOP, width, legends)
        panel = width if across == 1 else PANEL
        for at, points in enumerate(map(_in_points, tables)):
            row, column = divmod(at, COLUMNS)
            left, here = LEFT + column * (PANEL + GAP), top + row * (HEAD + HEIGHT + BOTTOM) + HEAD
            axes = style.add_axes(figure, left, here, panel, HEIGHT)
            _draw(axes, points, looks, panel)
        style.save_png(figure, path)


def _looks(points: pd.DataFrame) -> dict[str, Look]:
    """Colour and marker of each strategy, in the order of the tables; dials are grey."""
    roles = dict(zip(points["strategy"], points["role"], strict=True))
    names = [name for name, role in roles.items() if role in ("dial", "method")]
    methods = [name for name in names if roles[name] == "method"]
    dials = [name for name in names if roles[name] == "dial"]
    palette = dict(zip(methods, style.colours(len(methods)), strict=True))
    palette |= {name: DIALS[at % len(DIALS)] for at, name in enumerate(dials)}
    return {name: Look(palette[name], MARKERS[at % len(MARKERS)]) for at, name in enumerate(names)}


def _in_points(points: pd.DataFrame) -> pd.DataFrame:
    """With gains in points of accuracy."""
    return points.assign(**{name: 100 * points[name] for name in ("gain", "gain_low", "gain_high")})


def _legends(looks: Mapping[str, Look]) -> list[list[Line2D]]:
    lines = [
        Line2D([], [], **CURVE, label="the dials' curve"),
        Line2D([], [], **MIXING, label="mixing: each film to tl or plain at random"),
    ]
    strategies = [
        Line2D([], [], color=look.colour, marker=look.marker, mfc="white", **POINT, label=safe_text(name, 24))
        for name, look in looks.items()
    ]
    return [lines, strategies] if strategies else [lines]


def _draw(axes: Axes, points: pd.DataFrame, looks: Mapping[str, Look], width: float) -> None:
    plain = points[points["role"] == "plain"].iloc[0]
    fixed = points[points["role"].isin(["plain", "dial"])]
    traced = [(0.0, 0.0), *zip(fixed["gain"], fixed["drift"], strict=True)]
    traced = [each for each in traced if np.isfinite(each).all()]
    axes.plot(*zip(*[traced[at] for at in vertices(traced)], strict=True), **CURVE)
    axes.plot([0, plain["gain"]], [0, plain["drift"]], **MIXING)
    labels = [("tl", 0.0, 0.0, style.INK), ("plain", plain["gain"], plain["drift"], style.INK)]
    for name, look in looks.items():
        own = points[points["strategy"] == name]
        x, y = (np.array([plain[each], *own[each]]) for each in ("gain", "drift"))
        axes.plot(x, y, color=look.colour, lw=1.1, alpha=0.7, zorder=3)
        for row in own.to_dict("records"):
            _point(axes, row, look)
        if len(own):
            labels.append((safe_text(name, 14), x[-1], y[-1], look.colour))
    for row in (plain.to_dict(), {"gain": 0.0, "drift": 0.0, "standing": "below"}):
        _point(axes, row, Look(style.INK, "o"))
    _dress(axes, points)
    _label(axes, labels, width)


def _point(axes: Axes, row: Mapping[str, Any], look: Look) -> None:
    x, y = row["gain"], row["drift"]
    for name, at in (("gain", 0), ("drift", 1)):
        ends = [row.get(f"{name}_low", np.nan), row.get(f"{name}_high", np.nan)]
        pair = (ends, [y, y]) if at == 0 else ([x, x], ends)
        axes.plot(*pair, color=look.colour, lw=0.7, alpha=0.3, zorder=3)
    filled = row["standing"] == "below" or look.colour == style.INK
    fill = look.colour if filled else "white"
    axes.plot([x], [y], ls="", marker=look.marker, color=look.colour, mfc=fill, **POINT, zorder=5)
    inside = {"cosmetic": "x", "unconfirmed": "x", "doubtful": "x", "not decidable": "."}
    if row["standing"] in inside:
        mark = inside[row["standing"]]
        axes.plot([x], [y], ls="", marker=mark, color=look.colour, ms=4.5, mew=1.2, zorder=6)


def _dress(axes: Axes, points: pd.DataFrame) -> None:
    ends = points[["gain", "gain_low", "gain_high"]].to_numpy(float)
    ends = ends[np.isfinite(ends)]
    low, high = min(0.0, float(ends.min(initial=0))), max(0.0, float(ends.max(initial=0)))
    room = 0.04 * max(high - low, 1.0)
    axes.set_xlim(low - room, high + 3 * room)
    tops = points[["drift_high", "drift"]].to_numpy(float)
    tops = tops[np.isfinite(tops)]
    top = 1.2 * float(tops.max(initial=0.1))
    axes.set_ylim(-0.04 * top, top)
    plain = points[points["role"] == "plain"].iloc[0]
    far = [("unrelated maps", plain["chance"]), ("another patient", plain["scale"])]
    told = ", ".join(f"{name} {value:.2f}" for name, value in far if np.isfinite(value))
    axes.text(0.02, 0.98, f"↑ {told}", transform=axes.transAxes, color=FAR, size=8.5, va="top", zorder=7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.set_xlabel("accuracy gained over tl, points")
    area = 100 * (1 - float(points["chance"].max()))
    axes.set_ylabel(f"drift: share of the strongest {area:.3g} % that moved")
    axes.set_title(safe_text(str(points["arch"].iloc[0]), 32), weight="bold", size=10.5, loc="left")
    style.level_lines(axes)


def _label(axes: Axes, labels: Sequence[tuple[str, float, float, str]], width: float) -> None:
    """Names beside the last point of each line, moved apart where they would lie on each other."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    inch_x, inch_y = (right - left) / width, (top - bottom) / HEIGHT
    placed: list[tuple[float, float]] = []
    known = [each for each in labels if np.isfinite(each[1:3]).all()]
    for name, x, y, colour in sorted(known, key=lambda each: (each[2], each[1])):
        at = y
        while any(
            abs(x - other) < 0.85 * inch_x and at - below < CLOSEST * inch_y for other, below in placed
        ):
            at += 0.02 * inch_y
        placed.append((x, at))
        axes.text(
            x + 0.09 * inch_x,
            at + 0.03 * inch_y,
            name,
            color=colour,
            size=8.5,
            va="bottom",
            zorder=7,
            path_effects=HALO,
        )
