"""Views: augmented copies of a training image.

A view depends on (image id, view number) only, so that features of views can be computed once. View 0 is
the image itself. There is no horizontal flip: the heart has a side.
"""

import cv2
import numpy as np

from evidrift.base.seeds import stream

ROTATION = 7.0  # degrees, at most, either way
SHIFT = 0.05  # of the side
SCALE = 0.08
CONTRAST = 0.15
BRIGHTNESS = 12.0  # grey levels


def augment(pixels: np.ndarray, image_id: str, view: int) -> np.ndarray:
    """The given view of one image.

    Args:
        pixels: (size, size) uint8.
        image_id: names the random stream, together with `view`.
        view: 0 for the image itself.

    Returns:
        (size, size) uint8: turned, shifted, scaled, with other contrast and brightness.
    """
    if view == 0:
        return pixels
    size = pixels.shape[0]
    angle, dx, dy, scale, contrast, brightness = stream("view", image_id, view).uniform(-1, 1, 6)
    centre = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), ROTATION * angle, 1 + SCALE * scale)
    matrix[:, 2] += SHIFT * size * np.array([dx, dy])
    moved = cv2.warpAffine(pixels, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    levels = (moved - 127.5) * (1 + CONTRAST * contrast) + 127.5 + BRIGHTNESS * brightness
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def choose_views(n_images: int, n_views: int, seed: int, epoch: int) -> np.ndarray:
    """Which view of each training image an epoch sees: (n_images,) of 0 .. n_views."""
    return stream("views", seed, epoch).integers(0, n_views + 1, n_images)
