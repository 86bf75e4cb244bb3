"""The specification curve on the page: one claim's lead by every reasonable choice, which a pointer names."""

import pandas as pd

from evidrift.compare.findings.choices import (
    ABOUT,
    NONE,
    OPPOSITE,
    OPPOSITE_OPEN,
    SAME,
    SAME_OPEN,
    UNKNOWN,
    Choice,
)
from evidrift.report.figures.style import COLOURS, INK, QUIET
from evidrift.report.page.charts.rows import Chart, new_figure, numbers, plain
from evidrift.report.page.material import Material
from evidrift.report.words.names import method_name

HEIGHT = 340
FOR, AGAINST = COLOURS[0], COLOURS[1]
# Colour and symbol, by what a choice says.
LOOKS = {
    SAME: (FOR, "circle"),
    SAME_OPEN: (FOR, "circle-open"),
    NONE: (QUIET, "circle-open"),
    OPPOSITE_OPEN: (AGAINST, "diamond-open"),
    OPPOSITE: (AGAINST, "diamond"),
    UNKNOWN: (QUIET, "x-thin"),
}


def choices_chart(material: Material) -> Chart | None:
    """Each primary claim under every choice, sorted by its lead, a variant a claim."""
    rows = material.table("multiverse").astype({"against": object}).fillna({"against": ""})
    variants = [(_named(*about), _variant(own)) for about, own in rows.groupby(list(ABOUT), sort=False)]
    if not variants:
        return None
    return Chart(
        "choices",
        "The lead in stability by every reasonable choice",
        "Points with intervals at the claim's own level, sorted: the lead in stability under each choice of "
        "layer, measure and images, in % of the two architectures' mean drift. Above 0 as by the study's own "
        "choice, which has a ring; below 0 the other way round. multiverse.csv holds the same numbers.",
        "Claim",
        tuple(variants),
    )


def _named(kind: str, arch: str, other: str, method: str, against: str) -> str:
    """A claim in the list of variants."""
    asked = (
        f"{method_name(method)} against {method_name(against)}" if kind == "reversal" else method_name(method)
    )
    return f"{arch}, {other}: {'reversal, ' if kind == 'reversal' else ''}{asked}"


def _variant(own: pd.DataFrame) -> dict[str, object]:
    shares = {name: 100 * own[name] / own["drift"] for name in ("lead", "low", "high")}
    ordered = own.assign(**shares).sort_values(["lead", "layer", "measure", "cohort"], ignore_index=True)
    figure = new_figure(HEIGHT)
    for says, (colour, symbol) in LOOKS.items():
        part = ordered[ordered["says"] == says]
        if part.empty:
            continue
        figure.add_scatter(
            x=list(map(int, part.index)),
            y=numbers(part["lead"]),
            error_y={
                "type": "data",
                "symmetric": False,
                "array": numbers(part["high"] - part["lead"]),
                "arrayminus": numbers(part["lead"] - part["low"]),
                "thickness": 1,
                "width": 0,
            },
            text=[
                Choice(*row).words for row in part[list(Choice._fields)].itertuples(index=False, name=None)
            ],
            hovertemplate="%{text}<br>%{y:.0f} %<extra></extra>",
            mode="markers",
            name=says,
            marker={"color": colour, "symbol": symbol, "size": 8},
        )
    mine = ordered[ordered["own"]]
    figure.add_scatter(
        x=list(map(int, mine.index)),
        y=numbers(mine["lead"]),
        mode="markers",
        name="the study's own choice",
        hoverinfo="skip",
        marker={"color": INK, "symbol": "circle-open", "size": 15, "line": {"width": 2}},
    )
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    figure.update_xaxes(showticklabels=False, title_text="choices, sorted", showgrid=False)
    figure.update_yaxes(title_text="lead, % of mean drift", range=[-150, 150])
    return plain(figure)
