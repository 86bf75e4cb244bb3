"""The claims as intervals on one scale, each with its verdict in words."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evidrift.claims.claim import Claim
from evidrift.compare.findings.signs import MEANING
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

LEFT, WIDTH, RIGHT = 3.7, 5.2, 1.5  # inches: names, intervals, verdicts
TOP, HEAD, ROW, GAP, FOOT = 0.86, 0.62, 0.24, 0.12, 0.5
SHADE = "#efefef"
# An interval that nothing is known of reaches far: beyond this the axes end.
FARTHEST = 1.3
POINT: dict[str, Any] = {"ls": "", "ms": 7, "mec": "white", "mew": 1}


def verdict_figure(
    claims: Sequence[Claim],
    architectures: Sequence[str],
    margin: float,
    signs: Mapping[tuple[str, str], str],
    warnings: Sequence[str],
    path: Path,
) -> None:
    """Draw the recipe's claims: has the evidence moved, and who is the more stable.

    Args:
        claims: of both estimands; those of the recipe about movement and differences are drawn.
        architectures: in the grid's order.
        margin: what does not matter, see `compare.params.Compare`.
        signs: by architecture and method, those of the checks that speak against it, see `findings.signs`.
        warnings: keys of what every verdict carries.
        path: of the PNG.
    """
    recipe = [claim for claim in claims if claim.estimand == "recipe"]
    moved = [claim for claim in recipe if claim.kind == "moved"]
    differences = [claim for claim in recipe if claim.kind == "difference"]
    colour = dict(zip(architectures, style.colours(len(architectures)), strict=True))
    marker = {name: style.MARKERS[at % len(style.MARKERS)] for at, name in enumerate(architectures)}

    def sign(name: str, method: str) -> str:
        return signs.get((name, method), "")

    with style.figure_style():
        legends = _legends(architectures, colour, marker, [sign(c.arch, c.method) for c in moved])
        width = WIDTH + LEFT + RIGHT - 0.4
        heights = [_height(part) for part in (moved, differences)]
        legend = sum(style.legend_height(handles, width) for handles in legends)
        figure = style.new_figure(LEFT + WIDTH + RIGHT, TOP + legend + sum(heights) + 0.1)
        style.write(figure, 0.2, 0.18, "What can be said about these architectures?", size=13, weight="bold")
        carried = f" Every verdict carries: {', '.join(warnings)}." if warnings else ""
        intro = "Intervals at 95 % for the recipe: other patients and other trainings; verdicts after Holm."
        style.write(figure, 0.2, 0.5, intro + carried, color=style.QUIET, size=8.5)
        top = TOP
        for handles in legends:
            style.add_legend(figure, 0.2, top, width, handles)
            top += style.legend_height(handles, width)
        for part, height, title, label in (
            (
                moved,
                heights[0],
                "Has the evidence moved?",
                "share of the way from floor (another seed, 0) to chance (another patient, 1)",
            ),
            (
                differences,
                heights[1],
                "Which of two is the more stable?",
                "left of 0: the first is the more stable, right of it: the second",
            ),
        ):
            if not part:
                continue
            style.write(figure, 0.2, top + 0.22, title, weight="bold", size=10.5)
            axes = style.add_axes(figure, LEFT, top + HEAD - 0.1, WIDTH, height - HEAD - FOOT + 0.1)
            _draw(axes, part, margin, colour, marker, sign)
            axes.set_xlabel(label, size=8.5)
            top += height
        style.save_png(figure, path)


def _height(claims: Sequence[Claim]) -> float:
    """Inches of one part."""
    methods = len({claim.method for claim in claims})
    return HEAD + FOOT + ROW * len(claims) + GAP * methods if claims else 0.0


def _draw(
    axes: Axes,
    claims: Sequence[Claim],
    margin: float,
    colour: Mapping[str, str],
    marker: Mapping[str, str],
    sign: Callable[[str, str], str],
) -> None:
    """One row a claim, grouped by method; its verdict at the right."""
    is_moved = claims[0].kind == "moved"
    low = -0.15 if is_moved else -FARTHEST / 1.6
    high = FARTHEST if is_moved else FARTHEST / 1.6
    axes.axvspan(-1 if is_moved else -margin, margin, color=SHADE, lw=0, zorder=0)
    for mark in (0, 1) if is_moved else (0,):
        axes.axvline(mark, color=style.QUIET, lw=0.8, zorder=0.5)
    place, places, names, method = 0.0, [], [], None
    for claim in claims:
        if claim.method != method:
            place += GAP / ROW if method else 0
            method = claim.method
            axes.text(
                -LEFT / WIDTH + 0.2 / WIDTH,
                place,
                method_name(method),
                transform=axes.get_yaxis_transform(),
                va="center",
                size=8.5,
                weight="bold",
            )
        places.append(place)
        if is_moved:
            name = f"{safe_text(claim.arch, 20)} {sign(claim.arch, claim.method)}".strip()
        else:
            name = f"{safe_text(claim.arch, 14)}, {safe_text(claim.other, 14)}"
        names.append("")
        axes.text(-0.02, place, name, transform=axes.get_yaxis_transform(), ha="right", va="center", size=7.5)
        leader = claim.arch if is_moved or claim.estimate < 0 else claim.other
        if claim.estimate == claim.estimate:
            left, right = (min(max(end, low), high) for end in (claim.low, claim.high))
            axes.hlines(place, left, right, color=colour[leader], lw=1.8)
            axes.plot(claim.estimate, place, **POINT, marker=marker[leader], color=colour[leader], zorder=5)
        axes.text(
            1.02,
            place,
            claim.verdict,
            transform=axes.get_yaxis_transform(),
            va="center",
            size=8.5,
        )
        place += 1
    axes.set_ylim(place - 0.4, -0.6)
    axes.set_xlim(low, high)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=style.GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _legends(
    architectures: Sequence[str],
    colour: Mapping[str, str],
    marker: Mapping[str, str],
    signs: Sequence[str],
) -> list[list[Line2D] | list[Patch]]:
    points = [
        Line2D([], [], **POINT, marker=marker[name], color=colour[name], label=safe_text(name, 32))
        for name in architectures
    ]
    grey = Patch(
        color=SHADE, label="grey: what does not matter (compare.margin); inside it a claim is refuted"
    )
    legends: list[list[Line2D] | list[Patch]] = [points, [grey]]
    if meanings := [f"{sign} {MEANING[sign]}" for sign in MEANING if sign in "".join(signs)]:
        legends.append([Line2D([], [], ls="", label="; ".join(meanings))])
    return legends
