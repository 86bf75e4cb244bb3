"""Drift and C-Score along fine-tuning beside accuracy: when does the evidence move, and the network learn?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from evidrift.compare.findings.courses import CLOSE, Course
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

COLUMN, UPPER, LOWER, GAP = 3.5, 2.5, 1.7, 0.3
ACCURACY_TOP, C_SCORE_TOP = UPPER + GAP, UPPER + LOWER + 2 * GAP
LEFT, RIGHT, TOP, BOTTOM = 0.75, 0.25, 1.05, 0.6
NARROWEST = 2 * COLUMN + GAP  # what title and legend need
DRIFT: dict[str, Any] = {"lw": 1.7, "marker": "o", "ms": 3}
SCALE: dict[str, Any] = {"lw": 1.1, "ls": (0, (2, 2))}
BAND: dict[str, Any] = {"alpha": 0.16, "lw": 0}
ACCURACY: dict[str, Any] = {"lw": 1.7, "color": style.INK, "marker": "o", "ms": 3}
TL: dict[str, Any] = {"lw": 1.2, "color": style.QUIET, "ls": (0, (5, 2))}
CLOSE_TO_TL: dict[str, Any] = {"color": style.QUIET, "alpha": 0.13, "lw": 0}
# Vertical lines at epochs, through all pictures; where two meet, both are seen.
MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "chosen": ("epoch kept (ft)", {"color": "#c9c9c9", "ls": "-", "lw": 5}),
    "settled": (
        "accuracy has settled: within 2 points of ft's",
        {"color": style.INK, "ls": (0, (1, 1.5)), "lw": 1.4},
    ),
    "matched": ("accuracy of tl, and first epoch within 2 points of it", TL),
}


def trajectory_figure(courses: Sequence[Course], path: Path) -> None:
    """Draw one column an architecture and seed: drift of each method, accuracy, C-Score of each method.

    Args:
        courses: of `compare.findings.courses.along`, at least one.
        path: of the PNG.
    """
    columns: dict[tuple[str, int], list[Course]] = {}
    for course in courses:
        columns.setdefault((course.arch, course.seed), []).append(course)
    methods = list(dict.fromkeys(course.method for course in courses))
    palette = dict(zip(methods, style.colours(len(methods)), strict=True))
    width = max(NARROWEST, len(columns) * (COLUMN + GAP) - GAP)
    with style.figure_style():
        legends = _legends(palette)
        top = TOP + style.legends_height(legends, width) + 0.4
        height = top + C_SCORE_TOP + LOWER + BOTTOM
        title = "When does the evidence move, and when does the network learn?"
        about = _explanation(courses)
        figure = style.titled_figure(LEFT + width + RIGHT, height, LEFT, title, about, top=0.52, size=9)
        style.add_legends(figure, LEFT, TOP, width, legends)
        lowest = min(float(course.curve["accuracy"].min()) for course in courses)
        for number, ((arch, seed), own) in enumerate(columns.items()):
            left = LEFT + number * (COLUMN + GAP)
            drift = style.add_axes(figure, left, top, COLUMN, UPPER)
            accuracy = style.add_axes(figure, left, top + ACCURACY_TOP, COLUMN, LOWER)
            alike = style.add_axes(figure, left, top + C_SCORE_TOP, COLUMN, LOWER)
            for course in own:
                _draw_band(drift, course, ("drift", "low", "high", "scale"), palette[course.method])
                alike_by = ("c_score", "c_score_low", "c_score_high", "c_chance")
                _draw_band(alike, course, alike_by, palette[course.method])
            _draw_accuracy(accuracy, own[0])
            _dress((drift, accuracy, alike), own, lowest, first=number == 0)
            several = len({course.seed for course in courses}) > 1
            title = safe_text(arch, 32) + (f", seed {seed}" if several else "")
            drift.set_title(title, weight="bold", size=10.5, loc="left", pad=8)
        style.save_png(figure, path)


def _explanation(courses: Sequence[Course]) -> str:
    images = sorted({course.n_images for course in courses})
    seeds = sorted({course.seed for course in courses})
    shown = f"{images[0]}" if len(images) == 1 else f"{images[0]} to {images[-1]}"
    runs = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
    return (
        f"The same {shown} validation images after every epoch, each map against the one before fine-tuning "
        f"(epoch 0, tl).\nDrift = share of the strongest area that has moved elsewhere: 0 nothing, 1 all of "
        f"it. {runs[0].upper()}{runs[1:]} alone."
    )


def _draw_band(axes: Axes, course: Course, names: tuple[str, str, str, str], colour: str) -> None:
    """A curve with its interval, and what to read it against."""
    curve = course.curve
    own, low, high, beside = (curve[name] for name in names)
    axes.plot(curve["epoch"], own, **DRIFT, color=colour)
    axes.fill_between(curve["epoch"], low, high, **BAND, color=colour)
    axes.plot(curve["epoch"], beside, **SCALE, color=colour)


def _draw_accuracy(axes: Axes, course: Course) -> None:
    curve = course.curve
    tl = float(curve["accuracy"][0])
    axes.axhspan(tl - CLOSE, tl + CLOSE, **CLOSE_TO_TL)
    axes.axhline(tl, **TL)
    axes.plot(curve["epoch"], curve["accuracy"], **ACCURACY)


def _dress(pictures: tuple[Axes, Axes, Axes], own: Sequence[Course], lowest: float, first: bool) -> None:
    """Axis labels, and the lines at the epochs that matter."""
    course = own[0]
    matched = course.matched.epoch if course.matched else None
    at = {"chosen": course.chosen, "settled": course.settled, "matched": matched}
    names = ("drift (share moved)", "validation accuracy", "C-Score (within class)")
    for axes, name in zip(pictures, names, strict=True):
        for mark, epoch in at.items():
            if epoch is not None:
                axes.axvline(epoch, **MARKS[mark][1], zorder=1)
        axes.set_xlim(-0.3, len(course.curve) - 0.7)
        style.along_epochs(axes, name, first)
        axes.set_ylim(0, 1)
    drift, accuracy, alike = pictures
    drift.tick_params(labelbottom=False)
    accuracy.tick_params(labelbottom=False)
    accuracy.set_ylim(max(0.0, np.floor(10 * (lowest - 0.05)) / 10), 1.02)
    accuracy.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    alike.set_xlabel("epoch of fine-tuning")


def _legends(palette: dict[str, str]) -> tuple[list[Line2D], list[Line2D]]:
    """What is drawn across, and the lines at epochs."""
    curves = [
        Line2D([], [], **DRIFT, color=colour, label=method_name(method)) for method, colour in palette.items()
    ]
    curves += [
        Line2D(
            [],
            [],
            **SCALE,
            color=style.QUIET,
            label="scale of drift, chance of C-Score",
        ),
        Line2D([], [], lw=7, color=style.QUIET, alpha=0.25, label="95 % interval over patients"),
    ]
    marks = [Line2D([], [], label=label, **looks) for label, looks in MARKS.values()]
    return curves, marks
