"""Pictures whose pixels are known, and a kind of film made of them."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 40, 32


@dataclass(frozen=True)
class Kind:
    """A kind of film, as one file of it.

    Attributes:
        group: its section of the table, such as `DICOM, colours`.
        name: what it is, in a few words.
        data: the file's bytes.
        expected: the pixels that are due, (height, width) uint8; None where the file is to be left out.
        tolerance: largest difference of a pixel, grey levels; more than 1 for lossy compression alone.
        why: words of the sentence with which it is to be left out.
    """

    group: str
    name: str
    data: bytes
    expected: np.ndarray | None = None
    tolerance: int = 1
    why: str = ""


def picture(bits: int) -> np.ndarray:
    """A picture that no turn or mirror maps onto itself, (HEIGHT, WIDTH) uint16, from 0 to 2^bits - 1.

    Soft enough for lossy compression; the lowest and highest values stand in a hundredth of it each, so that
    an automatic window spans exactly the whole range.
    """
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    share = 0.2 + 0.4 * y / (HEIGHT - 1) + 0.2 * (x / (WIDTH - 1)) ** 2
    share += 0.2 * np.exp(-((y - 12) ** 2 + (x - 22) ** 2) / 30)
    share[:4, :4], share[-4:, :4] = 0, 1
    return np.rint(np.clip(share, 0, 1) * ((1 << bits) - 1)).astype(np.uint16)


def as_grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values between two bounds as grey levels, by plain division."""
    return np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def colours() -> np.ndarray:
    """The picture in three channels that differ, (HEIGHT, WIDTH, 3) uint8."""
    grey = picture(8).astype(float)
    return np.rint(np.stack([grey, 255 - grey / 2, grey * 0.25 + 60], axis=-1)).astype(np.uint8)


def luma_of(rgb: np.ndarray) -> np.ndarray:
    """Grey of colours: ITU-R BT.601 in floating point."""
    return np.rint(rgb[..., :3].astype(float) @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """A picture's file by Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def worst(found: np.ndarray, expected: np.ndarray) -> int:
    """The largest difference of two pictures, grey levels; of other shapes: 256."""
    if found.shape != expected.shape:
        return 256
    return int(np.abs(found.astype(int) - expected.astype(int)).max())
