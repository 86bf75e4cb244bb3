"""All sides in one picture: what each strategy keeps of tl's evidence, against reliance on the letter."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmarks.price.findings import DRIFT, FOLLOWS, KEPT, LIMIT, Row, interval
from evidrift.report.figures import style

WIDTH, LEFT, TOP, SIDE, GAP = 12.2, 0.75, 1.35, 3.3, 0.6  # inches
TITLES = {
    "learned": "A letter learned in fine-tuning",
    "inherited": "A letter inherited from tl",
    "absent": "Inherited, fine-tuning films clean",
}
NEVER = "learned"  # the side whose tl never relied on the letter


def draw_price(path: Path, sides: Mapping[str, Mapping[str, Row]], strategies: Iterable[str]) -> None:
    """Write the figure.

    Args:
        path: a PNG file.
        sides: by name, rows by checkpoint; those of TITLES are drawn.
        strategies: beside plain.
    """
    names = list(strategies)
    looks = {
        name: {"color": colour, "marker": style.marker(at)}
        for at, (name, colour) in enumerate(zip(names, style.colours(len(names)), strict=True))
    }
    with style.figure_style():
        figure = style.titled_figure(
            WIDTH,
            TOP + SIDE + 1.35,
            LEFT,
            "The price of keeping the evidence",
            "Films that turn to normal when a letter of lead is painted into them, against how much of the "
            "evidence\nmoved. Each strategy from high to low strength; bars: 95 % over patients and seeds.",
        )
        never = sides[NEVER]["tl"][FOLLOWS]
        furthest = max(interval(row[DRIFT]).high for side in TITLES for row in sides[side].values())
        for at, (side, title) in enumerate(TITLES.items()):
            rows = sides[side]
            axes = style.add_axes(figure, LEFT + at * (SIDE + GAP), TOP, SIDE, SIDE)
            axes.set_title(title, loc="left", fontsize=10.5, pad=10)
            _draw(axes, rows, looks)
            axes.set_xlim(-0.02, furthest + 0.03)
            _line(axes, never.value, "never relied", ":")
            if side == NEVER:
                _line(axes, LIMIT, "limit", "--")
            else:
                tl = interval(rows["tl"][FOLLOWS], share=True)
                axes.axhspan(KEPT * tl.low, KEPT * tl.high, color=style.GRID, lw=0, zorder=0)
                _line(axes, KEPT * tl.value, "half of tl", "--")
        handles = [Line2D([], [], ls="-", ms=6, label=name, **look) for name, look in looks.items()]
        style.add_legend(figure, LEFT, TOP + SIDE + 0.75, WIDTH - LEFT, handles)
        style.save_png(figure, path)


def _line(axes: Axes, at: float, name: str, dashes: str) -> None:
    """A value to read all points against."""
    axes.axhline(at, color=style.QUIET, lw=0.8, ls=dashes, zorder=1)
    looks = {"ha": "right", "va": "bottom", "fontsize": 8, "color": style.QUIET}
    axes.text(0.99, at, name, transform=axes.get_yaxis_transform(), **looks)


def _draw(axes: Axes, rows: Mapping[str, Row], looks: Mapping[str, Mapping[str, str]]) -> None:
    def at(name: str) -> tuple[float, float]:
        return rows[name][DRIFT].value, rows[name][FOLLOWS].value

    for name, row in rows.items():
        drift, follows = interval(row[DRIFT]), interval(row[FOLLOWS], share=True)
        strategy = name.split()[0]
        look = looks.get(strategy, {"color": style.INK, "marker": "X"})
        axes.plot([drift.value] * 2, [follows.low, follows.high], color=look["color"], lw=0.9, alpha=0.6)
        if name != "tl":
            axes.plot([drift.low, drift.high], [follows.value] * 2, color=look["color"], lw=0.9, alpha=0.6)
        axes.plot(drift.value, follows.value, ls="", ms=6, zorder=3, **look)
        if name in ("tl", "plain"):
            axes.annotate(name, at(name), xytext=(6, 6), textcoords="offset points", fontweight="bold")
    tried = {name.split()[0] for name in rows}
    for strategy, look in looks.items():
        if strategy not in tried:
            continue
        path = ["tl", *(name for name in reversed(list(rows)) if name.split()[0] == strategy), "plain"]
        axes.plot(*zip(*map(at, path), strict=True), color=look["color"], lw=0.9, alpha=0.8, zorder=1)
    axes.set_xlabel("drift from tl (moved share, LayerCAM)")
    axes.set_ylabel("share of films that follow the letter")
    axes.set_ylim(-0.03, 1.03)
    style.level_lines(axes)
