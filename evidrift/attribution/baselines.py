"""What stands for "nothing there" in an image: the baselines of integrated gradients and of occlusion."""

from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter

Baseline = Literal["black", "white", "mean", "blur"]

# Standard deviation over the shorter side: the chest's outline stays, findings do not.
BLUR = 1 / 8


def baseline(name: Baseline, pixels: np.ndarray) -> np.ndarray:
    """The image without its evidence.

    Args:
        name: `black` (0), `white` (255), `mean` (the image's own mean grey) or `blur` (the image blurred by
            a Gaussian of an eighth of its shorter side, borders repeated).
        pixels: (n, H, W) in 0..255.

    Returns:
        (n, H, W) float32 in 0..255. A constant image is its own mean and its own blur, exactly.
    """
    pixels = pixels.astype(np.float32)
    if name in ("black", "white"):
        return np.full_like(pixels, 0 if name == "black" else 255)
    means = pixels.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    if name == "mean":
        return np.broadcast_to(means, pixels.shape)
    # around the mean, so that rounding leaves a constant image as it is
    width = BLUR * min(pixels.shape[1:])
    return means + gaussian_filter(pixels - means, width, mode="nearest", axes=(1, 2))
