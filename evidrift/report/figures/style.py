"""What all figures share: looks, lengths in inches, names of methods, text that is not trusted."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, Literal

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from evidrift.base.files.writing import writing
from evidrift.compare.findings.signs import MEANING
from evidrift.report.words.names import safe_text

DPI = 100
LEGEND_ROW = 0.24  # inches
INK, QUIET, GRID = "#1a1a1a", "#5f5f5f", "#e4e4e4"
# Okabe and Ito 2008: told apart with any colour vision. Its yellow is too light for lines on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = "osD^vP"


PARAMETERS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    # Names come from folders and manifests: "$" in one is a character, not the start of a formula.
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}


@contextmanager
def figure_style() -> Iterator[None]:
    """The project's look, whatever the user's matplotlibrc says; figures are made and saved inside."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(PARAMETERS)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of a size in inches."""
    return Figure(figsize=(width, height), dpi=DPI, facecolor="white")


def titled_figure(
    width: float, height: float, left: float, title: str, about: str = "", **looks: Any
) -> Figure:
    """An empty figure with its title and a line about it, at a place in inches from its left edge."""
    figure = new_figure(width, height)
    write(figure, left, 0.18, title, size=13, weight="bold")
    write(figure, left, looks.pop("top", 0.5), about, color=QUIET, **looks)
    return figure


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the figure's top left corner."""
    across, down = figure.get_size_inches()
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def write(figure: Figure, left: float, top: float, text: str, **looks: Any) -> Text:
    """Text whose first line starts at a place in inches from the figure's top left corner."""
    across, down = figure.get_size_inches()
    return figure.text(left / across, 1 - top / down, text, **{"va": "top", "linespacing": 1.5, **looks})


def legends_height(legends: Sequence[Sequence[Artist]], width: float) -> float:
    """Inches that legends take, one below the other, which fit a width in inches."""
    rows = (math.ceil(len(handles) / _legend_columns(handles, width)) for handles in legends)
    return LEGEND_ROW * sum(rows)


def add_legends(
    figure: Figure, left: float, top: float, width: float, legends: Sequence[Sequence[Artist]]
) -> float:
    """Legends one below the other, from a place in inches; returns where they end."""
    for handles in legends:
        add_legend(figure, left, top, width, handles)
        top += legends_height([handles], width)
    return top


def add_legend(figure: Figure, left: float, top: float, width: float, handles: Sequence[Artist]) -> None:
    """A legend at a place in inches from the figure's top left corner."""
    across, down = figure.get_size_inches()
    figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(left / across, 1 - top / down),
        ncols=_legend_columns(handles, width),
        borderaxespad=0,
        borderpad=0,
        columnspacing=1.6,
        handlelength=1.6,
    )


def _legend_columns(handles: Sequence[Artist], width: float) -> int:
    """As many as fit with the longest label: 0.07 inches a character, 0.5 for the sign and the space."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return min(len(handles), max(1, int(width // (0.45 + 0.07 * longest))))


def point_legend(names: Sequence[str], looks: Mapping[str, Any]) -> list[Line2D]:
    """What the colours and markers of the architectures' points mean."""
    palette = zip(names, colours(len(names)), strict=True)
    return [
        Line2D([], [], **looks, marker=marker(at), color=colour, label=safe_text(name, 32))
        for at, (name, colour) in enumerate(palette)
    ]


def sign_legend(signs: Iterable[str]) -> list[list[Line2D]]:
    """What the checks' signs mean; no legend where there are none."""
    told = [f"{sign} {MEANING[sign]}" for sign in MEANING if sign in "".join(signs)]
    return [[Line2D([], [], ls="", label="; ".join(told))]] if told else []


def along_epochs(axes: Axes, name: str, first: bool) -> None:
    """Whole epochs below, and lines across; numbers and the measure's name at the first column alone."""
    level_lines(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.tick_params(labelleft=first)
    if first:
        axes.set_ylabel(name)


def level_lines(axes: Axes, axis: Literal["x", "y"] = "y") -> None:
    """Lines at the ticks of an axis, behind everything."""
    axes.grid(axis=axis, color=GRID, lw=0.8)
    axes.set_axisbelow(True)


def marker(number: int) -> str:
    """The marker of the number-th architecture."""
    return MARKERS[number % len(MARKERS)]


def save_png(figure: Figure, path: Path | IO[bytes]) -> None:
    """Write a PNG to a path or an open file; the same figure gives the same bytes."""
    with writing(path) if isinstance(path, Path) else nullcontext(path) as file:
        # Without the name of the software, which carries its version.
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})


def colours(n: int) -> list[str]:
    """Colours for n things, told apart with any colour vision up to seven."""
    if n <= len(COLOURS):
        return list(COLOURS[:n])
    return [to_hex(colour) for colour in matplotlib.colormaps["viridis"].resampled(n)(range(n))]
