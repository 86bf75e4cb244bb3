"""The specification curve: what the paper's question would have been answered by every reasonable choice."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from evidrift.compare.findings.choices import (
    ABOUT,
    COHORTS,
    NONE,
    OPPOSITE,
    OPPOSITE_OPEN,
    SAME,
    SAME_OPEN,
    UNKNOWN,
    agreeing,
    measure_words,
)
from evidrift.report.figures import style
from evidrift.report.words.names import method_name, safe_text

LEFT, RIGHT, TOP = 2.35, 0.3, 1.55
COLUMN, GAP, HEAD, CURVE, ROW, BETWEEN, BELOW = 3.1, 0.35, 0.62, 1.35, 0.135, 0.1, 0.35
FARTHEST = 1.5  # of the mean drift: what lies beyond is drawn at the edge
FOR, AGAINST = style.COLOURS[0], style.COLOURS[1]
NOTHING = "#9a9a9a"
# Colour and whether filled, by what a choice says.
LOOKS = {
    SAME: (FOR, True),
    SAME_OPEN: (FOR, False),
    NONE: (NOTHING, False),
    UNKNOWN: (NOTHING, False),
    OPPOSITE_OPEN: (AGAINST, False),
    OPPOSITE: (AGAINST, True),
}
WORDS = {
    SAME: "same, shown",
    SAME_OPEN: "same, not shown",
    NONE: "no reversal observed",
    OPPOSITE_OPEN: "opposite, not shown",
    OPPOSITE: "opposite, shown",
}
TITLE = "Would another choice have given another answer?"
ABOUT_IT = (
    "Each point is one reasonable choice of layer, measure and images; under it stands which. Points are "
    "sorted.\nHeight: the lead in stability, in % of the two architectures' mean drift; above 0 as by the "
    "study's own choice\n(dashed line), below 0 the other way round. Filled: shown, the interval excludes 0. "
    "Choices share films and trainings."
)
POINT: dict[str, Any] = {"ls": "", "marker": "o", "ms": 4.2, "mew": 1}
OWN: dict[str, Any] = {"color": style.INK, "lw": 0.9, "ls": (0, (3, 2))}


def specification_curve(choices: pd.DataFrame, path: Path) -> None:
    """Draw a panel a claim: its lead by every choice, sorted, and under it which choice that is.

    Args:
        choices: from `findings.multiverse.multiverse`, not empty.
        path: of the PNG.
    """
    rows = choices.assign(relative=choices["lead"] / choices["drift"])
    for name in ("low", "high"):
        rows[f"relative_{name}"] = rows[name] / rows["drift"]
    claims = list(rows.groupby(list(ABOUT), sort=False))
    pairs = list(dict.fromkeys((about[1], about[2]) for about, _ in claims))
    methods = list(dict.fromkeys((about[3], about[4]) for about, _ in claims))
    features = _features(rows)
    matrix = ROW * sum(len(names) + 1 for names in features.values())
    panel = HEAD + CURVE + BETWEEN + matrix + BELOW
    width = max(len(methods) * (COLUMN + GAP) - GAP, 2 * COLUMN + GAP)
    with style.figure_style():
        figure = style.titled_figure(
            LEFT + width + RIGHT, TOP + panel * len(pairs), 0.3, TITLE, ABOUT_IT, size=9
        )
        style.add_legends(figure, 0.3, TOP - 0.35, LEFT + width, [_legend()])
        for about, own in claims:
            row, column = pairs.index((about[1], about[2])), methods.index((about[3], about[4]))
            left, top = LEFT + column * (COLUMN + GAP), TOP + row * panel
            ordered = own.sort_values(["relative", "layer", "measure", "cohort"], ignore_index=True)
            _head(figure, left, top, about, ordered)
            curve = style.add_axes(figure, left, top + HEAD, COLUMN, CURVE)
            _curve(curve, ordered, first=column == 0)
            if about[0] == "difference":
                _say_who(curve, ordered["stable"][0], about[1:3])
            below = style.add_axes(figure, left, top + HEAD + CURVE + BETWEEN, COLUMN, matrix)
            _matrix(below, ordered, features, first=column == 0)
        style.save_png(figure, path)


def _features(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The choices by what is chosen, in the order of the table."""
    return {name: list(dict.fromkeys(rows[name])) for name in ("layer", "measure", "cohort")}


def _head(figure: Any, left: float, top: float, about: tuple[str, ...], own: pd.DataFrame) -> None:
    kind, arch, other, method, against = about
    names = " and ".join(safe_text(each, 16) for each in (arch, other))
    style.write(figure, left, top, names, weight="bold", size=9.5)
    what = f"{method_name(method)}: who is more stable"
    if kind == "reversal":
        what = f"order reversed between {method_name(method)} and {method_name(against)}"
    decided = own[own["says"] != UNKNOWN]
    agree = int(agreeing(own)[decided.index].sum())
    turned = int((own["says"] == OPPOSITE).sum())
    shows = f"{turned or 'none'} {'shows' if turned < 2 else 'show'} the opposite"
    counts = f"{agree} of {len(decided)} choices agree, {shows}"
    style.write(figure, left, top + 0.19, what, size=8.5)
    style.write(figure, left, top + 0.36, counts, size=8.5, color=AGAINST if turned else style.QUIET)


def _curve(axes: Axes, own: pd.DataFrame, first: bool) -> None:
    axes.axhline(0, color=style.INK, lw=0.8)
    for at, row in enumerate(own.itertuples()):
        colour, filled = LOOKS[row.says]
        low, value, high = np.clip([row.relative_low, row.relative, row.relative_high], -FARTHEST, FARTHEST)
        axes.plot([at, at], [low, high], color=colour, lw=1, alpha=0.45)
        axes.plot([at], [value], **POINT, color=colour, mfc=colour if filled else "white", zorder=4)
        if row.own:
            axes.axvline(at, **OWN, zorder=0)
    axes.set_xlim(-1, len(own))
    axes.set_ylim(-FARTHEST, FARTHEST)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(labelleft=first, labelbottom=False, bottom=False)
    axes.spines["bottom"].set_visible(False)
    style.level_lines(axes)


def _say_who(axes: Axes, stable: str, pair: tuple[str, ...]) -> None:
    """Who leads above the line, and who below it."""
    other = next(each for each in pair if each != stable)
    looks: dict[str, Any] = {"transform": axes.transAxes, "size": 7.5}
    axes.text(0.02, 0.98, f"{safe_text(stable, 20)} more stable", va="top", color=FOR, **looks)
    axes.text(0.98, 0.02, f"{safe_text(other, 20)} more stable", ha="right", color=AGAINST, **looks)


def _matrix(axes: Axes, own: pd.DataFrame, features: dict[str, list[str]], first: bool) -> None:
    """A row a choice, a tick where it was taken."""
    place, names = 0.0, {}
    for name, values in features.items():
        for value in values:
            names[place] = _named(name, value)
            for at in np.flatnonzero(own[name] == value):
                colour = LOOKS[own["says"][at]][0]
                axes.plot([at, at], [place - 0.34, place + 0.34], color=colour, lw=1.7, solid_capstyle="butt")
            place += 1
        place += 1
    for mine in np.flatnonzero(own["own"]).tolist():
        axes.axvline(mine, **OWN, zorder=0)
    axes.set_xlim(-1, len(own))
    axes.set_ylim(place - 1, -1)
    axes.set_yticks(list(names), list(names.values()) if first else [])
    axes.tick_params(axis="both", length=0, labelsize=7.5, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _named(name: str, value: str) -> str:
    if name == "measure":
        return measure_words(value)
    return COHORTS[value] if name == "cohort" else f"layer {safe_text(value, 24)}"


def _legend() -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            **POINT,
            color=LOOKS[says][0],
            mfc=LOOKS[says][0] if LOOKS[says][1] else "white",
            label=words,
        )
        for says, words in WORDS.items()
    ]
