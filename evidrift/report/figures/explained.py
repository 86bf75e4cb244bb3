"""One film and where a network sees the evidence for a class, by each attribution method."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from evidrift.report.figures import overlay, style
from evidrift.report.words.names import method_name, safe_text

SIDE, GAP = 2.55, 0.12
BAR = 0.75  # a map's colour bar with its numbers
LEFT, TOP, BOTTOM = 0.45, 0.95, 0.5
SHARE = 0.2  # of the image inside the outline


def explained_figure(
    film: np.ndarray,
    content: tuple[int, int, int, int],
    canvases: Mapping[str, np.ndarray],
    title: str,
    about: str,
    path: Path,
) -> None:
    """Draw the film, and each method's evidence over it.

    Args:
        film: (s, s) uint8, as the network saw it.
        content: top, left, bottom, right of the image inside the film, half open, px.
        canvases: by method, (h, w), not negative, sum 1; all zero where the method finds nothing.
        title: above it, in bold.
        about: below that.
        path: of the PNG.
    """
    step = SIDE + BAR + GAP
    with style.figure_style():
        width = LEFT + SIDE + GAP + len(canvases) * step + 0.3
        figure = style.new_figure(max(width, 7.5), TOP + SIDE + BOTTOM)
        style.write(figure, LEFT, 0.18, safe_text(title, 90), size=13, weight="bold")
        style.write(figure, LEFT, 0.5, safe_text(about, 150), color=style.QUIET)
        pane = style.add_axes(figure, LEFT, TOP, SIDE, SIDE)
        overlay.show_film(pane, film, content)
        pane.set_title("film", size=8.5, color=style.QUIET, loc="left", pad=3)
        pane.text(-0.07, 1, "R", transform=pane.transAxes, ha="center", va="top", color=style.QUIET)
        for number, (method, canvas) in enumerate(canvases.items()):
            left = LEFT + SIDE + GAP + number * step
            pane = style.add_axes(figure, left, TOP, SIDE, SIDE)
            overlay.show_film(pane, film, content)
            shown = overlay.density(canvas)
            high = float(shown.max())
            name = method_name(method) if high else f"{method_name(method)}: no evidence for this class"
            pane.set_title(name, size=8.5, color=style.QUIET, loc="left", pad=3)
            if high:
                overlay.lay_over(pane, overlay.evidence_colours(shown / high))
                overlay.outline(pane, shown, SHARE, "solid")
                steps = np.linspace(0, 1, 128)
                overlay.colour_bar(
                    figure, left + SIDE + 0.1, TOP, SIDE, overlay.evidence_colours(steps), (0, high)
                )
        foot = (
            f"Outline: the strongest {100 * SHARE:g} % of the image. 1 is evidence spread evenly. "
            "R: the patient's right side, as films are usually stored."
        )
        style.write(figure, LEFT, TOP + SIDE + 0.14, foot, color=style.QUIET)
        style.save_png(figure, path)
