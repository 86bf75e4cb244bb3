"""Pairs of maps, and single maps, whose measures are known: what docs/measures.md shows.

Maps are drawn on the canvas's own 56x56 cells unless a coarse grid is the point, so that no value is moved by
interpolation. `tests/tools/test_measure_sheet.py` works the values out by hand.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.measures import places
from evidrift.measures.canvas import SIDE, Canvases, draw
from evidrift.measures.of_pairs import MOVED_SHARE, curve_column, describe, measure
from evidrift.prepare.phantoms.draw import Phantom
from evidrift.prepare.phantoms.draw import draw as draw_phantom
from evidrift.prepare.phantoms.recipe import load_recipe, patients

SIZE, AREA = 224, 0.2
CONTENT = (0, 0, SIZE, SIZE)
CURVE = (0.05, 0.1, 0.3, 0.5)
PLACES = ("border", "corners", "lungs", "finding", "hit")
RECIPE = Path("phantoms/default.yaml")


class Example(NamedTuple):
    """One map, or one before and one after, and what to notice.

    Attributes:
        maps: (grid, grid) each.
        words: what is seen, two lines at most.
        shown: columns of the drift table whose values are printed.
        outline: the set that is outlined on each map: `top_20`, `half`, a place, or nothing.
    """

    maps: tuple[np.ndarray, ...]
    words: str
    shown: tuple[str, ...]
    outline: str = ""


def spot(row: int, column: int, radius: float, height: float = 1.0) -> np.ndarray:
    """A smooth round spot around the middle of a cell, exactly zero from `radius` cells on."""
    distance = _distance(row, column)
    return height * np.where(distance < radius, 0.5 + 0.5 * np.cos(np.pi * distance / radius), 0)


def cone(row: float, column: float) -> np.ndarray:
    """A map that falls evenly from a place, in cells: its strongest area is a disc, whatever the area."""
    return 2 - _distance(row, column) / SIDE


def disc(row: int, column: int, radius: float) -> np.ndarray:
    """One within `radius` cells of the middle of a cell, zero beyond."""
    return (_distance(row, column) < radius).astype(float)


def box(top: int, left: int, bottom: int, right: int, grid: int = SIDE) -> np.ndarray:
    """One in a half-open box of cells, zero beyond."""
    result = np.zeros((grid, grid))
    result[top:bottom, left:right] = 1
    return result


def stripes(along: int) -> np.ndarray:
    """Smooth stripes, one in every seven cells, as wide as a window of SSIM; 0 to 1."""
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * np.arange(SIDE) / 7)
    return np.broadcast_to(wave[:, None] if along else wave, (SIDE, SIDE)).copy()


def nearly_even() -> np.ndarray:
    """One everywhere but for a thousandth: an even map itself is `flat` and is not measured."""
    return 1 + np.linspace(0, 1e-3, SIDE)[:, None] * np.ones((1, SIDE))


def _distance(row: float, column: float) -> np.ndarray:
    down, across = np.arange(SIDE)[:, None] - row, np.arange(SIDE) - column
    return np.hypot(down, across)


@cache
def phantom(label: str) -> Phantom:
    """The default study's first test patient of a class."""
    recipe = load_recipe(RECIPE)
    first = next(who for who, of, split in patients(recipe) if of == label and split == "test")
    return draw_phantom(recipe, label, first, SIZE)


def masks(place: str) -> np.ndarray:
    """What a place is, on the canvas, (56, 56), 0 to 1; lungs and findings are the phantom's."""
    if place == "border":
        return places.border()
    if place == "corners":
        return places.corners()
    return places.on_canvas(pixels(place)[None], np.array([CONTENT]), SIZE)[0]


def pixels(place: str) -> np.ndarray:
    """The phantom's mask of the lungs or of the finding, (size, size) bool."""
    shown = phantom(film_of(place))
    return shown.lungs if place == "lungs" else shown.findings


def film_of(picture: str) -> str:
    """The class of the phantom under a picture's maps: one with a finding where the finding is the point."""
    return "bacterial_pneumonia" if picture in ("finding", "hit") else "normal"


def canvases(example: Example) -> list[Canvases]:
    """Each map as evidrift draws it."""
    return [draw(np.asarray(each)[None], np.array([CONTENT]), SIZE) for each in example.maps]


def values(example: Example) -> dict[str, float]:
    """What evidrift says of an example: the columns that it shows."""
    if len(example.maps) == 1:
        return {name: _of_one(example, name) for name in example.shown}
    before, after = (np.asarray(each) for each in example.maps)
    both = draw(np.stack([before, after]), np.tile(CONTENT, (2, 1)), SIZE)
    found = measure(describe(both, (AREA, *CURVE)), np.array([0]), np.array([1]), AREA, CURVE)
    return {name: float(found[name][0]) for name in example.shown}


def _of_one(example: Example, name: str) -> float:
    (canvas,) = canvases(example)
    if not name.startswith("hit"):
        return float(places.shares(canvas.values, masks(name))[0])
    height, width = canvas.native.shape[1:]
    touched = places.touched(pixels("finding")[None], (height, width), SIZE)
    if name == "hit_random":
        return float(places.pointing_at_random(canvas.inside, touched)[0])
    return float(places.pointing(canvas.native, touched)[0])


def pictures() -> dict[str, list[Example]]:
    """The pictures by name: what 0 looks like, what 1 does, something in between, and a trap."""
    upper_right, upper_left = spot(20, 15, 11), spot(20, 41, 11)
    lower_right, lower_left = spot(38, 15, 11), spot(38, 41, 11)
    uppers, right = upper_right + upper_left, upper_right + lower_right
    even = disc(22, 15, 10.5) + disc(22, 41, 10.5)
    hot, hottest = (even + height * box(20, 13, 24, 17) for height in (2, 19))
    across, down = np.ones((SIDE, 1)) * spot(28, 15, 14)[28], spot(20, 28, 14)[:, [28]] * np.ones((1, SIDE))
    wide = spot(28, 28, 40)
    lungs = (masks("lungs") > 0.5).astype(float)
    dot = box(22, 14, 24, 16)
    return {
        "displacement": [
            Example((spot(28, 28, 8), spot(28, 28, 20)), "same centre, wider: 0", ("displacement",)),
            Example((spot(28, 14, 11), spot(28, 42, 11)), "half the width to the side", ("displacement",)),
            Example(
                (box(0, 0, 3, 3), box(53, 53, 56, 56)),
                "from one corner to the\nopposite one: nearly 1",
                ("displacement",),
            ),
            Example(
                (spot(28, 28, 9), spot(28, 13, 9) + spot(28, 43, 9)),
                "beware: all of it moved, but\nits centre did not: 0",
                ("displacement", "overlap"),
            ),
        ],
        "moved_share": [
            Example(
                (uppers, uppers**3),
                "same place, other heights:\nonly the order counts",
                ("moved_share",),
                "top_20",
            ),
            Example(
                (uppers, right), "one half stayed, the other\nhalf moved: 1/2", ("moved_share",), "top_20"
            ),
            Example(
                (spot(20, 15, 14) + spot(29, 10, 8), spot(38, 41, 14) + spot(29, 46, 8)),
                "nothing in common: 1",
                ("moved_share",),
                "top_20",
            ),
            Example(
                (disc(18, 15, 7), disc(40, 41, 7)),
                "beware, thin: all of it moved, but\nit is less than a quarter of 20 %",
                ("moved_share", "overlap"),
                "top_20",
            ),
        ],
        "overlap": [
            Example(
                (upper_right + spot(29, 10, 8), lower_left + spot(29, 46, 8)),
                "nothing in common",
                ("overlap",),
                "top_20",
            ),
            Example((uppers, right), "one half stayed, the other\nhalf moved: 1/3", ("overlap",), "top_20"),
            Example(
                (uppers, uppers**3),
                "same place, other heights:\nonly the order counts",
                ("overlap",),
                "top_20",
            ),
            Example(
                (disc(39, 43, 4), disc(39, 43, 8)),
                "beware, thin: less than 20 % is\npositive, so the set is all of it",
                ("overlap",),
                "top_20",
            ),
        ],
        "moved_share_curve": [
            Example(
                (cone(28.21, 24.13), cone(28.21, 32.13)),  # no two cells are equally far
                f"strongest {100 * share:g} %",
                (MOVED_SHARE if share == AREA else curve_column(share),),
                f"top_{100 * share:g}",
            )
            for share in sorted((AREA, *CURVE))
        ],
        "iou_half_max": [
            Example((upper_right, lower_left), "nothing in common", ("iou_half_max",), "half"),
            Example(
                (uppers, right), "one half stayed, the other\nhalf moved: 1/3", ("iou_half_max",), "half"
            ),
            Example((uppers, 3 * uppers), "three times as strong: 1", ("iou_half_max",), "half"),
            Example(
                (even, hot),
                "beware: the same evidence, one place\nof it three times as strong",
                ("iou_half_max", "moved_share"),
                "half",
            ),
        ],
        "correlation": [
            Example((wide, 1 - wide), "turned round: -1", ("correlation",)),
            Example((across, down), "one tells nothing about\nthe other: 0", ("correlation",)),
            Example((uppers, 0.5 + 3 * uppers), "stronger, on raised ground: 1", ("correlation",)),
            Example(
                (even, hottest),
                "beware: one place 20 times as strong\noutweighs the rest, now too faint to see",
                ("correlation", "moved_share"),
            ),
        ],
        "spearman": [
            Example((wide, 1 - wide), "turned round: -1", ("spearman",)),
            Example((across, down), "one tells nothing about\nthe other: 0", ("spearman",)),
            Example((wide, wide**3), "same order, other heights: 1", ("spearman", "correlation")),
            Example(
                (disc(18, 15, 7), disc(40, 41, 7)),
                "beware: nothing in common is\nabout 0, not -1",
                ("spearman", "overlap"),
            ),
        ],
        "ssim": [
            Example((stripes(1), 1 - stripes(1)), "every stripe turned round: -1", ("ssim",)),
            Example((stripes(1), stripes(0)), "no window alike: 0", ("ssim",)),
            Example((uppers, 3 * uppers), "the same picture: 1", ("ssim",)),
            Example(
                (box(18, 14, 19, 15), box(38, 42, 39, 43)),
                "beware: two single cells far apart;\nempty windows are alike",
                ("ssim", "overlap"),
                "top_20",
            ),
        ],
        "concentration": [
            Example((upper_right, lower_left), "moved, but as spread as before: 0", ("concentration",)),
            Example((lungs, disc(22, 15, 5)), "contracts: from both lungs\nto one spot", ("concentration",)),
            Example((nearly_even(), dot), "from even to one dot: 1", ("concentration",)),
            Example((disc(22, 15, 5), lungs), "spreads: the same backwards", ("concentration",)),
        ],
        "entropy": [
            Example((upper_right, lower_left), "moved, but as spread as before: 0", ("entropy",)),
            Example((lungs, disc(22, 15, 5)), "contracts: below 0", ("entropy",)),
            Example((box(22, 14, 23, 15), nearly_even()), "from one cell to even: 1", ("entropy",)),
            Example(
                (disc(22, 15, 5), lungs),
                "spreads: above 0, where the\nGini coefficient falls",
                ("entropy", "concentration"),
            ),
        ],
        **_places(),
    }


def _places() -> dict[str, list[Example]]:
    ring = 1 - box(2, 2, 54, 54)
    ends = box(0, 0, 8, 8) + box(0, 48, 8, 56) + box(48, 0, 56, 8) + box(48, 48, 56, 56)
    inside = {place: (masks(place) == 1).astype(float) for place in ("lungs", "finding")}
    cell = _best_cell(7)
    strong, half = 0.1 + cell, 0.1 + cell + box(2, 5, 3, 6, 7)
    return {
        "border": [
            Example((spot(28, 28, 14),), "in the middle: 0", ("border",), "border"),
            Example((nearly_even(),), "even: the border's share\nof the area", ("border",), "border"),
            Example((ring,), "all at the edge: 1", ("border",), "border"),
            Example(
                (box(0, 2, 1, 3, 5),),
                "beware: a coarse map (5x5)\nblurs its cell at the edge",
                ("border",),
                "border",
            ),
        ],
        "corners": [
            Example((spot(28, 28, 14),), "in the middle: 0", ("corners",), "corners"),
            Example((nearly_even(),), "even: the corners' share\nof the area", ("corners",), "corners"),
            Example((ends,), "all in the corners: 1", ("corners",), "corners"),
            Example((box(0, 20, 2, 36),), "at the edge, in no corner: 0", ("corners", "border"), "corners"),
        ],
        "lungs": [
            Example((spot(34, 29, 5),), "over the heart: 0", ("lungs",), "lungs"),
            Example((nearly_even(),), "even: the lungs' share\nof the area", ("lungs",), "lungs"),
            Example((inside["lungs"],), "all in the lungs: 1", ("lungs",), "lungs"),
            Example(
                (box(2, 1, 3, 2, 5),),
                "beware: a coarse map (5x5), its\none cell over a lung",
                ("lungs",),
                "lungs",
            ),
        ],
        "finding": [
            Example((spot(28, 46, 6),), "in the other lung: 0", ("finding",), "finding"),
            Example((nearly_even(),), "even: the finding's share\nof the area", ("finding",), "finding"),
            Example((inside["finding"],), "all in the finding: 1", ("finding",), "finding"),
            Example(
                (cell,), "beware: a coarse map (7x7), its\none cell on the finding", ("finding",), "finding"
            ),
        ],
        "hit": [
            Example((0.1 + box(2, 5, 3, 6, 7),), "the strongest cell misses: 0", ("hit",), "cell"),
            Example((half,), "two cells are the strongest,\none of them touches: 1/2", ("hit",), "cell"),
            Example((strong,), "the strongest cell touches\nthe finding: 1", ("hit",), "cell"),
            Example(
                (0.1 + _best_cell(3),),
                "beware: on a coarse grid (3x3)\na blind guess hits often",
                ("hit", "hit_random"),
                "cell",
            ),
        ],
    }


def _best_cell(grid: int) -> np.ndarray:
    """One in the cell that holds most of the finding, zero in the others."""
    edges = np.linspace(0, SIDE, grid + 1).round().astype(int)[:-1]
    amount = np.add.reduceat(np.add.reduceat(masks("finding"), edges, axis=0), edges, axis=1)
    return (amount == amount.max()).astype(float)
