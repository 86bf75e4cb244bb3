"""Draw docs/floors.png and docs/reversal.png from a study's claims: what floor and chance are for.

Usage: python -m tools.floors_figure [metrics/compare.json] [folder]
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidrift.report.figures import style
from evidrift.report.words import names

METHOD, OTHER = "layer_cam", "grad_cam_pp"
ROW, TOP, BOTTOM = 0.72, 1.0, 0.62
NAMES, WIDE, BETWEEN, EDGE = 1.25, 4.15, 0.55, 0.25
WAY, DOT = "#d9d9d9", 8

Claims = Mapping[str, Mapping[str, Any]]


def floors(claims: Claims, method: str) -> Figure:
    """Drift between floor and chance: as measured, and as the share of the way.

    Args:
        claims: by architecture: drift, floor, chance, estimate, low, high.
        method: for the title.
    """
    height = TOP + ROW * len(claims) + BOTTOM
    figure = style.new_figure(NAMES + 2 * WIDE + BETWEEN + EDGE, height)
    title = f"{names.method_name(method)}: the same drift, bare and between its two marks"
    style.write(figure, EDGE, 0.15, title, fontsize=12, weight="bold")
    left = style.add_axes(figure, NAMES, TOP, WIDE, ROW * len(claims))
    right = style.add_axes(figure, NAMES + WIDE + BETWEEN, TOP, WIDE, ROW * len(claims))
    heads = ("as measured", "the share of the way: every floor at 0, every chance at 1")
    for axes, head, start in ((left, heads[0], NAMES), (right, heads[1], NAMES + WIDE + BETWEEN)):
        style.write(figure, start, 0.53, head, color=style.QUIET)
        _bare(axes, len(claims))
    for row, (arch, claim) in enumerate(claims.items()):
        at = len(claims) - 1 - row
        colour = style.COLOURS[row]
        _marks(left, at, claim["floor"], claim["chance"], row == 0)
        left.plot([claim["drift"]], [at], "o", ms=DOT, color=colour)
        left.text(claim["drift"], at - 0.33, f"{claim['drift']:.2f}", ha="center", va="center", color=colour)
        left.text(-0.02, at, names.safe_text(arch, 20), ha="right", va="center", transform=_names(left))
        _marks(right, at, 0, 1, row == 0)
        right.plot([claim["low"], claim["high"]], [at, at], color=colour, lw=2)
        right.plot([claim["estimate"]], [at], "o", ms=DOT, color=colour)
        right.text(
            claim["estimate"], at - 0.33, f"{claim['estimate']:.2f}", ha="center", va="center", color=colour
        )
    left.set_xlim(0, max(claim["chance"] for claim in claims.values()) + 0.08)
    left.set_xlabel("1 - overlap of the strongest fifth: further right is more drift")
    right.set_xlim(-0.1, 1.1)
    right.set_xlabel("line: 95 % interval, other patients and other trainings")
    return figure


def reversal(before: Claims, after: Claims, methods: tuple[str, str]) -> Figure:
    """The shares of the way under two methods: where lines cross, the order turns round.

    Args:
        before: the claims of the method on the left, by architecture.
        after: those of the method on the right.
        methods: their names.
    """
    figure = style.new_figure(6.6, 4.1)
    style.write(figure, EDGE, 0.15, "Crossing lines: an observed reversal", fontsize=12, weight="bold")
    words = "Share of the way from floor (0) to chance (1). Lower is more stable. Bars: 95 % intervals."
    style.write(figure, EDGE, 0.45, words, color=style.QUIET)
    axes = style.add_axes(figure, 0.75, 0.95, 4.2, 2.75)
    for number, (arch, left) in enumerate(before.items()):
        right, colour = after[arch], style.COLOURS[number]
        aside = 0.03 * (number - 1)
        for place, claim in ((aside, left), (1 + aside, right)):
            axes.plot([place, place], [claim["low"], claim["high"]], color=colour, lw=1.6, alpha=0.55)
        ends = [left["estimate"], right["estimate"]]
        axes.plot([aside, 1 + aside], ends, marker="o", ms=7, color=colour, lw=2)
        axes.text(1.1, right["estimate"], names.safe_text(arch, 20), va="center", color=colour)
    axes.set_xlim(-0.25, 1.08)
    axes.set_xticks([0, 1], [names.method_name(method) for method in methods])
    axes.tick_params(axis="x", length=0)
    shown = [claim for side in (before, after) for claim in side.values()]
    axes.set_ylim(min(each["low"] for each in shown) - 0.08, max(each["high"] for each in shown) + 0.08)
    axes.grid(axis="y", color=style.GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(False)
    return figure


def _bare(axes: Axes, rows: int) -> None:
    axes.set_ylim(-0.62, rows - 0.38)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _marks(axes: Axes, at: int, floor: float, chance: float, named: bool) -> None:
    """The way from floor to chance as a bar, its ends as ticks; named once."""
    axes.plot([floor, chance], [at, at], color=WAY, lw=9, solid_capstyle="butt", zorder=0)
    for value, name, words in ((floor, "floor", "another\ntraining"), (chance, "chance", "another\npatient")):
        axes.plot([value, value], [at - 0.19, at + 0.19], color=style.INK, lw=1.6)
        if (floor, chance) != (0, 1):
            axes.text(
                value, at - 0.33, f"{value:.2f}", ha="center", va="center", color=style.QUIET, fontsize=8.5
            )
        if named:
            text = f"{name}: {words}"
            axes.text(value, at + 0.26, text, ha="center", va="bottom", fontsize=8, color=style.QUIET)


def _names(axes: Axes) -> Any:
    """Across in the axes' width, down in rows."""
    return axes.get_yaxis_transform()


def main() -> None:
    """Read the claims about the recipe, draw both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", type=Path, nargs="?", default=Path("metrics/compare.json"))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    args = parser.parse_args()
    moved = json.loads(args.metrics.read_text(encoding="utf-8"))["claims"]["moved"]["recipe"]
    with style.figure_style():
        style.save_png(floors(moved[METHOD], METHOD), args.folder / "floors.png")
        figure = reversal(moved[METHOD], moved[OTHER], (METHOD, OTHER))
        style.save_png(figure, args.folder / "reversal.png")


if __name__ == "__main__":
    main()
