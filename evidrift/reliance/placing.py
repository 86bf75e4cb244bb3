"""Random places for a region: the same area and shape somewhere else in the image."""

import cv2
import numpy as np

TRIES = 30


def moved(mask: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The region's connected parts, each as it is, at random places of the image where they don't overlap.

    A part that reaches from edge to edge, such as a border, is moved around the image as on a torus: what
    leaves it on one side enters on the other. So is the whole region where its parts find no room.

    Args:
        mask: the region, (h, w) bool, over the image without its padding.
        random: the stream of this place.

    Returns:
        (h, w) bool of exactly the region's area.
    """
    placed = np.zeros_like(mask)
    for part in sorted(_parts(mask), key=np.size, reverse=True):
        for _ in range(TRIES):
            free = [whole - own for whole, own in zip(mask.shape, part.shape, strict=True)]
            top, left = (int(random.integers(room + 1)) for room in free)
            place = placed[top : top + part.shape[0], left : left + part.shape[1]]
            if part.shape != mask.shape and not (place & part).any():
                place |= part
                break
        else:
            shift = [int(random.integers(side)) for side in mask.shape]
            return np.roll(mask, shift, axis=(0, 1))
    return placed


def _parts(mask: np.ndarray) -> list[np.ndarray]:
    """Connected parts, each cut to its bounding box."""
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return [
        labels[top : top + height, left : left + width] == number
        for number, (left, top, width, height, _) in enumerate(boxes)
        if number
    ]


def outline(mask: np.ndarray) -> tuple[tuple[int, ...], bytes]:
    """A region without its place: two regions of equal outline can share their random places."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return box.shape, np.packbits(box).tobytes()
