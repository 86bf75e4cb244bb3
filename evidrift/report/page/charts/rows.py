"""The report's charts: plotly's, with the table of their numbers beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from evidrift.report.figures.style import GRID, INK, QUIET, colours
from evidrift.report.page.material import Material
from evidrift.report.words.cells import MEASURES
from evidrift.report.words.names import method_name
from evidrift.report.words.shares import best_known_interval

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
ROW, HEAD = 46, 120  # px: a row of a chart with names at its left, and what lies around the rows


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        name: in the page's addresses.
        title: what it shows.
        alt: the same for those who do not see it, with its units.
        choose: what its variants differ by, "" with a single one.
        variants: name and figure.
    """

    name: str
    title: str
    alt: str
    choose: str
    variants: tuple[tuple[str, dict[str, Any]], ...]


def ranking_chart(material: Material) -> Chart | None:
    """Share of the way from floor to chance, by method and architecture, with intervals."""
    drift = material.at_layer("drift")
    rows = drift[(drift["measure"] == "overlap") & drift["normalised"].notna()]
    if rows.empty:
        return None
    known = [best_known_interval(row) for row in rows.to_dict("records")]
    bounds = pd.DataFrame(known, index=rows.index, columns=["low", "high"])
    figure = _by_row(material, rows, rows["method"], "normalised", bounds)
    figure.update_yaxes(range=[figure.layout.yaxis.range[0], -1.0])  # room for the two words
    for at, words in ((0, "floor"), (1, "chance")):
        figure.add_vline(x=at, line={"color": QUIET, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=at, y=1, yref="paper", yanchor="top", text=words, showarrow=False, bgcolor="white"
        )
    figure.update_xaxes(title_text="share of the way")
    return Chart(
        "ranking",
        "How far the evidence moved, by attribution method",
        "Points with 95 % intervals: share of the way from floor, 0, to chance, 1, for each attribution "
        "method and architecture. Smaller is more stable. The table below holds the same numbers.",
        "",
        (("", plain(figure)),),
    )


def levels_chart(material: Material) -> Chart | None:
    """Each measure as it is, beside its own floor and chance."""
    drift = material.at_layer("drift")
    variants = []
    for measure, name in MEASURES.items():
        rows = drift[(drift["measure"] == measure) & drift["mean"].notna()]
        if rows.empty:
            continue
        figure = _by_row(material, rows, rows["method"], "mean", None)
        _add_levels(figure, material, rows)
        figure.update_xaxes(title_text=f"{name}, mean", rangemode="tozero")
        variants.append((name, plain(figure)))
    if not variants:
        return None
    return Chart(
        "levels",
        "Each measure (point) between its floor (left tick) and chance (right tick)",
        "Points: mean drift for each attribution method and architecture; vertical ticks: its floor at the"
        " left and its chance at the right. The table below holds the same numbers.",
        "Measure",
        tuple(variants),
    )


def class_chart(material: Material) -> Chart | None:
    """Drift by class, a variant a method."""
    classes = material.at_layer("classes")
    classes = classes[classes["drift"].notna()]
    if classes.empty:
        return None
    variants = []
    for method, rows in classes.groupby("method", sort=False):
        bounds = rows[["drift_low", "drift_high"]].set_axis(["low", "high"], axis=1)
        figure = _by_row(material, rows, rows["label"], "drift", bounds, names=str)
        figure.update_xaxes(title_text="drift (1 - overlap)", range=[0, 1])
        variants.append((method_name(str(method)), plain(figure)))
    return Chart(
        "classes",
        "Drift by class",
        "Points with 95 % intervals: drift, 1 minus overlap from 0 to 1, of the images of each class that "
        "are right before and after, by architecture. The table below holds the same numbers.",
        "Method",
        tuple(variants),
    )


def cohort_chart(means: pd.DataFrame, material: Material, names: dict[str, str]) -> Chart | None:
    """Drift by cohort, a variant a method.

    Args:
        means: arch, method, cohort and drift, of `sections.cohort_means`.
        material: the report's.
        names: of the cohorts.
    """
    if means.empty:
        return None
    variants = []
    for method, rows in means.groupby("method", sort=False):
        ordered = rows.sort_values("cohort", key=lambda values: values.map(list(names).index), kind="stable")
        figure = _by_row(material, ordered, ordered["cohort"], "drift", None, names=lambda key: names[key])
        figure.update_xaxes(title_text="drift (1 - overlap)", range=[0, 1])
        variants.append((method_name(str(method)), plain(figure)))
    return Chart(
        "cohorts",
        "Drift by what became of the prediction",
        "Points: mean drift, 1 minus overlap from 0 to 1, of the images whose prediction stayed right, "
        "became wrong, became right or stayed wrong, by architecture. The table below holds the same "
        "numbers.",
        "Method",
        tuple(variants),
    )


def _by_row(
    material: Material,
    rows: pd.DataFrame,
    keys: pd.Series,
    value: str,
    bounds: pd.DataFrame | None,
    names: Any = method_name,
) -> go.Figure:
    """A row of names a key, in it a point an architecture, one below the other."""
    architectures = material.summary.architectures
    palette = colours(len(architectures))
    order = list(dict.fromkeys(keys))
    figure = new_figure(ROW * len(order) + HEAD)
    for number, arch in enumerate(architectures):
        own = rows["arch"] == arch
        part = rows[own]
        places = [order.index(key) + offset(number, len(architectures)) for key in keys[own]]
        error = None
        if bounds is not None:
            here = bounds[own]
            error = {
                "type": "data",
                "symmetric": False,
                "array": numbers(here["high"] - part[value]),
                "arrayminus": numbers(part[value] - here["low"]),
                "thickness": 2,
                "width": 0,
            }
        figure.add_scatter(
            x=numbers(part[value]),
            y=places,
            error_x=error,
            mode="markers",
            name=arch,
            showlegend=len(architectures) > 1,
            text=[names(key) for key in keys[own]],
            marker={"color": palette[number], "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9},
            hovertemplate="%{text}<br>%{fullData.name}: %{x:.3f}<extra></extra>",
        )
    for at in range(1, len(order)):
        figure.add_hline(y=at - 0.5, line={"color": GRID, "width": 1})
    ticks = {"tickvals": list(range(len(order))), "ticktext": [names(key) for key in order]}
    figure.update_yaxes(range=[len(order) - 0.5, -0.5], showgrid=False, zeroline=False, **ticks)
    return figure


def _add_levels(figure: go.Figure, material: Material, rows: pd.DataFrame) -> None:
    """Ticks at each point's own floor and chance."""
    architectures = material.summary.architectures
    palette = colours(len(architectures))
    order = list(dict.fromkeys(rows["method"]))
    for number, arch in enumerate(architectures):
        part = rows[rows["arch"] == arch]
        places = [order.index(key) + offset(number, len(architectures)) for key in part["method"]]
        figure.add_scatter(
            x=[
                end
                for pair in zip(numbers(part["floor"]), numbers(part["chance"]), strict=True)
                for end in (*pair, None)
            ],
            y=[place for place in places for _ in range(3)],
            mode="lines",
            line={"color": palette[number], "width": 1},
            opacity=0.5,
            showlegend=False,
            hoverinfo="skip",
        )
        for level in ("floor", "chance"):
            figure.add_scatter(
                x=numbers(part[level]),
                y=places,
                mode="markers",
                marker={"color": palette[number], "symbol": "line-ns", "size": 13, "line": {"width": 2}},
                marker_line_color=palette[number],
                showlegend=False,
                text=[method_name(key) for key in part["method"]],
                name=f"{arch}, {level}",
                hovertemplate="%{text}<br>%{fullData.name}: %{x:.3f}<extra></extra>",
            )


def new_figure(height: int) -> go.Figure:
    """An empty figure in the report's look; as wide as its place."""
    figure = go.Figure()
    figure.update_layout(
        template=go.layout.Template(),
        height=height,
        margin={"l": 10, "r": 16, "t": 60, "b": 50},
        font={"family": FONT, "size": 14, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"bgcolor": "white", "font": {"color": INK}},
        dragmode=False,
    )
    looks: dict[str, Any] = {
        "gridcolor": GRID,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "linecolor": QUIET,
        "title_font_size": 13,
    }
    figure.update_xaxes(**looks)
    figure.update_yaxes(**looks)
    return figure


def offset(number: int, n: int) -> float:
    """Where the number-th of n points lies inside its row, from its middle."""
    return 0.0 if n == 1 else 0.56 * (number / (n - 1) - 0.5)


def plain(figure: go.Figure) -> dict[str, Any]:
    """A figure as JSON's types."""
    found: dict[str, Any] = figure.to_plotly_json()
    return found


def numbers(values: Sequence[float] | pd.Series) -> list[float | None]:
    """Numbers for JSON: rounded, None for what is missing."""
    return [None if pd.isna(value) else round(float(value), 6) for value in values]
