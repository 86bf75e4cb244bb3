"""Evidence over a film: colours, the outline of the strongest area, and the bar that says what they mean."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from evidrift.report.figures import style

DISPLAY = 448  # pixels a side at which maps are drawn: a smooth contour needs more than a canvas's 56
FILM_GREY = 0.5  # on which the colour bars lie, as the maps lie on the film
OPAQUE = 0.8
EVIDENCE = colormaps["viridis"]
# Blue and vermillion (Okabe and Ito), told apart with any colour vision: less evidence after, and more.
MOVED = LinearSegmentedColormap.from_list("moved", ["#0072b2", "#ffffff", "#d55e00"])
EXTENT = (0, 1, 1, 0)  # a film's left, right, bottom and top edge
SIDE_TEXT = "R: the patient's right side, as films are usually stored."
UNIT = "% of evidence\nin 1 % of image"


class Film(NamedTuple):
    """A film as a network saw it, and what is needed to show it as it was.

    Attributes:
        pixels: (s, s) uint8.
        content: top, left, bottom, right of the image inside them, half open, px.
        shape: width and height before it was squashed or padded, px.
    """

    pixels: np.ndarray
    content: tuple[int, int, int, int]
    shape: tuple[int, int]


def density(canvas: np.ndarray) -> np.ndarray:
    """A canvas at the size of display, in % of the evidence per 1 % of the image: 1 is evenly spread."""
    # OpenCV's bilinear has half-pixel centres and repeats the border, as the canvas itself was made.
    return cv2.resize(canvas * canvas.size, (DISPLAY, DISPLAY), interpolation=cv2.INTER_LINEAR)


def evidence_colours(share: np.ndarray) -> np.ndarray:
    """RGBA of densities over the case's highest, 0 to 1: what holds little lets the film through."""
    return _with_opacity(EVIDENCE(share), share)


def change_colours(share: np.ndarray) -> np.ndarray:
    """RGBA of changes over the case's largest, -1 to 1."""
    return _with_opacity(MOVED((share + 1) / 2), np.abs(share))


def _with_opacity(colours: np.ndarray, share: np.ndarray) -> np.ndarray:
    colours[..., 3] = OPAQUE * share
    return colours


def film_pane(figure: Figure, left: float, top: float, side: float, shown: Film, title: str) -> Axes:
    """Axes with a film and a title, at a place in inches."""
    axes = style.add_axes(figure, left, top, side, side)
    axes.set_title(title, size=8.5, color=style.QUIET, loc="left", pad=3)
    show_film(axes, shown)
    return axes


def mark_right(axes: Axes) -> None:
    """The R that films bear at the patient's right side."""
    axes.text(-0.07, 1, "R", transform=axes.transAxes, ha="center", va="top", color=style.QUIET)


def show_film(axes: Axes, shown: Film) -> None:
    """The film without its padding, in its own shape."""
    top, left, bottom, right = shown.content
    film = shown.pixels[top:bottom, left:right]
    axes.imshow(film, cmap="gray", vmin=0, vmax=255, interpolation="bicubic", extent=EXTENT, aspect="auto")
    axes.set_axis_off()
    width, height = shown.shape
    axes.set_box_aspect(height / width)
    axes.set_anchor("NW")


def lay_over(axes: Axes, colours: np.ndarray) -> None:
    """Lay colours (h, w, 4) over a film."""
    axes.imshow(colours, interpolation="bilinear", extent=EXTENT, aspect="auto")


def evidence_bar(figure: Figure, left: float, top: float, height: float, high: float) -> None:
    """The colours of evidence, up to a density."""
    colour_bar(figure, left, top, height, evidence_colours(np.linspace(0, 1, 128)), (0, high))


def outline(axes: Axes, canvas: np.ndarray, area: float, line: Any) -> None:
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


def colour_bar(
    figure: Figure, left: float, top: float, height: float, colours: np.ndarray, ends: tuple[float, float]
) -> None:
    """A colour bar over the film's middle grey, for that is how the colours look there.

    Args:
        figure: to draw on.
        left: place, in.
        top: place, in.
        height: in.
        colours: from the lowest to the highest, (n, 4).
        ends: densities at both.
    """
    axes = style.add_axes(figure, left, top, 0.16, height)
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
