"""Stored values as grey values: the file's own window where it has one, else the range of its pixels.

A file of more than 8 bits holds 10, 12, 14 or 16 and may not say which. Without a window of its own it gets a
viewer's automatic one: the darkest and the brightest 0.1 % of the pixels become black and white. Dividing by
257 would leave a 12-bit radiograph at 15 grey levels, and the plain minimum and maximum would leave it to one
hot pixel or a burnt-in marker.
"""

import numpy as np

CLIPPED_SHARE = 0.001


def window_16_bit(pixels: np.ndarray) -> np.ndarray:
    """Grey values of uint16 as uint8: linear between the 0.1 % and the 99.9 % quantile, clipped outside."""
    below = np.cumsum(np.bincount(pixels.ravel(), minlength=1 << 16))
    low, high = np.searchsorted(below, np.array([CLIPPED_SHARE, 1 - CLIPPED_SHARE]) * pixels.size)
    if low == high:  # all but a few pixels are equal
        low, high = pixels.min(), pixels.max()
    levels = (np.arange(1 << 16) - float(low)) * 255 / max(float(high) - float(low), 1)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[pixels]


def window_by_range(values: np.ndarray) -> np.ndarray:
    """As window_16_bit, for finite values of any type and range, (height, width) -> uint8."""
    if values.dtype == np.uint16:
        return window_16_bit(values)
    low = values.min()
    span = float(values.max()) - float(low)
    if np.issubdtype(values.dtype, np.integer) and span < 1 << 16:
        return window_16_bit((values.astype(np.int64) - int(low)).astype(np.uint16))
    scaled = (values.astype(np.float64) - float(low)) * (65535 / (span or 1))
    return window_16_bit(np.rint(scaled).astype(np.uint16))


def apply_window(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    """Values through a window, as float64 in [0, 255].

    Args:
        values: after the modality transform, any shape.
        centre: of the window, in units of the values.
        width: likewise; at least 1 for LINEAR, above 0 for the others.
        function: `LINEAR`, `LINEAR_EXACT` or `SIGMOID`: DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3.
    """
    values = values.astype(np.float64)
    if function == "SIGMOID":
        exponent = np.clip(-4 * (values - centre) / width, -700, 700)  # exp of more is no finite number
        return 255 / (1 + np.exp(exponent))
    if function == "LINEAR":
        # The standard counts pixels, not distances: a window of width 256 at 128 is 0 to 255.
        centre, width = centre - 0.5, width - 1
    if width == 0:
        return np.where(values <= centre, 0.0, 255.0)
    return np.clip(((values - centre) / width + 0.5) * 255, 0, 255)


def to_grey(values: np.ndarray) -> np.ndarray:
    """Values in [0, 255] as uint8, rounded."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
