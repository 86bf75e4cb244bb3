"""Paired differences between two models by group of films, around zero, with the margin of the gate."""

from typing import Any

import plotly.graph_objects as go

from evidrift.compare.record import Record
from evidrift.report.figures.style import GRID, INK, colours
from evidrift.report.page.charts.rows import HEAD, NEXT_TO, SYMBOLS, Chart, new_figure, numbers, offset, plain
from evidrift.report.page.material import Material
from evidrift.report.words import compared
from evidrift.report.words.compared import MEASURES, Row
from evidrift.report.words.limits import DROPS, margins

ROW = 34  # px of a row
EDGE = 0.02  # the axis reaches at least this far on both sides of zero


def forest_chart(material: Material) -> Chart | None:
    """Differences of all films, each class and each subgroup, a variant a measure; None without labels."""
    record = material.summary.record
    if record is None or not record.differences:
        return None
    allowed = margins(material.summary.gate)
    variants = []
    for measure, name in MEASURES.items():
        rows = _rows(record, measure)
        if rows:
            variants.append((name, plain(_drawn(record, rows, name, allowed))))
    if not variants:
        return None
    return Chart(
        "forest",
        "Differences between the models, on the same films",
        "Points with 95 % intervals around zero: the newer model's value less that of the model that it is "
        "held against, for all films, each class and each subgroup. A broken line: the margin that the gate "
        "allows. The tables below hold the same numbers.",
        "Measure",
        tuple(variants),
    )


def _rows(record: Record, measure: str) -> list[Row]:
    """All films, classes, subgroups: those of which a difference is known."""
    whole, by_label, by_column = (
        list(compared.rows(record, by_label=label, by_column=column))
        for label, column in ((False, False), (True, False), (False, True))
    )
    return [
        row
        for row in (*whole, *by_label, *by_column)
        if row.measure == measure
        and any(each and each.value is not None for each in row.differences.values())
    ]


def _drawn(record: Record, rows: list[Row], name: str, allowed: dict[str, float]) -> go.Figure:
    pairs = compared.pairs_of(record)
    figure = new_figure(max(ROW, 18 * len(pairs)) * len(rows) + HEAD)
    names = [compared.group_name(row.group) for row in rows]
    margins = {at: margin for at, row in enumerate(rows) if (margin := _margin(row, allowed)) is not None}
    ends = [0.0, *(-1.25 * margin for margin in margins.values())]
    for number, (pair, colour) in enumerate(zip(pairs, colours(len(pairs)), strict=True)):
        found = [row.differences[pair] for row in rows]
        points = [
            (at, each.value, each.low, each.high)
            for at, each in enumerate(found)
            if each is not None and each.value is not None
        ]
        ends += [end for _, *values in points for end in values if end is not None]
        figure.add_scatter(
            x=numbers([value for _, value, _, _ in points]),
            y=[at + offset(number, len(pairs)) for at, *_ in points],
            error_x=_bars(points),
            text=[names[at] for at, *_ in points],
            hovertemplate="%{text}<br>%{fullData.name}: %{x:.3f}<extra></extra>",
            mode="markers",
            name=compared.pair_name(record, pair),
            showlegend=True,
            cliponaxis=False,
            marker={"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9},
        )
    for at in range(1, len(rows)):
        figure.add_hline(y=at - 0.5, line={"color": GRID, "width": 1})
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    _add_margins(figure, margins)
    low, high = max(-1.0, 1.08 * min(ends) - EDGE), min(1.0, 1.08 * max(ends) + EDGE)
    figure.update_xaxes(
        title_text=f"difference in {name if name.isupper() else name.lower()}", range=[low, high]
    )
    ticks = {"tickvals": list(range(len(names))), "ticktext": names, **NEXT_TO}
    figure.update_yaxes(range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False, **ticks)
    return figure


def _margin(row: Row, allowed: dict[str, float]) -> float | None:
    """How much less the gate allows of this measure on these films; None where it does not say."""
    about = (row.measure, row.group.label is not None, row.group.column is not None)
    return next((margin for key, margin in allowed.items() if DROPS[key] == about), None)


def _add_margins(figure: go.Figure, margins: dict[int, float]) -> None:
    """A broken line through each row that has a margin, black since it is no model's; one legend for all."""
    if not margins:
        return
    x = [end for margin in margins.values() for end in (-margin, -margin, None)]
    y = [end for at in margins for end in (at - 0.5, at + 0.5, None)]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        name="most that the gate allows",
        hovertemplate="at most %{x:.3f}<extra>the gate</extra>",
        line={"color": INK, "width": 1.5, "dash": "dash"},
    )


def _bars(points: list[tuple[int, float, float | None, float | None]]) -> dict[str, Any]:
    """Error bars; none at a point whose interval is not known."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [None if high is None else round(high - value, 6) for _, value, _, high in points],
        "arrayminus": [None if low is None else round(value - low, 6) for _, value, low, _ in points],
        "thickness": 2,
        "width": 0,
    }
