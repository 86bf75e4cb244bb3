"""Drift by attribution method, with what it needs to be read: its shared part, seed floors and the scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

LEFT, RIGHT, TOP, SPACE = 0.85, 0.3, 0.82, 0.25
TITLE, BRACKET, ROW, TICKS = 0.38, 0.28, 2.5, 0.6
SLOT, NARROWEST = 1.75, 8.75  # inches: of a method, and what the legend needs
SPREAD = 0.78  # share of a method's slot over which its architectures lie
SHADE = "#efefef"
TITLE_TEXT = "How far does fine-tuning move the evidence? Drift by attribution method"
GREY_TEXT = (
    "grey: one map up to weights of its channels, or correlated above 0.99; "
    "a change of rank between these methods is no reversal"
)
POINT: dict[str, Any] = {"ls": "", "ms": 8.5, "mec": "white", "mew": 1}
SHARED: dict[str, Any] = {"alpha": 0.6, "lw": 0}
ERRATIC: dict[str, Any] = {"alpha": 0.2, "lw": 0}
FLOOR: dict[str, Any] = {"lw": 2}
SCALE: dict[str, Any] = {"lw": 1.6, "ls": (0, (1, 1))}


@dataclass(frozen=True)
class Layer:
    """What one axes shows.

    Attributes:
        name: of the target layer.
        rows: of the table.
        methods: from left to right.
        groups: of methods that cannot disagree, each with the height of its bracket, from 0.
    """

    name: str
    rows: pd.DataFrame
    methods: list[str]
    groups: list[tuple[list[str], int]]

    @property
    def head(self) -> float:
        """Inches above the axes for the title and the brackets."""
        return TITLE + BRACKET * (1 + max((level for _, level in self.groups), default=-1))


def ranking_figure(
    table: pd.DataFrame,
    degenerate: Mapping[str, Sequence[Sequence[str]]],
    n_images: int,
    n_patients: int | None,
    area: float,
    signs: Mapping[tuple[str, str], str],
    path: Path,
) -> None:
    """Draw the drift of every architecture by method, one axes a target layer.

    Args:
        table: of `compare.findings.drift.summarise`; only the moved share is drawn. What is NaN is left out.
        degenerate: by layer, groups of methods between which no reversal is ever called.
        n_images: size of the common cohort.
        n_patients: patients in it, None where they are unknown.
        area: share of the image's area behind the moved share.
        signs: by layer and method, those of the checks that speak against it, see `compare.findings.signs`.
        path: of the PNG.
    """
    drift = table[table["measure"] == MOVED_SHARE]
    architectures = list(dict.fromkeys(drift["arch"]))
    layers = [_arrange(drift, name, degenerate.get(name, ())) for name in dict.fromkeys(drift["layer"])]
    width = max(SLOT * drift["method"].nunique(), NARROWEST)
    patients = "patients unknown" if n_patients is None else f"{n_patients} patients"
    cohort = f"{n_images} images ({patients}): those right before and after in every architecture and seed"
    with style.figure_style():
        legends = _legends(architectures, grey=any(layer.groups for layer in layers))
        legends += style.sign_legend(signs.values())
        heights = [layer.head + ROW + TICKS for layer in layers]
        height = TOP + style.legends_height(legends, width) + SPACE + sum(heights)
        about = f"Common cohort of {cohort}."
        figure = style.titled_figure(LEFT + width + RIGHT, height, LEFT, TITLE_TEXT, about)
        top = style.add_legends(figure, LEFT, TOP, width, legends)
        top += SPACE
        for layer, height in zip(layers, heights, strict=True):
            style.write(
                figure, LEFT, top, f"Target layer: {safe_text(layer.name, 48)}", weight="bold", size=10.5
            )
            axes = style.add_axes(figure, LEFT, top + layer.head, width, ROW)
            _draw(axes, layer, architectures)
            names = [f"{method_name(each)} {signs.get((layer.name, each), '')}" for each in layer.methods]
            axes.set_xticks(range(len(names)), [name.strip() for name in names])
            _bracket(axes, layer)
            axes.set_ylabel(f"share of the strongest {100 * area:g} %\nthat lies elsewhere")
            top += height
        style.save_png(figure, path)


def _arrange(drift: pd.DataFrame, name: str, groups: Sequence[Sequence[str]]) -> Layer:
    """A layer's methods in the table's order, but those of a group side by side."""
    rows = drift[drift["layer"] == name]
    present = list(dict.fromkeys(rows["method"]))
    methods: list[str] = []
    for method in present:
        mates = [mate for group in groups if method in group for mate in present if mate in group]
        methods += [each for each in dict.fromkeys([method, *mates]) if each not in methods]

    placed: list[tuple[list[str], int]] = []
    free_from: list[int] = []  # by level, the first place right of its last bracket
    inside = [[method for method in methods if method in group] for group in groups]
    for group in sorted(
        (group for group in inside if len(group) > 1), key=lambda group: methods.index(group[0])
    ):
        first, last = methods.index(group[0]), methods.index(group[-1])
        level = next((at for at, place in enumerate(free_from) if place <= first), len(free_from))
        free_from[level : level + 1] = [last + 1]
        placed.append((group, level))
    return Layer(name, rows, methods, placed)


def _draw(axes: Axes, layer: Layer, architectures: list[str]) -> None:
    """Points with error bars over bars of drift, their shared part filled; ticks for seed floor and scale."""
    n = len(architectures)
    step = SPREAD / max(n, 3)
    half = 0.3 * step
    for number, (architecture, colour) in enumerate(zip(architectures, style.colours(n), strict=True)):
        rows = layer.rows[layer.rows["arch"] == architecture].set_index("method").reindex(layer.methods)
        x = np.arange(len(layer.methods)) + (number - (n - 1) / 2) * step
        mean, sd, floor, scale = (rows[name].to_numpy(float) for name in ("mean", "sd", "floor_ft", "scale"))
        # an estimate without bias may lie outside of what it estimates
        shared = np.clip(np.nan_to_num(rows["shared"].to_numpy(float)), 0, np.nan_to_num(mean))
        axes.bar(x, shared, 2 * half, color=colour, **SHARED)
        axes.bar(x, mean - shared, 2 * half, shared, color=colour, **ERRATIC)
        axes.hlines(floor, x - half, x + half, color=colour, **FLOOR)
        axes.hlines(scale, x - half, x + half, color=colour, **SCALE)
        axes.errorbar(x, mean, sd, fmt="none", ecolor=colour, elinewidth=1.4, capsize=3)
        axes.plot(
            x,
            mean,
            **POINT,
            marker=style.marker(number),
            color=colour,
            zorder=5,
            clip_on=False,
        )
    if not np.isfinite(layer.rows["mean"].to_numpy(float)).any():
        axes.text(
            0.5, 0.5, "nothing to show: the common cohort is empty", ha="center", transform=axes.transAxes
        )
    axes.set_xlim(-0.5, len(layer.methods) - 0.5)
    axes.set_ylim(0, 1)
    axes.tick_params(axis="x", length=0, pad=16)
    for label in axes.get_xticklabels():
        label.set_verticalalignment("baseline")
    style.level_lines(axes)
    for edge in range(1, len(layer.methods)):
        axes.axvline(edge - 0.5, color=style.GRID, lw=0.8, zorder=0)


def _bracket(axes: Axes, layer: Layer) -> None:
    """Grey behind the methods of each group, and a bracket over them that reaches down to each."""
    over = axes.get_xaxis_transform()
    for group, level in layer.groups:
        places = [layer.methods.index(method) for method in group]
        height = 1 + (0.12 + BRACKET * level) / ROW
        for place in places:
            axes.axvspan(place - 0.5, place + 0.5, color=SHADE, lw=0, zorder=-1)
        foot = height - 0.07 / ROW
        for one, other in pairwise(places):
            x, y = [one, one, other, other], [foot, height, height, foot]
            axes.plot(x, y, color=style.QUIET, lw=1, transform=over, clip_on=False)
        axes.annotate(
            "no reversal can be called",
            ((places[0] + places[-1]) / 2, height),
            xycoords=over,
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            size=8.5,
            color=style.QUIET,
        )


def _legends(architectures: list[str], grey: bool) -> list[Sequence[Artist]]:
    """What the colours mean, what the marks mean, and what the grey means where there is any."""
    points = style.point_legend(architectures, POINT)
    marks: list[Artist] = [
        Line2D([], [], **POINT, marker="o", color=style.QUIET, label="drift: mean ± sd of seeds"),
        Patch(color=style.QUIET, **SHARED, label="shared: every training moves it alike"),
        Patch(color=style.QUIET, **ERRATIC, label="erratic: the rest"),
        Line2D([], [], **FLOOR, color=style.QUIET, label="seed floor: two trainings, tuned"),
        Line2D([], [], **SCALE, color=style.QUIET, label="scale: two patients of one class"),
    ]
    return [points, marks, [Patch(color=SHADE, label=GREY_TEXT)]] if grey else [points, marks]
