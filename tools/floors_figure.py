"""Draw docs/floors.png and docs/reversal.png from a study's summary: drift beside what it is read against.

Usage: python -m tools.floors_figure [metrics/compare.json] [folder]
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidrift.base.errors import run
from evidrift.base.json import read_sealed
from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.figures import style
from evidrift.report.words import names

METHOD, OTHER, LAYER = "layer_cam", "grad_cam_pp", "penultimate"
ROW, TOP, BOTTOM = 0.95, 1.2, 0.62
NAMES, WIDE, BETWEEN, NARROW, EDGE = 1.25, 5.0, 0.4, 2.5, 0.25
THICK, DOT = 12, 8
APART = 0.06  # between names, share of the axes' height
ERRATIC = 0.45  # opacity of the part of drift that no two trainings have alike
WAY = "#e3e3e3"

Drifts = Mapping[str, Mapping[str, Any]]


def floors(drifts: Drifts, method: str) -> Figure:
    """Drift and its parts between the seed floors and the scale; and as a share of the scale.

    Args:
        drifts: by architecture, the columns of `compare.findings.drift`: mean, low, high, shared, floor_tl,
            floor_ft, scale, over_scale, over_scale_low, over_scale_high.
        method: for the title.
    """
    height = TOP + ROW * len(drifts) + BOTTOM
    second = NAMES + WIDE + BETWEEN
    figure = style.new_figure(second + NARROW + EDGE, height)
    title = f"{names.method_name(method)}: how far the evidence moved, and what to read it against"
    style.write(figure, EDGE, 0.15, title, fontsize=12, weight="bold")
    left = style.add_axes(figure, NAMES, TOP, WIDE, ROW * len(drifts))
    right = style.add_axes(figure, second, TOP, NARROW, ROW * len(drifts))
    words = "drift: dark, what every training moves alike; pale, the rest"
    style.write(figure, NAMES, 0.53, words, color=style.QUIET)
    style.write(figure, second, 0.53, "drift over scale", color=style.QUIET)
    for axes in (left, right):
        _bare(axes, len(drifts))
    for row, (arch, drift) in enumerate(drifts.items()):
        at, colour = len(drifts) - 1 - row, style.COLOURS[row]
        left.text(-0.02, at, names.safe_text(arch, 20), ha="right", va="center", transform=_names(left))
        _marks(left, at, drift, named=row == 0)
        bar: dict[str, Any] = {"color": colour, "lw": THICK, "solid_capstyle": "butt"}
        left.plot([0, drift["mean"]], [at, at], **bar, alpha=ERRATIC)
        left.plot([0, min(max(drift["shared"], 0), drift["mean"])], [at, at], **bar)
        for axes, value, low, high in (
            (left, drift["mean"], drift["low"], drift["high"]),
            (right, drift["over_scale"], drift["over_scale_low"], drift["over_scale_high"]),
        ):
            axes.plot([low, high], [at, at], color=style.INK, lw=1.6)
            axes.plot([value], [at], "o", ms=DOT, color=colour, markeredgecolor=style.INK)
            text = axes.text(value, at - 0.3, f"{value:.2f}", ha="center", va="center", color=colour)
            text.set(weight="bold", bbox={"color": "white", "pad": 1})  # a line may run through it
    left.set_xlim(0, max(drift["scale"] for drift in drifts.values()) + 0.08)
    left.set_xlabel("share of the strongest fifth that lies elsewhere; line: 95 % interval")
    right.set_xlim(0, max(1.1, *(drift["over_scale_high"] + 0.1 for drift in drifts.values())))
    right.axvline(1, color=style.INK, lw=1.6)
    right.set_xlabel("1: as far as another patient")
    return figure


def reversal(before: Drifts, after: Drifts, methods: tuple[str, str]) -> Figure:
    """Drift under two methods: where lines cross, the order turns round.

    Args:
        before: under the method on the left, by architecture.
        after: under the method on the right.
        methods: their names.
    """
    figure = style.new_figure(6.6, 4.1)
    title = "Drift under two methods: where lines cross, the order turns"
    style.write(figure, EDGE, 0.15, title, fontsize=12, weight="bold")
    words = (
        "Drift: share of the strongest fifth that lies elsewhere. Lower is more stable. Bars: 95 % intervals."
    )
    style.write(figure, EDGE, 0.45, words, color=style.QUIET)
    axes = style.add_axes(figure, 0.75, 0.95, 4.2, 2.75)
    for number, (arch, left) in enumerate(before.items()):
        right, colour = after[arch], style.COLOURS[number]
        aside = 0.03 * (number - 1)
        for place, drift in ((aside, left), (1 + aside, right)):
            axes.plot([place, place], [drift["low"], drift["high"]], color=colour, lw=1.6, alpha=0.55)
        ends = [left["mean"], right["mean"]]
        axes.plot([aside, 1 + aside], ends, marker="o", ms=7, color=colour, lw=2)
    axes.set_xlim(-0.25, 1.08)
    axes.set_xticks([0, 1], [names.method_name(method) for method in methods])
    axes.tick_params(axis="x", length=0)
    shown = [drift for side in (before, after) for drift in side.values()]
    low, high = min(each["low"] for each in shown) - 0.04, max(each["high"] for each in shown) + 0.04
    axes.set_ylim(low, high)
    heights = apart({arch: drift["mean"] for arch, drift in after.items()}, APART * (high - low))
    for number, arch in enumerate(before):
        text = names.safe_text(arch, 20)
        axes.text(1.1, heights[arch], text, va="center", color=style.COLOURS[number])
    axes.grid(axis="y", color=style.GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(False)
    return figure


def apart(heights: Mapping[str, float], least: float) -> dict[str, float]:
    """Heights of names, lowest first: raised so that each is at least `least` above the one below it."""
    found: dict[str, float] = {}
    below = float("-inf")
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        found[name] = below = max(height, below + least)
    return found


def _bare(axes: Axes, rows: int) -> None:
    axes.set_ylim(-0.55, rows - 0.45)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _marks(axes: Axes, at: int, drift: Mapping[str, Any], named: bool) -> None:
    """The seed floors and the scale as ticks on the way to the scale; named once."""
    axes.plot([0, drift["scale"]], [at, at], color=WAY, lw=THICK, solid_capstyle="butt", zorder=0)
    marks = {
        "floor_tl": "seed floor, before:\ntwo trainings",
        "floor_ft": "seed floor, after:\ntwo trainings",
        "scale": "scale:\ntwo patients",
    }
    for name, words in marks.items():
        value = drift[name]
        axes.plot([value, value], [at - 0.2, at + 0.2], color=style.INK, lw=1.6, zorder=5)
        axes.text(value, at + 0.25, f"{value:.2f}", ha="center", va="bottom", color=style.QUIET, fontsize=8)
        if named:
            text: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "color": style.QUIET}
            axes.text(value, at + 0.46, words, **text)


def _names(axes: Axes) -> Any:
    """Across in the axes' width, down in rows."""
    return axes.get_yaxis_transform()


def main() -> None:
    """Read each architecture's drift, draw both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", type=Path, nargs="?", default=Path("metrics/compare.json"))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    args = parser.parse_args()
    summary = read_sealed(args.metrics, "compare")["drift"]
    one, other = (
        {arch: methods[method][LAYER][MOVED_SHARE] for arch, methods in summary.items()}
        for method in (METHOD, OTHER)
    )
    with style.figure_style():
        style.save_png(floors(one, METHOD), args.folder / "floors.png")
        style.save_png(reversal(one, other, (METHOD, OTHER)), args.folder / "reversal.png")


if __name__ == "__main__":
    run(main)
