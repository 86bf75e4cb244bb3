"""A panel of cases: each film unobscured, its evidence before and after, and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from evidrift.compare.findings.signs import MEANING
from evidrift.report.figures import overlay, style
from evidrift.report.figures.cases import LAYER, METHOD
from evidrift.report.words.names import method_name, safe_text

SIDE, GAP = 2.55, 0.12
LEFT, RIGHT, TOP, BOTTOM = 0.45, 1.15, 0.95, 0.7
CAPTION, ROW_GAP, BAR_GAP = 0.74, 0.36, 0.3
WIDTH = 4 * SIDE + 3 * GAP
BEFORE, AFTER = (0, (3.5, 2)), "solid"  # contours' line styles


@dataclass(frozen=True)
class Case:
    """One row of a panel.

    Attributes:
        label: the true class.
        reason: why the case is shown.
        film: as the networks saw it.
        before: the transfer-learned checkpoint's canvas of that content, (h, w), not negative, sum 1.
        after: the same of the fine-tuned checkpoint.
        probability: of the true class, before and after.
        predicted: class, before and after.
        moved_share: of the strongest area, the share that lies elsewhere after.
        displacement: of the centres of mass, over the image's diagonal.
    """

    label: str
    reason: str
    film: overlay.Film
    before: np.ndarray
    after: np.ndarray
    probability: tuple[float, float]
    predicted: tuple[str, str]
    moved_share: float
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
        signs: of the checks that speak against the method here, see `compare.findings.signs`.
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
    with style.figure_style():
        height = TOP + len(cases) * row + BOTTOM
        figure = style.titled_figure(LEFT + WIDTH + RIGHT, height, LEFT, *heading)
        for number, case in enumerate(cases):
            _draw_case(figure, case, area, TOP + number * row)
        if cases:
            _foot(figure, area)
        else:
            missing = f"no usable {method_name(METHOD)} map at {LAYER} of an image right before fine-tuning"
            style.write(figure, LEFT, TOP, f"No case to show: there is {missing}.")
        style.save_png(figure, path)


def _draw_case(figure: Figure, case: Case, area: float, top: float) -> None:
    """The caption, the film, both maps, their difference, and the two colour bars."""
    _caption(figure, case, area, top)
    before, after = overlay.density(case.before), overlay.density(case.after)
    change = after - before
    high = float(max(before.max(), after.max())) or 1.0
    swing = float(np.abs(change).max()) or 1.0

    names = ("film", "evidence before", "evidence after", "after minus before")
    panes = [
        overlay.film_pane(figure, LEFT + column * (SIDE + GAP), top + CAPTION, SIDE, case.film, name)
        for column, name in enumerate(names)
    ]
    overlay.mark_right(panes[0])

    overlay.lay_over(panes[1], overlay.evidence_colours(before / high))
    overlay.lay_over(panes[2], overlay.evidence_colours(after / high))
    overlay.lay_over(panes[3], overlay.change_colours(change / swing))
    for axes, shown, line in (
        (panes[1], before, BEFORE),
        (panes[2], after, AFTER),
        (panes[3], before, BEFORE),
        (panes[3], after, AFTER),
    ):
        overlay.outline(axes, shown, area, line)

    half, beside = (SIDE - BAR_GAP) / 2, LEFT + WIDTH + 0.15
    overlay.evidence_bar(figure, beside, top + CAPTION, half, high)
    swings = overlay.change_colours(np.linspace(-1, 1, 255))
    overlay.colour_bar(figure, beside, top + CAPTION + half + BAR_GAP, half, swings, (-swing, swing))


def _caption(figure: Figure, case: Case, area: float, top: float) -> None:
    """The class and what became of the prediction; why the case is shown; probability, drift, distance."""
    label = safe_text(case.label, 24)
    called = [
        f"called {safe_text(predicted, 24)} {when}"
        for predicted, when in zip(case.predicted, ("before", "after"), strict=True)
        if predicted != case.label
    ]
    style.write(figure, LEFT, top, ", ".join([label, *called]), size=10.5, weight="bold")
    style.write(figure, LEFT + WIDTH, top, case.reason, color=style.QUIET, ha="right")
    before, after = case.probability
    facts = (
        f"probability of this class {100 * before:.0f} % → {100 * after:.0f} %",
        f"{100 * (1 - case.moved_share):.0f} % of the strongest {100 * area:g} % stayed (drift "
        f"{case.moved_share:.2f})",
        f"centre moved by {100 * case.displacement:.0f} % of the diagonal",
    )
    style.write(figure, LEFT, top + 0.24, "   ·   ".join(facts))


def _foot(figure: Figure, area: float) -> None:
    """What the outlines and the R mean."""
    looks = ((BEFORE, "before"), (AFTER, "after"))
    strongest = f"the strongest {100 * area:g} % of the image"
    handles = [
        Line2D([], [], color=style.QUIET, lw=1.4, ls=line, label=f"{strongest} {when}")
        for line, when in looks
    ]
    down = figure.get_size_inches()[1]
    style.add_legend(figure, LEFT, down - 0.6, WIDTH, handles)
    scale = "Colours: one scale a case; 1 is evidence spread evenly."
    style.write(figure, LEFT, down - 0.33, f"{overlay.SIDE_TEXT}  {scale}", color=style.QUIET)
