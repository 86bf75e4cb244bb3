"""Training curves: loss and accuracy of every seed, transfer learning and fine-tuning on one time axis."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.figures import style
from evidrift.report.words.names import safe_text

Run = tuple[str, int]  # architecture, seed
COLUMN, ROW, GAP = 3.5, 2.1, 0.3
LEFT, RIGHT, TOP, BOTTOM = 0.75, 0.25, 0.55, 0.6
NARROWEST = COLUMN + 0.9  # what title and legend need
TRAINING: dict[str, Any] = {"lw": 0.9, "ls": (0, (3, 2)), "alpha": 0.75}
VALIDATION: dict[str, Any] = {"lw": 1.7}
KEPT: dict[str, Any] = {"ls": "", "marker": "o", "ms": 6.5, "mfc": "white", "mew": 1.6}


def training_curves(
    histories: Mapping[Run, Mapping[str, pd.DataFrame]],
    chosen: Mapping[Run, Mapping[str, int]],
    path: Path,
) -> None:
    """Draw one column an architecture: loss above, accuracy below.

    Args:
        histories: by (architecture, seed): the tables `tl` and `ft` with the columns epoch, train_loss,
            train_accuracy, validation_loss and validation_accuracy.
        chosen: by (architecture, seed): the epoch of `tl` and of `ft` whose weights were kept, marked
            on the curve.
        path: of the PNG.
    """
    architectures = list(dict.fromkeys(architecture for architecture, _ in histories))
    seeds = sorted({seed for _, seed in histories})
    palette = dict(zip(seeds, style.colours(len(seeds)), strict=True))
    width = max(NARROWEST, len(architectures) * (COLUMN + GAP) - GAP)
    with style.figure_style():
        legends = _legends(palette)
        top = TOP + style.legends_height(legends, width) + 0.6
        height = top + 2 * ROW + GAP + BOTTOM
        figure = style.titled_figure(
            LEFT + width + RIGHT, height, LEFT, "Transfer learning, then fine-tuning"
        )
        style.add_legends(figure, LEFT, TOP, width, legends)
        for number, architecture in enumerate(architectures):
            left = LEFT + number * (COLUMN + GAP)
            loss = style.add_axes(figure, left, top, COLUMN, ROW)
            accuracy = style.add_axes(figure, left, top + ROW + GAP, COLUMN, ROW)
            runs = [run for run in histories if run[0] == architecture]
            switch = max(int(histories[run]["tl"]["epoch"].max()) for run in runs)
            for run in runs:
                for axes, measure in ((loss, "loss"), (accuracy, "accuracy")):
                    _draw(axes, histories[run], chosen.get(run, {}), measure, switch, palette[run[1]])
            loss.set_ylim(0, _highest_loss(histories))
            _dress(loss, accuracy, switch, first=number == 0)
            loss.set_title(safe_text(architecture, 32), weight="bold", size=10.5, loc="left", pad=20)
        style.save_png(figure, path)


def _draw(
    axes: Axes,
    tables: Mapping[str, pd.DataFrame],
    chosen: Mapping[str, int],
    measure: str,
    switch: int,
    colour: str,
) -> None:
    """One seed's curves; fine-tuning starts where the longest transfer learning of its column ends."""
    for checkpoint, start in zip(CHECKPOINTS, (0, switch), strict=True):
        table = tables[checkpoint]
        epochs = start + table["epoch"].to_numpy()
        validation = table[f"validation_{measure}"].to_numpy()
        dot = "." if len(table) == 1 else ""  # one epoch makes no line
        axes.plot(epochs, table[f"train_{measure}"], **TRAINING, color=colour, marker=dot)
        axes.plot(epochs, validation, **VALIDATION, color=colour, marker=dot)
        kept = table["epoch"].to_numpy() == chosen.get(checkpoint)
        axes.plot(epochs[kept], validation[kept], **KEPT, color=colour, zorder=5)


def _dress(loss: Axes, accuracy: Axes, switch: int, first: bool) -> None:
    """Axis labels, the line at the switch, and what lies on its two sides."""
    for axes, name in ((loss, "loss (cross-entropy)"), (accuracy, "accuracy")):
        axes.axvline(switch + 0.5, color=style.INK, lw=1)
        style.along_epochs(axes, name, first)
    accuracy.set_ylim(0, 1)
    accuracy.set_xlim(loss.get_xlim())
    accuracy.set_xlabel("epoch, counted through")
    loss.tick_params(labelbottom=False)
    for stage, side, away in (("transfer learning", "right", -5), ("fine-tuning", "left", 5)):
        loss.annotate(
            stage,
            (switch + 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(away, 4),
            textcoords="offset points",
            ha=side,
            size=8.5,
            color=style.QUIET,
        )


def _legends(palette: Mapping[int, str]) -> tuple[list[Line2D], list[Line2D]]:
    """What the colours mean, and what the lines mean."""
    seeds = [Line2D([], [], color=colour, lw=3, label=f"seed {seed}") for seed, colour in palette.items()]
    lines = [
        Line2D([], [], **VALIDATION, color=style.QUIET, label="validation"),
        Line2D([], [], **TRAINING, color=style.QUIET, label="training"),
        Line2D([], [], **KEPT, color=style.QUIET, label="epoch kept"),
    ]
    return seeds, lines


def _highest_loss(histories: Mapping[Run, Mapping[str, pd.DataFrame]]) -> float:
    """Top of the shared loss axis: the highest finite loss and a little more."""
    tables = [run[checkpoint] for run in histories.values() for checkpoint in CHECKPOINTS]
    losses = np.concatenate([table[["train_loss", "validation_loss"]].to_numpy().ravel() for table in tables])
    finite = losses[np.isfinite(losses)]
    return 1.05 * float(finite.max()) if finite.size and finite.max() > 0 else 1.0
