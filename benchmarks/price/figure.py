"""Both sides in one picture: what each strategy keeps of tl's evidence, against reliance on the letter."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmarks.price.findings import DRIFT, FOLLOWS, KEPT, LIMIT, Row, interval
from evidrift.report.figures import style

WIDTH, LEFT, TOP, SIDE, GAP = 9.6, 0.75, 1.35, 3.9, 0.75  # inches
TITLES = {
    "learned": "Learned in fine-tuning: keeping helps",
    "inherited": "Inherited from tl: keeping hurts",
}


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
        for at, (side, title) in enumerate(TITLES.items()):
            rows = sides[side]
            axes = style.add_axes(figure, LEFT + at * (SIDE + GAP), TOP, SIDE, SIDE)
            axes.set_title(title, loc="left", fontsize=10.5, pad=10)
            _draw(axes, rows, looks)
            if side == "inherited":
                axes.axhline(KEPT * rows["tl"][FOLLOWS].value, color=style.QUIET, lw=0.8, ls="--")
                axes.text(0.99, KEPT * rows["tl"][FOLLOWS].value, "half of tl", **_of_line(axes))
            else:
                axes.axhline(LIMIT, color=style.QUIET, lw=0.8, ls="--")
                axes.text(0.99, LIMIT, "limit", **_of_line(axes))
        handles = [Line2D([], [], ls="-", ms=6, label=name, **look) for name, look in looks.items()]
        style.add_legend(figure, LEFT, TOP + SIDE + 0.75, WIDTH - LEFT, handles)
        style.save_png(figure, path)


def _of_line(axes: Axes) -> dict:
    looks = {"ha": "right", "va": "bottom", "fontsize": 8, "color": style.QUIET}
    return looks | {"transform": axes.get_yaxis_transform()}


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
    for strategy, look in looks.items():
        path = ["tl", *(name for name in reversed(list(rows)) if name.split()[0] == strategy), "plain"]
        axes.plot(*zip(*map(at, path), strict=True), color=look["color"], lw=0.9, alpha=0.8, zorder=1)
    axes.set_xlabel("drift from tl (moved share, LayerCAM)")
    axes.set_ylabel("share of films that follow the letter")
    axes.set_xlim(left=-0.02)
    axes.set_ylim(-0.03, 1.03)
    style.level_lines(axes)
