"""The report's charts: plotly's, with the table of their numbers beside them."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from evidrift.measures.of_pairs import MOVED_SHARE
from evidrift.report.figures.style import GRID, INK, QUIET, colours
from evidrift.report.page.material import Material
from evidrift.report.words.cells import MEASURES
from evidrift.report.words.claimed import with_bounds
from evidrift.report.words.names import method_name

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
HOLLOW, CROSS, TICK = "-open", "x-thin", "line-ns"
BESIDE = {"shared": "shared part", "floor_ft": "seed floor", "scale": "scale"}
HIGHEST = dict.fromkeys(MEASURES, 1.0) | {"correlation": 2.0}  # that a measure can be
# A label keeps away from a mark at the axis.
NEXT_TO = {"ticks": "outside", "ticklen": 9, "tickcolor": "white"}
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
    """Drift by method and architecture, with its interval, its shared part and the scale."""
    drift = material.at_layer("drift")
    rows = drift[(drift["measure"] == MOVED_SHARE) & drift["mean"].notna()]
    rows = with_bounds(rows, recipe=material.summary.kind == "study")
    if rows.empty:
        return None
    names = rows["method"].map(method_name)
    figure = _by_row(material, rows, names, "mean")
    _add_beside(figure, material, rows, names, {"shared": HOLLOW, "scale": TICK})
    figure.update_xaxes(title_text="drift (moved share)", range=[0, 1])
    return Chart(
        "ranking",
        "Drift (filled), its shared part (hollow) and the scale (tick), by attribution method",
        "Points with 95 % intervals: drift from 0, the same place, to 1, elsewhere altogether, for each "
        "attribution method and architecture. Smaller is more stable. Hollow points: the part that every "
        "training moves alike; ticks: the scale, from one patient to another. The table below holds the "
        "same numbers.",
        "",
        (("", plain(figure)),),
    )


def levels_chart(material: Material) -> Chart | None:
    """Each measure as it is, beside the seed floor of the tuned checkpoint and the scale."""
    drift = material.at_layer("drift")
    variants = []
    for measure, name in MEASURES.items():
        rows = drift[(drift["measure"] == measure) & drift["mean"].notna()].drop(columns=["low", "high"])
        if rows.empty:
            continue
        names = rows["method"].map(method_name)
        figure = _by_row(material, rows, names, "mean")
        _add_beside(figure, material, rows, names, {"floor_ft": CROSS, "scale": TICK})
        shown = rows[["mean", "floor_ft", "scale"]].max(axis=None)
        figure.update_xaxes(title_text=f"{name}, mean", range=from_zero(shown, HIGHEST[measure]))
        variants.append((name, plain(figure)))
    if not variants:
        return None
    return Chart(
        "levels",
        "Each measure (point), what two trainings differ by (cross) and the scale (tick)",
        "Points: mean drift for each attribution method and architecture; crosses: the seed floor of the "
        "tuned checkpoint; ticks: the scale. The table below holds the same numbers.",
        "Measure",
        tuple(variants),
    )


def class_chart(material: Material) -> Chart | None:
    """Drift by class, a variant a method."""
    classes = material.at_layer("classes")
    rows = classes[classes["drift"].notna()].rename(columns={"drift_low": "low", "drift_high": "high"})
    return _drift_chart(
        material,
        rows,
        "label",
        "classes",
        "Drift by class",
        "Points with 95 % intervals: drift, as moved share from 0 to 1, of the images of each class that "
        "are right before and after, by architecture. The table below holds the same numbers.",
    )


def cohort_chart(means: pd.DataFrame, material: Material, names: dict[str, str]) -> Chart | None:
    """Drift by cohort, a variant a method.

    Args:
        means: arch, method, cohort and drift, of `sections.cohort_means`.
        material: the report's.
        names: of the cohorts.
    """
    place = means["cohort"].map(list(names).index)
    ordered = means.assign(cohort=means["cohort"].map(names)).loc[place.sort_values(kind="stable").index]
    return _drift_chart(
        material,
        ordered,
        "cohort",
        "cohorts",
        "Drift by what became of the prediction",
        "Points: mean drift, as moved share from 0 to 1, of the images whose prediction stayed right, "
        "became wrong, became right or stayed wrong, by architecture. The table below holds the same "
        "numbers.",
    )


def _drift_chart(
    material: Material, rows: pd.DataFrame, key: str, name: str, title: str, alt: str
) -> Chart | None:
    """Drift in a row for each word of the column `key`, a variant a method; None without any."""
    variants = []
    for method in dict.fromkeys(rows["method"]):
        own = rows[rows["method"] == method]
        figure = _by_row(material, own, own[key].map(str), "drift")
        figure.update_xaxes(title_text="drift (moved share)", range=[0, 1])
        variants.append((method_name(method), plain(figure)))
    return Chart(name, title, alt, "Method", tuple(variants)) if variants else None


def _by_row(material: Material, rows: pd.DataFrame, names: pd.Series, value: str) -> go.Figure:
    """A row a name, in it a point an architecture, one below the other.

    Args:
        material: the report's.
        rows: arch and the value, with its interval `low` to `high` if it has one.
        names: by row.
        value: column of the points.
    """
    order = list(dict.fromkeys(names))
    figure = new_figure(ROW * len(order) + HEAD)
    for number, (arch, colour, part, places) in enumerate(_parts(material, rows, names)):
        figure.add_scatter(
            **places,
            x=numbers(part[value]),
            error_x=interval(part, value, thickness=2) if "low" in part else None,
            cliponaxis=False,
            name=arch,
            showlegend=len(material.summary.architectures) > 1,
            marker={"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9},
        )
    for at in range(1, len(order)):
        figure.add_hline(y=at - 0.5, line={"color": GRID, "width": 1})
    ticks = {"tickvals": list(range(len(order))), "ticktext": order, **NEXT_TO}
    figure.update_yaxes(range=[len(order) - 0.5, -0.5], showgrid=False, zeroline=False, **ticks)
    return figure


def _parts(
    material: Material, rows: pd.DataFrame, names: pd.Series
) -> Iterator[tuple[str, str, pd.DataFrame, dict[str, Any]]]:
    """By architecture: its name, its colour, its rows, and its points' places and names."""
    architectures = material.summary.architectures
    order = list(dict.fromkeys(names))
    for number, (arch, colour) in enumerate(zip(architectures, colours(len(architectures)), strict=True)):
        own = rows["arch"] == arch
        places = [order.index(name) + offset(number, len(architectures)) for name in names[own]]
        hover = "%{text}<br>%{fullData.name}: %{x:.3f}<extra></extra>"
        shown = {"y": places, "text": list(names[own]), "mode": "markers", "hovertemplate": hover}
        yield arch, colour, rows[own], shown


def _add_beside(
    figure: go.Figure, material: Material, rows: pd.DataFrame, names: pd.Series, marks: dict[str, str]
) -> None:
    """What each point stands beside: columns of the rows, and their symbols."""
    for number, (arch, colour, part, places) in enumerate(_parts(material, rows, names)):
        for column, symbol in marks.items():
            shape = f"{SYMBOLS[number % len(SYMBOLS)]}-open" if symbol == HOLLOW else symbol
            figure.add_scatter(
                **places,
                x=numbers(part[column]),
                cliponaxis=False,
                marker={"color": colour, "symbol": shape, "size": 9 if symbol != TICK else 13},
                marker_line={"color": colour, "width": 2},
                showlegend=False,
                name=f"{arch}, {BESIDE[column]}",
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


def from_zero(highest: float, limit: float) -> list[float]:
    """An axis from 0 to a little more than what it shows, and never past what can be."""
    return [0.0, min(1.08 * highest if highest > 0 else 1.0, limit)]


def offset(number: int, n: int) -> float:
    """Where the number-th of n points lies inside its row, from its middle."""
    return 0.0 if n == 1 else 0.56 * (number / (n - 1) - 0.5)


def plain(figure: go.Figure) -> dict[str, Any]:
    """A figure as JSON's types; names in it stay as they are, though plotly reads some HTML."""
    found: dict[str, Any] = figure.to_plotly_json()
    for trace in found["data"]:
        trace |= {key: _literal(trace[key]) for key in ("name", "text") if trace.get(key) is not None}
    for name, axis in found["layout"].items():
        if name.startswith(("xaxis", "yaxis")) and "ticktext" in axis:
            axis["ticktext"] = _literal(axis["ticktext"])
    return found


def _literal(text: Any) -> Any:
    if isinstance(text, str):
        return html.escape(text, quote=False)
    return [html.escape(str(each), quote=False) for each in text]


def interval(rows: pd.DataFrame, value: str, thickness: float) -> dict[str, Any]:
    """Error bars from `low` to `high` of a share: a bound may lie where no share can."""
    low, high = rows["low"].clip(lower=0), rows["high"].clip(upper=1)
    return {
        "type": "data",
        "symmetric": False,
        "array": numbers(high - rows[value]),
        "arrayminus": numbers(rows[value] - low),
        "thickness": thickness,
        "width": 0,
    }


def numbers(values: Sequence[float] | pd.Series) -> list[float | None]:
    """Numbers for JSON: rounded, None for what is missing."""
    return [None if pd.isna(value) else round(float(value), 6) for value in values]
