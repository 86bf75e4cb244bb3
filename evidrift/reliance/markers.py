"""Burned-in text and markers: a rough estimate, from brightness, contrast, size and place alone.

Letters of lead and burned-in text are bright, small, lie near the film's edges, and stand alone: all round
them the film is darker. Ribs go on, and their surroundings are bright too. Faint markers, those on bright
ground and those that touch the body's outline are missed.
"""

import cv2
import numpy as np

# In shares of the image's shorter side, or of its area.
NEIGHBOURHOOD = 0.09  # strokes are narrower than this
EDGE = 0.15  # a marker's middle lies as near as this to an edge
LARGEST = 0.25  # a marker's longer side
RING = 0.025  # of surroundings, in which it stands alone
LEAST_AREA = 2e-4
# Letters nearer to each other than this are one text.
GAP = 0.02
# In grey levels of 255: over the ground, over nearly all of the ring around the marker, and at least.
CONTRAST, ALONE, BRIGHT = 60, 45, 120
NEARLY_ALL = 90  # per cent


def find_markers(pixels: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Boxes around what looks like a marker or text.

    Args:
        pixels: (n, H, W) uint8.
        content: top, left, bottom, right of each image in its square, half open, px, (n, 4).

    Returns:
        (n, H, W) bool; nothing in an image where nothing is found.
    """
    found = np.zeros(pixels.shape, bool)
    for film, mask, (top, left, bottom, right) in zip(pixels, found, content, strict=True):
        mask[top:bottom, left:right] = _found(film[top:bottom, left:right])
    return found


def _found(film: np.ndarray) -> np.ndarray:
    side = min(film.shape)
    # what of the film is left when all that is bright and narrow is gone
    ground = cv2.morphologyEx(film, cv2.MORPH_OPEN, _square(NEIGHBOURHOOD * side))
    stands_out = (film.astype(np.int16) - ground >= CONTRAST) & (film >= BRIGHT)
    together = cv2.morphologyEx(stands_out.astype(np.uint8), cv2.MORPH_CLOSE, _square(GAP * side))
    _, labels, boxes, middles = cv2.connectedComponentsWithStats(together, connectivity=8)
    mask = np.zeros(film.shape, bool)
    ring = max(2, round(RING * side))
    for number in range(1, len(boxes)):
        left, top, width, height, _ = boxes[number]
        to_edge = min(*middles[number], *(np.array(film.shape[::-1]) - 1 - middles[number]))
        strokes = film[stands_out & (labels == number)]
        if (
            to_edge > EDGE * side
            or max(width, height) > LARGEST * side
            or len(strokes) < max(4, LEAST_AREA * film.size)
        ):
            continue
        around = np.zeros(film.shape, bool)
        around[max(top - ring, 0) : top + height + ring, max(left - ring, 0) : left + width + ring] = True
        around[max(top - 1, 0) : top + height + 1, max(left - 1, 0) : left + width + 1] = False
        # of a marker that is cut off by the film's edge too little surroundings may be left
        if around.sum() < width * height / 4:
            continue
        if np.median(strokes) - np.percentile(film[around], NEARLY_ALL) >= ALONE:
            mask[max(top - 1, 0) : top + height + 1, max(left - 1, 0) : left + width + 1] = True
    return mask


def _square(width: float) -> np.ndarray:
    odd = 2 * max(1, round(width / 2)) + 1
    return np.ones((odd, odd), np.uint8)
