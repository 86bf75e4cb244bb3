"""A letter of lead, as technologists lay it on the cassette: painted into films to see who falls for it."""

import cv2
import numpy as np

# The letter's box in the upper left corner: left, top, right, bottom, in sides.
BOX = (0.02, 0.02, 0.12, 0.14)
GREY = 0.97  # of white
CORNERS = ("upper_left", "upper_right", "lower_left", "lower_right")
SMALLEST = 256  # px; a smaller letter is drawn at this side and averaged


def letter(side: int) -> np.ndarray:
    """How much of each pixel a letter in the upper left corner covers, (side, side) float32, 0 to 255."""
    stroke = round(0.016 * side)
    left, top = (round(side * edge) + stroke for edge in BOX[:2])
    right, bottom = (round(side * edge) - stroke for edge in BOX[2:])
    middle = (top + bottom) // 2
    layer = np.zeros((side, side), np.uint8)
    corners = [(left, bottom), (left, top), (right, top), (right, middle), (left, middle), (right, bottom)]
    cv2.polylines(layer, [np.array(corners)], False, 255, stroke, cv2.LINE_AA)
    return layer.astype(np.float32)


def paint(pixels: np.ndarray, content: np.ndarray, corner: str) -> np.ndarray:
    """A film with a letter of lead in one of its corners.

    Args:
        pixels: one image, (H, W) uint8.
        content: top, left, bottom, right of the image in its square, half open, px.
        corner: of CORNERS, as the film is seen.

    Returns:
        (H, W) uint8, a copy.
    """
    top, left, bottom, right = map(int, content)
    side = min(bottom - top, right - left)
    whole = letter(max(side, SMALLEST))
    if len(whole) != side:
        whole = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    # as far from either edge in every corner
    height, width = round((BOX[1] + BOX[3]) * side), round((BOX[0] + BOX[2]) * side)
    lead = np.round(GREY * whole[:height, :width]).astype(np.uint8)
    down, across = corner.split("_")
    row = top if down == "upper" else bottom - height
    column = left if across == "left" else right - width
    result = pixels.copy()
    place = result[row : row + height, column : column + width]
    np.maximum(place, lead, out=place)
    return result
