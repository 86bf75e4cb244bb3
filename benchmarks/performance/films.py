"""Images to measure on."""

from functools import cache

import numpy as np

from evidrift.base.seeds import stream

CLASSES = 5


@cache
def films(n: int, size: int) -> np.ndarray:
    """Noise in blocks of 8 px, (n, size, size) uint8: JPEG takes about as long as for a radiograph."""
    coarse = stream("films", n, size).integers(0, 256, (n, size // 8, size // 8), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)
