"""Draw docs/measures/: for every measure maps over a film, and under them what evidrift's own code says.

Usage: python -m tools.measure_sheet [folder]
"""

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from evidrift.measures.canvas import SIDE
from evidrift.report.figures import style
from evidrift.report.figures.overlay import EVIDENCE
from tools.measure_examples import Example, canvases, film_of, masks, phantom, pictures, values

INCH, GAP, NEXT = 1.15, 0.05, 0.14
WIDTH_OF_WORDS = {1: 2.2, 2: 2.62}
BOLD = 0.083  # of a letter
EDGE, TOP, BELOW = 0.1, 0.24, 0.72
OPAQUE = 0.8
LINE = "white"
EXTENT = (0, SIDE, SIDE, 0)


def picture(name: str) -> Figure:
    """One measure: examples side by side, each with its films, its values and what to notice."""
    examples = pictures()[name]
    # the curve's examples show one pair at several areas: both outlines lie on one film
    curve = name == "moved_share_curve"
    films = [1 if curve else len(example.maps) for example in examples]
    words = [max(WIDTH_OF_WORDS[n], BOLD * len(printed(e))) for n, e in zip(films, examples, strict=True)]
    slots = [1.6 if curve else max(n * (INCH + GAP), wide) for n, wide in zip(films, words, strict=True)]
    figure = style.new_figure(2 * EDGE + sum(slots) + NEXT * (len(slots) - 1), TOP + INCH + BELOW)
    left = EDGE
    for example, slot in zip(examples, slots, strict=True):
        if curve:
            _draw_curve(figure, example, left)
        else:
            _draw(figure, example, name, left)
        style.write(figure, left, TOP + INCH + 0.05, printed(example), weight="bold")
        style.write(figure, left, TOP + INCH + 0.25, example.words, fontsize=8.5, color=style.QUIET)
        left += slot + NEXT
    return figure


def printed(example: Example) -> str:
    """The values as they stand under an example: two digits, and no minus before a nought."""
    found = values(example)
    return "   ".join(f"{name} {round(value, 2) + 0:.2f}" for name, value in found.items())


def _draw(figure: Figure, example: Example, name: str, left: float) -> None:
    names = ("before", "after") if len(example.maps) == 2 else ("",)
    for place, (title, canvas) in enumerate(zip(names, canvases(example), strict=True)):
        axes = _film(figure, name, left + place * (INCH + GAP), title)
        _lay_over(axes, canvas.values[0])
        if example.outline == "cell":
            _outline(axes, masks("finding") >= 0.5, style.COLOURS[4])
            _mark_strongest(axes, canvas.native[0])
        elif example.outline:
            _outline(axes, _set(canvas.values[0], example.outline), LINE)


def _draw_curve(figure: Figure, example: Example, left: float) -> None:
    axes = _film(figure, "moved_share", left, "")
    for canvas, colour in zip(canvases(example), (style.COLOURS[5], style.COLOURS[4]), strict=True):
        _outline(axes, _set(canvas.values[0], example.outline), colour)


def _film(figure: Figure, name: str, left: float, title: str) -> Axes:
    axes = style.add_axes(figure, left, TOP, INCH, INCH)
    axes.imshow(phantom(film_of(name)).image, cmap="gray", vmin=0, vmax=255, extent=EXTENT)
    axes.set_axis_off()
    style.write(figure, left, TOP - 0.19, title, fontsize=8.5, color=style.QUIET)
    return axes


def _lay_over(axes: Axes, canvas: np.ndarray) -> None:
    """The evidence, over which the film is seen where there is little of it."""
    share = canvas / canvas.max()
    colours = EVIDENCE(share)
    colours[..., 3] = OPAQUE * share
    axes.imshow(colours, extent=EXTENT, interpolation="nearest")


def _set(canvas: np.ndarray, kind: str) -> np.ndarray:
    """Cells inside an outline, (56, 56) bool."""
    if kind == "half":
        return canvas >= canvas.max() / 2
    if not kind.startswith("top_"):
        return masks(kind) >= 0.5
    wanted = round(int(kind[4:]) / 100 * canvas.size)
    return (canvas >= np.sort(canvas, axis=None)[-wanted]) & (canvas > 0)


def _outline(axes: Axes, cells: np.ndarray, colour: str) -> None:
    centres = np.arange(-1, SIDE + 1) + 0.5
    drawn = axes.contour(
        centres, centres, np.pad(cells, 1).astype(float), [0.5], colors=colour, linewidths=1.3
    )
    drawn.set_path_effects([withStroke(linewidth=2.4, foreground="#000000a0")])
    axes.set_xlim(0, SIDE)
    axes.set_ylim(SIDE, 0)


def _mark_strongest(axes: Axes, native: np.ndarray) -> None:
    height, width = SIDE / native.shape[0], SIDE / native.shape[1]
    for row, column in np.argwhere(native == native.max()):
        corner = (column * width, row * height)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=LINE, linewidth=1.5))


def save_small(figure: Figure, path: Path) -> None:
    """A PNG of 256 colours without dithering: a quarter of the bytes; the same figure gives the same ones."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=1.5 * style.DPI)
    pixels = Image.open(drawn).convert("RGB")
    small = pixels.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    path.parent.mkdir(parents=True, exist_ok=True)
    small.save(path, optimize=True)


def main() -> None:
    """Draw every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/measures"))
    args = parser.parse_args()
    with style.figure_style():
        for name in pictures():
            save_small(picture(name), args.folder / f"{name}.png")


if __name__ == "__main__":
    main()
