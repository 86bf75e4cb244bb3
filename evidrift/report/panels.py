"""A panel of cases: each film unobscured, its evidence before and after, and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from evidrift.report.cases import LAYER, METHOD
from evidrift.report.style import (
    QUIET,
    add_axes,
    add_legend,
    figure_style,
    method_name,
    new_figure,
    safe_text,
    save_png,
    write,
)
from evidrift.stats.trust import MEANING

SIDE, GAP = 2.55, 0.12
LEFT, RIGHT, TOP, BOTTOM = 0.45, 1.15, 0.95, 0.7
CAPTION, ROW_GAP, BAR_GAP = 0.74, 0.36, 0.3
WIDTH = 4 * SIDE + 3 * GAP
DISPLAY = 448  # pixels a side at which maps are drawn: a smooth contour needs more than a canvas's 56
FILM_GREY = 0.5  # on which the colour bars lie, as the maps lie on the film
OPAQUE = 0.8
EVIDENCE = colormaps["viridis"]
# Blue and vermillion (Okabe and Ito), told apart with any colour vision: less evidence after, and more.
MOVED = LinearSegmentedColormap.from_list("moved", ["#0072b2", "#ffffff", "#d55e00"])
EXTENT = (0, 1, 1, 0)  # a film's left, right, bottom and top edge
UNIT = "% of evidence\nin 1 % of image"
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


class Heading(NamedTuple):
    """What stands above a panel.

    Attributes:
        title: in bold.
        about: which maps they are, and what is to be known of them.
    """

    title: str
    about: str


def heading_of(architecture: str, seed: int, signs: str) -> Heading:
    """The heading of an architecture's panel.

    Args:
        architecture: its name.
        seed: whose maps these are.
        signs: of the checks that speak against the method here, see `stats.trust`.
    """
    maps = f"{method_name(METHOD)} at the target layer {LAYER}, seed {seed}"
    against = "".join(f" {sign} {MEANING[sign].capitalize()}." for sign in signs)
    return Heading(
        f"{safe_text(architecture, 32)}: where the evidence lay before and after fine-tuning",
        f"{maps}. Cases are chosen by rule, not by eye.{against}",
    )


def case_panel(cases: Sequence[Case], heading: Heading, area: float, path: Path | IO[bytes]) -> None:
    """Draw one row a case.

    Args:
        cases: none gives a picture that says so.
        heading: to stand above them.
        area: share of the image's area inside the outlines.
        path: of the PNG, or an open file to write it to.
    """
    row = CAPTION + SIDE + ROW_GAP
    with figure_style():
        figure = new_figure(LEFT + WIDTH + RIGHT, TOP + len(cases) * row + BOTTOM)
        write(figure, LEFT, 0.18, heading.title, size=13, weight="bold")
        write(figure, LEFT, 0.5, heading.about, color=QUIET)
        for number, case in enumerate(cases):
            _draw_case(figure, case, area, TOP + number * row)
        if cases:
            _foot(figure, area)
        else:
            missing = f"no usable {method_name(METHOD)} map at {LAYER} of an image right before fine-tuning"
            write(figure, LEFT, TOP, f"No case to show: there is {missing}.")
        save_png(figure, path)


def _draw_case(figure: Figure, case: Case, area: float, top: float) -> None:
    """The caption, the film, both maps, their difference, and the two colour bars."""
    _caption(figure, case, area, top)
    before, after = _density(case.before), _density(case.after)
    change = after - before
    high = float(max(before.max(), after.max())) or 1.0
    swing = float(np.abs(change).max()) or 1.0

    names = ("film", "evidence before", "evidence after", "after minus before")
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

    half = (SIDE - BAR_GAP) / 2
    steps = np.linspace(0, 1, 128)
    _bar(figure, top + CAPTION, half, _evidence_colours(steps), (0, high))
    steps = np.linspace(-1, 1, 255)
    _bar(figure, top + CAPTION + half + BAR_GAP, half, _change_colours(steps), (-swing, swing))


def _caption(figure: Figure, case: Case, area: float, top: float) -> None:
    """The class and what became of the prediction; why the case is shown; probability, overlap, distance."""
    label = safe_text(case.label, 24)
    called = [
        f"called {safe_text(predicted, 24)} {when}"
        for predicted, when in zip(case.predicted, ("before", "after"), strict=True)
        if predicted != case.label
    ]
    write(figure, LEFT, top, ", ".join([label, *called]), size=10.5, weight="bold")
    write(figure, LEFT + WIDTH, top, case.reason, color=QUIET, ha="right")
    before, after = case.probability
    # Of two sets of equal area, the shared part is 2 IoU / (1 + IoU).
    stayed = 2 * case.overlap / (1 + case.overlap)
    facts = (
        f"probability of this class {100 * before:.0f} % → {100 * after:.0f} %",
        f"{100 * stayed:.0f} % of the strongest {100 * area:g} % stayed (overlap {case.overlap:.2f})",
        f"centre moved by {100 * case.displacement:.0f} % of the diagonal",
    )
    write(figure, LEFT, top + 0.24, "   ·   ".join(facts))


def _density(canvas: np.ndarray) -> np.ndarray:
    """A canvas at the size of display, in % of the evidence per 1 % of the image: 1 is evenly spread."""
    # OpenCV's bilinear has half-pixel centres and repeats the border, as the canvas itself was made.
    return cv2.resize(canvas * canvas.size, (DISPLAY, DISPLAY), interpolation=cv2.INTER_LINEAR)


def _evidence_colours(share: np.ndarray) -> np.ndarray:
    """RGBA of densities over the case's highest, 0 to 1: what holds little lets the film through."""
    return _with_opacity(EVIDENCE(share), share)


def _change_colours(share: np.ndarray) -> np.ndarray:
    """RGBA of changes over the case's largest, -1 to 1."""
    return _with_opacity(MOVED((share + 1) / 2), np.abs(share))


def _with_opacity(colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    colours[..., 3] = OPAQUE * share
    return colours


def _show_film(axes: Axes, case: Case) -> None:
    top, left, bottom, right = case.content
    film = case.film[top:bottom, left:right]
    axes.imshow(film, cmap="gray", vmin=0, vmax=255, interpolation="bicubic", extent=EXTENT, aspect="auto")
    axes.set_axis_off()
    axes.set_box_aspect(film.shape[0] / film.shape[1])  # a padded film keeps its shape
    axes.set_anchor("NW")


def _lay_over(axes: Axes, colours: np.ndarray) -> None:
    axes.imshow(colours, interpolation="bilinear", extent=EXTENT, aspect="auto")


def _outline(axes: Axes, canvas: np.ndarray, area: float, line: Any) -> None:
    """The border of the strongest area, of all that is positive where that is less."""
    highest_first = np.sort(canvas, axis=None)[::-1]
    level = highest_first[int(np.ceil(area * canvas.size)) - 1]
    if level <= 0:
        level = canvas[canvas > 0].min(initial=np.inf) / 2
    if level < canvas.max():
        middles = (np.arange(DISPLAY) + 0.5) / DISPLAY
        drawn = axes.contour(
            middles, middles, canvas, [level], colors="white", linewidths=1.4, linestyles=[line]
        )
        drawn.set_path_effects([withStroke(linewidth=2.6, foreground="#000000a0")])


def _bar(figure: Figure, top: float, height: float, colours: np.ndarray, ends: tuple[float, float]) -> None:
    """A colour bar over the film's middle grey, for that is how the colours look there."""
    axes = add_axes(figure, LEFT + WIDTH + 0.15, top, 0.16, height)
    axes.set_facecolor(str(FILM_GREY))
    axes.imshow(
        colours[:, None], origin="lower", extent=(0, 1, *ends), aspect="auto", interpolation="bilinear"
    )
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="y", labelsize=8, length=2)
    axes.set_ylabel(UNIT, size=8)
    for side in axes.spines.values():
        side.set_visible(False)


def _foot(figure: Figure, area: float) -> None:
    """What the outlines and the R mean."""
    looks = ((BEFORE, "before"), (AFTER, "after"))
    strongest = f"the strongest {100 * area:g} % of the image"
    handles = [
        Line2D([], [], color=QUIET, lw=1.4, ls=line, label=f"{strongest} {when}") for line, when in looks
    ]
    down = figure.get_size_inches()[1]
    add_legend(figure, LEFT, down - 0.6, WIDTH, handles)
    side = "R: the patient's right side, as films are usually stored."
    scale = "Colours: one scale a case; 1 is evidence spread evenly."
    write(figure, LEFT, down - 0.33, f"{side}  {scale}", color=QUIET)
