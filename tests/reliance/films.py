"""Made-up films with a known answer, and a classifier whose every decision is known."""

import numpy as np

from evidrift.images.store import Images

SIZE = 40
CLASSES = ("covid19", "normal")


def films(n: int = 12, marked: int | None = None) -> Images:
    """Grey films with a little noise, one a patient, classes in turn; a white square marks one class."""
    random = np.random.default_rng(0)
    pixels = random.integers(90, 110, (n, SIZE, SIZE)).astype(np.uint8)
    labels = np.arange(n, dtype=np.int32) % 2
    pixels[labels == marked, 1:5, 1:5] = 255
    return Images(
        ids=np.array([f"{at}.png" for at in range(n)]),
        patient_ids=np.array([f"p{at}" for at in range(n)]),
        labels=labels,
        pixels=pixels,
        content=np.tile(np.array([0, 0, SIZE, SIZE], np.int32), (n, 1)),
        classes=CLASSES,
    )


def sees_the_corner(pixels: np.ndarray) -> np.ndarray:
    """Logits of a network that calls normal what is bright in the upper left corner, (n, 2)."""
    bright = pixels[:, 1:5, 1:5].astype(np.float64).mean(axis=(1, 2)) / 255 > 0.5
    return np.stack([np.where(bright, -3.0, 3.0), np.where(bright, 3.0, -3.0)], axis=1)


def sees_nothing(pixels: np.ndarray) -> np.ndarray:
    """Logits that are the same whatever the film."""
    return np.tile([1.0, -1.0], (len(pixels), 1))
