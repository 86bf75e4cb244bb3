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
    film: overlay.Film,
    canvases: Mapping[str, np.ndarray],
    title: str,
    about: str,
    path: Path,
) -> None:
    """Draw the film, and each method's evidence over it.

    Args:
        film: as the network saw it.
        canvases: by method, (h, w), not negative, sum 1; all zero where the method finds nothing.
        title: above it, in bold.
        about: below that.
        path: of the PNG.
    """
    step = SIDE + BAR + GAP
    with style.figure_style():
        width = max(LEFT + SIDE + GAP + len(canvases) * step + 0.3, 7.5)
        heading = safe_text(title, 90), safe_text(about, 150)
        figure = style.titled_figure(width, TOP + SIDE + BOTTOM, LEFT, *heading)
        overlay.mark_right(overlay.film_pane(figure, LEFT, TOP, SIDE, film, "film"))
        for number, (method, canvas) in enumerate(canvases.items()):
            left = LEFT + SIDE + GAP + number * step
            shown = overlay.density(canvas)
            high = float(shown.max())
            name = method_name(method) if high else f"{method_name(method)}: no evidence for this class"
            pane = overlay.film_pane(figure, left, TOP, SIDE, film, name)
            if high:
                overlay.lay_over(pane, overlay.evidence_colours(shown / high))
                overlay.outline(pane, shown, SHARE, "solid")
                overlay.evidence_bar(figure, left + SIDE + 0.1, TOP, SIDE, high)
        foot = (
            f"Outline: the strongest {100 * SHARE:g} % of the image. 1 is evidence spread evenly. "
            f"{overlay.SIDE_TEXT}"
        )
        style.write(figure, LEFT, TOP + SIDE + 0.14, foot, color=style.QUIET)
        style.save_png(figure, path)
