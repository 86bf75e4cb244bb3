"""Charts along time: drift epoch by epoch, and the training curves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.report.figures.style import INK, colours
from evidrift.report.page.charts.rows import Chart, from_zero, interval, new_figure, numbers, plain
from evidrift.report.page.material import Material
from evidrift.report.words.names import method_name

HEIGHT = 560
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def along_chart(material: Material) -> Chart | None:
    """Drift after each epoch of fine-tuning, and accuracy below it; a variant a method."""
    table = material.table("along_training")
    table = table[table["drift"].notna()]
    if table.empty:
        return None
    architectures = material.summary.architectures
    palette = dict(zip(architectures, colours(len(architectures)), strict=True))
    variants = []
    for method, rows in table.groupby("method", sort=False):
        figure = _two_panels(
            "drift (moved share)", 1, "accuracy (validation)", "epoch of fine-tuning; 0 is before"
        )
        for (arch, seed), run in rows.groupby(["arch", "seed"], sort=False):
            dash = DASHES[material.summary.seeds.index(int(seed)) % len(DASHES)]
            name = f"{arch}, seed {seed}"
            looks: dict[str, Any] = {
                "x": [int(epoch) for epoch in run["epoch"]],
                "mode": "lines+markers",
                "cliponaxis": False,
                "name": name,
                "legendgroup": name,
                "hovertemplate": "epoch %{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
                "line": {"color": palette[arch], "dash": dash, "width": 2},
            }
            error = interval(run, "drift", thickness=1.2)
            figure.add_scatter(**looks, y=numbers(run["drift"]), error_y=error)
            figure.add_scatter(**looks, y=numbers(run["accuracy"]), yaxis="y2", showlegend=False)
        variants.append((method_name(str(method)), plain(figure)))
    return Chart(
        "along",
        "Drift along fine-tuning, and accuracy with it",
        "Lines: above, drift from the transfer-learned checkpoint after each epoch of fine-tuning, as "
        "moved share with 95 % intervals; below, accuracy on validation images. The table below holds the "
        "same numbers.",
        "Method",
        tuple(variants),
    )


def training_chart(material: Material) -> Chart | None:
    """Loss and accuracy of every epoch; a variant an architecture."""
    if material.summary.histories is None:
        return None
    table = pd.DataFrame(material.summary.histories)
    seeds = material.summary.seeds
    palette = dict(zip(seeds, colours(len(seeds)), strict=True))
    variants = []
    for arch, rows in table.groupby("arch", sort=False):
        _, highest = from_zero(rows[["train_loss", "validation_loss"]].max(axis=None), np.inf)
        figure = _two_panels("loss (cross-entropy)", highest, "accuracy", "epoch, counted through")
        first = rows[rows["checkpoint"] == CHECKPOINTS[0]]
        switch = int(first["epoch"].max()) if len(first) else 0
        for seed, run in rows.groupby("seed", sort=False):
            for trace in _traces(run, int(seed), switch, palette[int(seed)]):
                figure.add_trace(trace)
        figure.add_vline(x=switch + 0.5, line={"color": INK, "width": 1})
        figure.add_annotation(
            x=switch + 0.5,
            y=1,
            yref="paper",
            yanchor="top",
            xanchor="right",
            bgcolor="white",
            text="fine-tuning →",
            showarrow=False,
        )
        variants.append((str(arch), plain(figure)))
    return Chart(
        "training",
        "Training curves",
        "Lines: loss above and accuracy below, by epoch, of each seed; solid on validation images, dotted "
        "on training images. A ring marks the epoch whose weights were kept. The table below holds those "
        "epochs.",
        "Architecture",
        tuple(variants),
    )


def _traces(run: pd.DataFrame, seed: int, switch: int, colour: str) -> Iterator[go.Scatter]:
    """One seed's lines: training dotted, validation solid, a ring at the epochs kept."""
    for checkpoint, start in zip(CHECKPOINTS, (0, switch), strict=True):
        rows = run[run["checkpoint"] == checkpoint]
        rows = rows.assign(epoch=start + rows["epoch"].astype(int))
        kept = rows[rows["kept"].astype(bool)]
        for axis, measure in (("y", "loss"), ("y2", "accuracy")):
            shared: dict[str, Any] = {"yaxis": axis, "legendgroup": f"seed {seed}"}
            for split, dash, width in (("train", "dot", 1.2), ("validation", "solid", 2)):
                yield go.Scatter(
                    **shared,
                    x=rows["epoch"].tolist(),
                    y=numbers(rows[f"{split}_{measure}"]),
                    mode="lines" if len(rows) > 1 else "markers",
                    name=f"seed {seed}",
                    showlegend=(checkpoint, axis, split) == (CHECKPOINTS[0], "y", "validation"),
                    line={"color": colour, "dash": dash, "width": width},
                    hovertemplate=f"epoch %{{x}}, {split} {measure}: %{{y:.3f}}<extra>seed {seed}</extra>",
                )
            yield go.Scatter(
                **shared,
                x=kept["epoch"].tolist(),
                y=numbers(kept[f"validation_{measure}"]),
                mode="markers",
                name=f"seed {seed}, epoch kept",
                showlegend=False,
                marker={"color": "white", "size": 9, "line": {"color": colour, "width": 2}},
                hovertemplate="epoch %{x} kept: %{y:.3f}<extra>%{fullData.name}</extra>",
            )


def _two_panels(above: str, highest: float, below: str, time: str) -> go.Figure:
    """Two panels over one axis of time; the upper one's axis goes from 0 to `highest`."""
    figure = new_figure(HEIGHT)
    looks = figure.layout.yaxis.to_plotly_json()
    figure.update_layout(
        xaxis={"title": {"text": time}, "anchor": "y2"},
        yaxis={"title": {"text": above}, "domain": [0.53, 1], "range": [0, highest]},
        yaxis2=looks | {"title": {"text": below, "font": {"size": 13}}, "domain": [0, 0.43], "range": [0, 1]},
    )
    return figure
