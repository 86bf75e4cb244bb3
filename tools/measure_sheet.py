"""Draw docs/measures.png: pairs of maps and what each measure says of them, by evidrift's own code.

Usage: python -m tools.measure_sheet [out]
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evidrift.drift import places
from evidrift.drift.canvas import SIDE, Canvases, draw
from evidrift.drift.measures import describe, measure
from evidrift.report import style
from evidrift.report.panels import EVIDENCE

GRID, SIZE, AREA = 14, 112, 0.2
CONTENT = (0, 0, SIZE, SIZE)
INCH, GAP, PAIR_GAP = 0.92, 0.06, 0.5
LEFT, TOP, ROW, TEXT = 0.3, 0.75, 1.62, 2.75
LINE = "white"


class Pair(NamedTuple):
    """Two maps, (grid, grid), and what to notice."""

    before: np.ndarray
    after: np.ndarray
    notice: str


class Row(NamedTuple):
    """A measure's pairs; `names` are columns of the drift table."""

    title: str
    words: tuple[str, ...]
    names: tuple[str, ...]
    pairs: tuple[Pair, ...]
    outline: str = ""


def spot(row: float, column: float, sd: float, height: float = 1.0) -> np.ndarray:
    """A round spot; its centre and standard deviation in sides of the image."""
    place = (np.arange(GRID) + 0.5) / GRID
    down, across = (place - row)[:, None], place - column
    return height * np.exp(-(down**2 + across**2) / (2 * sd**2))


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """A map that is one in a half-open box of cells."""
    result = np.zeros((GRID, GRID))
    result[top:bottom, left:right] = 1
    return result


def rows() -> list[Row]:
    """What is drawn: 0, 1 and something in between, or what else moves the measure."""
    middle, corner, other = spot(0.5, 0.5, 0.12), spot(0.2, 0.2, 0.1), spot(0.75, 0.7, 0.12)
    four = spot(0.15, 0.15, 0.05) + spot(0.15, 0.85, 0.05) + spot(0.85, 0.15, 0.05) + spot(0.85, 0.85, 0.05)
    two = spot(0.25, 0.25, 0.1) + spot(0.25, 0.75, 0.1)
    half = spot(0.25, 0.25, 0.1) + spot(0.75, 0.25, 0.1)
    lone = two + spot(0.7, 0.5, 0.03, 4)
    wide = spot(0.5, 0.5, 0.25)
    return [
        Row(
            "displacement",
            ("0: the same centre of mass.", "1: from corner to corner."),
            ("displacement",),
            (
                Pair(middle, four, "0 although all of it moved"),
                Pair(spot(0.5, 0.25, 0.1), spot(0.5, 0.75, 0.1), "half the width"),
                Pair(box(0, 0, 1, 1), box(13, 13, 14, 14), "nearly the diagonal"),
            ),
        ),
        Row(
            "overlap",
            ("Of the strongest 20 % of the", "area (outlined). 0: none in", "common. 1: the same place."),
            ("overlap",),
            (
                Pair(corner, other, "nothing in common"),
                Pair(two, half, "half replaced: 1/3"),
                Pair(two, two**3, "same place, other heights"),
            ),
            "top",
        ),
        Row(
            "iou_half_max",
            (
                "Of cells above half the maximum",
                "(outlined), as in the literature.",
                "0 and 1 as for overlap.",
            ),
            ("iou_half_max", "overlap"),
            (
                Pair(corner, other, "nothing in common"),
                Pair(two, lone, "one hot cell shrinks the set"),
                Pair(two, two**3, "other heights, other sets"),
            ),
            "half",
        ),
        Row(
            "correlation, spearman",
            ("0: knows nothing of the other.", "1: the same pattern; of ranks:", "the same order."),
            ("correlation", "spearman"),
            (
                Pair(wide, 1.02 - wide, "turned round: -1"),
                Pair(spot(0.5, 0.3, 0.12), spot(0.5, 0.62, 0.12), "about 0"),
                Pair(two, two**3, "same order, other heights"),
            ),
        ),
        Row(
            "ssim",
            ("Likeness of 7x7 windows.", "1: the same picture.", "Empty windows count as alike."),
            ("ssim", "correlation"),
            (
                Pair(wide, 1.02 - wide, "turned round: below 0"),
                Pair(corner, other, "higher: both mostly empty"),
                Pair(two, two**3, "other heights"),
            ),
        ),
        Row(
            "concentration, entropy",
            ("Change of the Gini coefficient,", "of the entropy. 0: as spread as", "before, wherever it is."),
            ("concentration", "entropy"),
            (
                Pair(spot(0.32, 0.32, 0.1), spot(0.68, 0.68, 0.1), "moved, but not spread: 0"),
                Pair(wide, spot(0.5, 0.5, 0.07), "contracts"),
                Pair(spot(0.5, 0.5, 0.03), wide, "spreads"),
            ),
        ),
        Row(
            "border, corners",
            ("Share of one map's evidence in", "the place (outlined). An even", "map: 0.19 and 0.09."),
            (),
            (
                Pair(middle, middle, "in the middle: 0"),
                Pair(spot(0.02, 0.5, 0.05), spot(0.02, 0.02, 0.05), "at an edge; in a corner"),
                Pair(1 + 0.01 * middle, 1 + 0.01 * middle, "nearly even: the area's share"),
            ),
            "places",
        ),
    ]


def sheet() -> Figure:
    """A row per measure: its words, then three pairs with their values."""
    shown = rows()
    pair_width = 2 * INCH + GAP
    width = LEFT + TEXT + 3 * pair_width + 2 * PAIR_GAP + 0.3
    figure = style.new_figure(width, TOP + ROW * len(shown))
    title = "What the measures say: pairs of maps, before and after"
    style.write(figure, LEFT, 0.2, title, fontsize=12, weight="bold")
    for number, row in enumerate(shown):
        top = TOP + ROW * number
        style.write(figure, LEFT, top, row.title, weight="bold")
        style.write(figure, LEFT, top + 0.26, "\n".join(row.words), fontsize=8.5, color=style.QUIET)
        for place, pair in enumerate(row.pairs):
            _draw_pair(figure, row, pair, LEFT + TEXT + place * (pair_width + PAIR_GAP), top)
    return figure


def _draw_pair(figure: Figure, row: Row, pair: Pair, left: float, top: float) -> None:
    canvases = draw(np.stack([pair.before, pair.after]), np.tile(CONTENT, (2, 1)), SIZE)
    for side, canvas in enumerate(canvases.values):
        axes = style.add_axes(figure, left + side * (INCH + GAP), top, INCH, INCH)
        axes.imshow(canvas, cmap=EVIDENCE, vmin=0, vmax=canvas.max())
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        _outline(axes, canvas, row.outline)
    style.write(figure, left, top + INCH + 0.05, _values(row, canvases), fontsize=8.5)
    style.write(figure, left, top + INCH + 0.23, pair.notice, fontsize=8.5, color=style.QUIET)


def _outline(axes: Axes, canvas: np.ndarray, kind: str) -> None:
    sets = {
        "top": canvas >= np.sort(canvas, axis=None)[-round(AREA * canvas.size)],
        "half": canvas >= canvas.max() / 2,
        "places": np.maximum(places.border(), places.corners()) > 0.5,
    }
    if kind:
        cells = np.pad(sets[kind], 1).astype(float)
        axis = np.arange(-1, SIDE + 1)
        axes.contour(axis, axis, cells, levels=[0.5], colors=LINE, linewidths=1)
        axes.set_xlim(-0.5, SIDE - 0.5)
        axes.set_ylim(SIDE - 0.5, -0.5)


def _values(row: Row, canvases: Canvases) -> str:
    if row.outline == "places":
        border, corners = (
            places.shares(canvases.values, each) for each in (places.border(), places.corners())
        )
        return "      ".join(f"{one:.2f}, {other:.2f}" for one, other in zip(border, corners, strict=True))
    found = measure(describe(canvases, (AREA,)), np.array([0]), np.array([1]), AREA, ())
    # + 0: no minus before a nought
    return "   ".join(f"{name.split('_')[0]} {round(float(found[name][0]), 2) + 0:.2f}" for name in row.names)


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("docs/measures.png"))
    args = parser.parse_args()
    with style.figure_style():
        style.save_png(sheet(), args.out)


if __name__ == "__main__":
    main()
