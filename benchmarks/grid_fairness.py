"""Is a measure fair to grids? The same noise in every cell of 5x5, 7x7, 8x8 and 14x14 maps, measured.

    python -m benchmarks.grid_fairness --pairs 3000 --out docs --maps data/maps

**The stated noise model** (`normal, blended`): cells are independent and normal; in the second map of a pair
a share of every cell's noise, by variance, is drawn anew; both maps are rectified, as class activation maps
are. The share is the same on every grid, so a fair measure says the same of every grid.

`drift` is the measure, oriented so that larger is more: what the claims are about, so that its spread over
the grids is what grids alone can do to a difference. `of_scale` is drift / scale, the scale being what lies
between independent maps.

Beside it, models that treat cells otherwise: single cells are drawn anew wholly, each with the share as its
probability, and kept otherwise; or the noise is one smooth field over the image, seen by each grid through
its own cells.

Noise is not evidence: with `--maps`, the maps of a study are averaged over coarser grids as well, which is
the same evidence seen through fewer cells.

Prints tables, and writes grid_fairness.png.
"""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.ndimage import gaussian_filter

from evidrift.base.seeds import stream
from evidrift.drift.measuring import averaged
from evidrift.drift.oriented import as_drift
from evidrift.maps import grids
from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.measures import areas
from evidrift.measures.canvas import OK, Canvases, draw
from evidrift.measures.of_pairs import MOVED_SHARE, describe, measure
from evidrift.report.figures import style

GRIDS = (5, 7, 8, 14)
SHARES = (0.1, 0.3, 0.6)
AREA = 0.2
STATED = "normal, blended"
LITERATURE = "iou_half_max"
OTHERS = ("overlap", "displacement", "correlation", "spearman", "ssim", "concentration", "entropy")
BATCH = 500
SIZE = 70  # px
FIELD = 0.1  # standard deviation of the smoothing, sides

Maps = tuple[np.ndarray, np.ndarray]
Measuring = Callable[[str, int, float, int], dict[str, tuple[float, float]]]
# Of a batch's 2 x BATCH maps: a first map and its own second one; and the next pair's second one.
PAIRS = np.arange(BATCH), np.arange(BATCH) + BATCH
OF_OTHERS = np.arange(BATCH), (np.arange(BATCH) + 1) % BATCH + BATCH


def redrawn(draw_cells: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]) -> Callable[..., Maps]:
    """Model: each cell of the second map is drawn anew with probability `share`."""

    def model(rng: np.random.Generator, n: int, grid: int, share: float) -> Maps:
        shape = (n, grid, grid)
        first, fresh = draw_cells(rng, shape), draw_cells(rng, shape)
        return first, np.where(rng.random(shape) < share, fresh, first)

    return model


def blended(rng: np.random.Generator, n: int, grid: int, share: float) -> Maps:
    """Model: normal cells, `share` of whose variance is drawn anew; both maps rectified, as CAMs are."""
    first, fresh = rng.normal(size=(2, n, grid, grid))
    return np.maximum(first, 0), np.maximum(np.sqrt(1 - share) * first + np.sqrt(share) * fresh, 0)


def field(rng: np.random.Generator, n: int, grid: int, share: float) -> Maps:
    """Model: as `blended`, but of a smooth field over the image, averaged over each cell."""
    fine = gaussian_filter(rng.normal(size=(2 * n, SIZE, SIZE)), (0, SIZE * FIELD, SIZE * FIELD))
    averaging = grids.shares(grid, SIZE)
    averaging = averaging / averaging.sum(axis=1, keepdims=True)
    cells = averaging @ fine @ averaging.T
    first, fresh = cells[:n], cells[n:]
    return np.maximum(first, 0), np.maximum(np.sqrt(1 - share) * first + np.sqrt(share) * fresh, 0)


MODELS: dict[str, Callable[..., Maps]] = {
    STATED: blended,
    "exponential, redrawn": redrawn(lambda rng, shape: rng.exponential(size=shape)),
    "uniform, redrawn": redrawn(lambda rng, shape: rng.random(shape)),
    "half normal, redrawn": redrawn(lambda rng, shape: np.abs(rng.normal(size=shape))),
    "field, blended": field,
}


def strongest(model: str, grid: int, share: float, n: int) -> dict[str, tuple[float, float]]:
    """Mean moved share at 20 % of the area and mean 1 - IoU at half the maximum, over n pairs of a model.

    Args:
        model: a key of MODELS.
        grid: cells along a side.
        share: how much of the noise is renewed, 0 to 1.
        n: pairs, a multiple of BATCH.

    Returns:
        (drift, scale) by measure; the scale of as many pairs of independent maps.
    """
    rng = stream("grid fairness", model, grid, str(share))
    sums = np.zeros((2, 2))
    for _ in range(n // BATCH):
        values = _canvases(*MODELS[model](rng, BATCH, grid, share)).values.reshape(2 * BATCH, -1)
        ascending, _order = areas.in_order(values)
        top, half = areas.top_area(values, ascending, AREA), areas.half_maximum(values, ascending)
        moved = [np.nanmean(areas.moved_share(top, *pair, AREA)) for pair in (PAIRS, OF_OTHERS)]
        unlike = [1 - np.nanmean(areas.overlap(half, *pair)) for pair in (PAIRS, OF_OTHERS)]
        sums += [moved, unlike]
    return _means((MOVED_SHARE, LITERATURE), sums, n)


def others(model: str, grid: int, share: float, n: int) -> dict[str, tuple[float, float]]:
    """As `strongest`, of the other measures."""
    rng = stream("grid fairness", model, grid, str(share))
    sums = np.zeros((len(OTHERS), 2))
    for _ in range(n // BATCH):
        features = describe(_canvases(*MODELS[model](rng, BATCH, grid, share)), (AREA,))
        found = [_drifts(measure(features, *pair, AREA, ())) for pair in (PAIRS, OF_OTHERS)]
        sums += [[each[name] for each in found] for name in OTHERS]
    return _means(OTHERS, sums, n)


def _drifts(measured: dict[str, np.ndarray]) -> pd.Series:
    return as_drift(pd.DataFrame(measured).assign(status="ok")).mean()


def _means(names: Iterable[str], sums: np.ndarray, n: int) -> dict[str, tuple[float, float]]:
    means = (sums / (n // BATCH)).tolist()
    return {name: (drift, scale) for name, (drift, scale) in zip(names, means, strict=True)}


def _canvases(first: np.ndarray, second: np.ndarray) -> Canvases:
    content = np.tile([0, 0, SIZE, SIZE], (2 * len(first), 1))
    return draw(np.concatenate([first, second]), content, SIZE)


def table(
    models: Iterable[str], n: int, shares: Iterable[float] = SHARES, measured: Measuring = strongest
) -> pd.DataFrame:
    """A row per model, share, grid and measure: drift, scale, of_scale."""
    rows = [
        (model, share, grid, name, drift, scale, drift / scale)
        for model in models
        for share in shares
        for grid in GRIDS
        for name, (drift, scale) in measured(model, grid, share, n).items()
    ]
    return pd.DataFrame(rows, columns=["model", "share", "grid", "measure", "drift", "scale", "of_scale"])


def coarsened(folder: Path, methods: Iterable[str] = ("layer_cam", "grad_cam_pp")) -> pd.DataFrame:
    """Drift of a study's maps on their own grid and averaged over coarser ones.

    Args:
        folder: of map files, a folder an architecture; those of the family cam and the first seed are taken.
        methods: attribution methods, at `penultimate`.

    Returns:
        A row per architecture and method: mean moved share over the images whose maps are `ok`, by grid.
    """
    rows = {}
    for arch in sorted(path for path in folder.iterdir() if path.is_dir()):
        maps = MapFile(next(iter(sorted(arch.glob("*-cam.h5")))))
        for method in methods:
            both = np.concatenate(
                [maps.maps(checkpoint, "penultimate", method) for checkpoint in CHECKPOINTS]
            )
            own = both.shape[1]
            content = np.tile(maps.content(), (2, 1))
            rows[arch.name, method] = {
                f"{grid}x{grid}": _moved(averaged(both, grid), content, maps.origin.size)
                for grid in (own, *(each for each in reversed(GRIDS) if each < own))
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _moved(maps: np.ndarray, content: np.ndarray, size: int) -> float:
    """Mean moved share between the first half of the maps and the second."""
    features = draw(maps, content, size)
    values = features.values.reshape(len(maps), -1)
    sets = areas.top_area(values, areas.in_order(values)[0], AREA)
    before, after = np.split(np.arange(len(maps)), 2)
    usable = np.maximum(features.status[before], features.status[after]) == OK
    return float(areas.moved_share(sets, before, after, AREA)[usable].mean())


def spreads(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Largest minus smallest over the grids, beside each grid's figure: rows by model, share, measure."""
    wide = rows.pivot_table(index=["model", "measure", "share"], columns="grid", values=column, sort=False)
    wide.columns = [f"{grid}x{grid}" for grid in wide.columns]
    return wide.assign(spread=wide.max(axis=1) - wide.min(axis=1))


def write_figure(rows: pd.DataFrame, path: Path) -> None:
    """Over the grids: the moved share, its share of the scale, and 1 - IoU at half the maximum."""
    stated = rows[rows["model"] == STATED]
    panels = (
        (MOVED_SHARE, "drift", "Moved share at 20 % of the area"),
        (MOVED_SHARE, "of_scale", "Moved share over its scale"),
        (LITERATURE, "drift", "1 - IoU at half the maximum,\nas the literature has it"),
    )
    with style.figure_style():
        figure = style.new_figure(9.6, 4.3)
        style.write(
            figure, 0.3, 0.15, "The same noise in every cell, on four grids", fontsize=12, weight="bold"
        )
        words = "In the second map a share of the noise of every cell is drawn anew. A fair measure is level."
        style.write(figure, 0.3, 0.45, words, color=style.QUIET)
        for place, (name, column, title) in enumerate(panels):
            axes = style.add_axes(figure, 0.6 + 3.05 * place, 1.35, 2.35, 2.4)
            _panel(axes, stated[stated["measure"] == name], column)
            axes.set_title(title, loc="left", fontsize=9.5)
        style.save_png(figure, path)


def _panel(axes: Axes, rows: pd.DataFrame, column: str) -> None:
    for share, colour, marker in zip(SHARES, style.COLOURS, style.MARKERS, strict=False):
        line = rows[rows["share"] == share].sort_values("grid")[column].to_numpy()
        axes.plot(range(len(GRIDS)), line, color=colour, marker=marker, markersize=5)
        words = f"{100 * share:g} % drawn anew: spread {np.ptp(line):.3f}"
        axes.annotate(words, (0, line.max() + 0.035), fontsize=8, color=colour)
    axes.set_xticks(range(len(GRIDS)), [f"{grid}x{grid}" for grid in GRIDS])
    axes.set_ylim(0, 1)
    axes.set_xlim(-0.3, 3.3)
    axes.grid(axis="y", color=style.GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=3000, help=f"a multiple of {BATCH}")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument(
        "--maps", type=Path, help="a study's folder of maps, to be seen through coarser grids"
    )
    args = parser.parse_args()
    rows = table(MODELS, args.pairs)
    for column in ("drift", "of_scale"):
        print(f"\n{column}\n\n{spreads(rows, column).round(3).to_string()}")
    rest = table([STATED], args.pairs, measured=others)
    for column in ("drift", "of_scale"):
        print(f"\n{column}, the other measures\n\n{spreads(rest, column).round(3).to_string()}")
    if args.maps:
        print(
            f"\ndrift of a study's maps, averaged over grids\n\n{coarsened(args.maps).round(3).to_string()}"
        )
    write_figure(rows, args.out / "grid_fairness.png")


if __name__ == "__main__":
    main()
