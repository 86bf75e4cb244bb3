"""Regions of a film, as masks: corners and border, inside and outside of the lungs, a user's own boxes."""

from collections.abc import Mapping, Sequence

import numpy as np

from evidrift.images.marker import CORNERS
from evidrift.images.store import Images
from evidrift.maps import grids
from evidrift.measures.places import BORDER, CORNER

AREA = 0.2  # of the strongest evidence


def image_regions(
    images: Images, boxes: Mapping[str, Sequence[float]] | None = None
) -> dict[str, np.ndarray]:
    """The regions that follow from the films alone, in order.

    Args:
        images: n of them.
        boxes: by name, top, left, bottom, right in shares of the image's sides.

    Returns:
        By name, (n, size, size) bool, nothing set outside of an image's content: four corners and all of
        them, the border, and where lungs are known, all outside of them and each lung.
    """
    named = {f"{corner}_corner": _corner(corner) for corner in CORNERS}
    found = {name: _boxes(images, box) for name, box in named.items()}
    found["corners"] = np.logical_or.reduce(list(found.values()))
    middle = _boxes(images, (BORDER, BORDER, 1 - BORDER, 1 - BORDER))
    content = _boxes(images, (0, 0, 1, 1))
    found["border"] = content & ~middle
    if images.lungs is not None:
        lungs = np.asarray(images.lungs)
        found["outside_lungs"] = content & ~lungs
        found["right_lung"], found["left_lung"] = _sides(lungs & content)
    return found | {name: _boxes(images, box) for name, box in (boxes or {}).items()}


def _corner(name: str) -> tuple[float, float, float, float]:
    down, across = name.split("_")
    top = 0 if down == "upper" else 1 - CORNER
    left = 0 if across == "left" else 1 - CORNER
    return top, left, top + CORNER, left + CORNER


def _boxes(images: Images, box: Sequence[float]) -> np.ndarray:
    """A box in shares of each image's sides, its edges rounded to pixels."""
    top, left, bottom, right = images.content.T.astype(np.float64)[:, :, np.newaxis]
    pixel = np.arange(images.pixels.shape[1])
    rows = _between(pixel, top, bottom, box[0], box[2])
    columns = _between(pixel, left, right, box[1], box[3])
    return rows[:, :, np.newaxis] & columns[:, np.newaxis, :]


def _between(pixel: np.ndarray, start: np.ndarray, stop: np.ndarray, low: float, high: float) -> np.ndarray:
    edges = [np.rint(start + share * (stop - start)) for share in (low, high)]
    return (pixel >= edges[0]) & (pixel < edges[1])


def _sides(lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The patient's right lung, on the left of the film, and the left one; their middle column parts them."""
    columns = np.any(lungs, axis=1)
    last = lungs.shape[2] - 1
    middle = (columns.argmax(axis=1) + last - columns[:, ::-1].argmax(axis=1)) / 2
    right = np.arange(lungs.shape[2]) < middle[:, np.newaxis]
    return lungs & right[:, np.newaxis], lungs & ~right[:, np.newaxis]


def strongest(signed: np.ndarray, content: np.ndarray, size: int, area: float = AREA) -> np.ndarray:
    """The part of each image that holds the map's highest values.

    Args:
        signed: maps over the whole square, (n, h, w).
        content: top, left, bottom, right of each image in its square, half open, px, (n, 4).
        size: side of the square, px.
        area: share of the image's area; less where less of the map is positive.

    Returns:
        (n, size, size) bool; nothing where a map holds nothing positive.
    """
    large = grids.enlarge(np.nan_to_num(signed.astype(np.float64), posinf=0, neginf=0), (size, size))
    found = np.zeros(large.shape, bool)
    for values, mask, (top, left, bottom, right) in zip(large, found, content, strict=True):
        own = values[top:bottom, left:right]
        order = np.argsort(-own, axis=None, kind="stable")[: round(area * own.size)]
        chosen = np.zeros(own.size, bool)
        chosen[order] = True
        mask[top:bottom, left:right] = chosen.reshape(own.shape) & (own > 0)
    return found
