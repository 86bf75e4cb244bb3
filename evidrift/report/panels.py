"""A panel of cases: each film unobscured, its evidence before and after fine-tuning, and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from evidrift.report.style import (
    QUIET,
    add_axes,
    add_legend,
    figure_style,
    new_figure,
    safe_text,
    save_png,
    write,
)

SIDE, GAP = 2.55, 0.12
LEFT, RIGHT, TOP, BOTTOM = 0.45, 1.15, 0.95, 0.7
CAPTION, ROW_GAP = 0.78, 0.38
WIDTH = 4 * SIDE + 3 * GAP
DISPLAY = 448  # pixels a side at which maps are drawn: a smooth contour needs more than a canvas's 56
FILM_GREY = 0.5  # on which the colour bars lie, as the maps lie on the film
OPAQUE = 0.7
EVIDENCE = colormaps["viridis"]
# Blue and vermillion (Okabe and Ito), told apart with any colour vision: less evidence after, and more.
MOVED = LinearSegmentedColormap.from_list("moved", ["#0072b2", "#ffffff", "#d55e00"])
BEFORE, AFTER = (0, (3.5, 2)), "solid"  # contours' line styles


@dataclass(frozen=True)
class Case:
    """One row of a panel.

    Attributes:
        label: the true class.
        reason: why the case is shown.
        film: (s, s) uint8, as the network saw it.
        content: top, left, bottom, right of the image inside the film, half open, px.
        before: the transfer-learned checkpoint's canvas of that content, (h, w), not negative, sum 1.
        after: the same of the fine-tuned checkpoint.
        probability: of the true class, before and after.
        predicted: class, before and after.
        overlap: of the strongest areas, intersection over union.
        displacement: of the centres of mass, over the image's diagonal.
    """

    label: str
    reason: str
    film: np.ndarray
    content: tuple[int, int, int, int]
    before: np.ndarray
    after: np.ndarray
    probability: tuple[float, float]
    predicted: tuple[str, str]
    overlap: float
    displacement: float


def case_panel(cases: Sequence[Case], architecture: str, method: str, seed: int, area: float, path: Path) -> None:
    """Draw one row a case.

    Args:
        cases: none gives a picture that says so.
        architecture: for the title.
        method: the attribution method and target layer, for the title.
        seed: whose maps these are, for the title.
        area: share of the image's area inside the contours.
        path: of the PNG.
    """
    row = CAPTION + SIDE + ROW_GAP
    with figure_style():
        figure = new_figure(LEFT + WIDTH + RIGHT, TOP + max(len(cases), 0.3) * row + BOTTOM)
        title = f"{safe_text(architecture, 32)}: where the evidence lay before and after fine-tuning"
        write(figure, LEFT, 0.18, title, size=13, weight="bold")
        write(figure, LEFT, 0.5, f"{method}, seed {seed}. Cases are chosen by rule, not by eye.", color=QUIET)
        for number, case in enumerate(cases):
            _draw_case(figure, case, area, TOP + number * row)
        if not cases:
            write(figure, LEFT, TOP, "No case to show: no image was right before fine-tuning with maps to compare.")
        _foot(figure, area)
        save_png(figure, path)


def _draw_case(figure: Figure, case: Case, area: float, top: float) -> None:
    """The caption, the film, both maps, their difference, and the two colour bars."""
    _caption(figure, case, area, top)
    before, after = _density(case.before), _density(case.after)
    change = after - before
    high = float(max(before.max(), after.max())) or 1.0
    swing = float(np.abs(change).max()) or 1.0

    names = ("film", "evidence before", "evidence after", "after − before")
    left = [LEFT + column * (SIDE + GAP) for column in range(5)]
    panes = [add_axes(figure, x, top + CAPTION, SIDE, SIDE) for x in left[:4]]
    for axes, name in zip(panes, names, strict=True):
        axes.set_title(name, size=8.5, color=QUIET, loc="left", pad=3)
        _show_film(axes, case)
    panes[0].text(-0.07, 1, "R", transform=panes[0].transAxes, ha="center", va="top", color=QUIET)

    _lay_over(panes[1], _evidence_colours(before / high))
    _lay_over(panes[2], _evidence_colours(after / high))
    _lay_over(panes[3], _change_colours(change / swing))
    for axes, density, line in (
        (panes[1], before, BEFORE),
        (panes[2], after, AFTER),
        (panes[3], before, BEFORE),
        (panes[3], after, AFTER),
    ):
        _outline(axes, density, area, line)

    half = (SIDE - 0.75) / 2
    ...
