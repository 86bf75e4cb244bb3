"""Burned-in text and markers: a rough estimate, from brightness, contrast, size and place alone.

Letters of lead and burned-in text are near white, sharp against what is around them, small, and lie at the
film's edges. Bone is broader or fainter. Faint markers, those on white ground and those on the body are missed.
"""

import cv2
import numpy as np

# All in shares of the image's shorter side, or of its area.
NEIGHBOURHOOD = 0.14  # what is narrower than this can stand out from its surroundings
EDGE = 0.25  # a marker's middle lies as near as this to an edge
LARGEST = 0.3  # a marker's longer side
LEAST_AREA = 2e-4
GAP = 0.03  # letters nearer to each other than this are one text
# Grey levels of 255.
BRIGHT = 170
CONTRAST = 70


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
    ground = cv2.morphologyEx(film, cv2.MORPH_OPEN, _disc(NEIGHBOURHOOD * side))
    stands_out = ((film.astype(np.int16) - ground >= CONTRAST) & (film >= BRIGHT)).astype(np.uint8)
    together = cv2.morphologyEx(stands_out, cv2.MORPH_CLOSE, _disc(GAP * side))
    _, labels, boxes, middles = cv2.connectedComponentsWithStats(together, connectivity=8)
    mask = np.zeros(film.shape, bool)
    margin = max(1, round(0.01 * side))
    for number, ((left, top, width, height, _), middle) in enumerate(zip(boxes, middles, strict=True)):
        bright = int(stands_out[labels == number].sum()) if number else 0
        near = min(*middle, *(np.array(film.shape[::-1]) - 1 - middle)) <= EDGE * side
        if near and max(width, height) <= LARGEST * side and bright >= max(4, LEAST_AREA * film.size):
            rows = slice(max(top - margin, 0), top + height + margin)
            mask[rows, max(left - margin, 0) : left + width + margin] = True
    return mask


def _disc(width: float) -> np.ndarray:
    odd = 2 * max(1, round(width / 2)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (odd, odd))
