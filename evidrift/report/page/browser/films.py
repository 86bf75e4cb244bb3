"""Films as addresses that a page can show: embedded, or in a folder beside it."""

import base64
from pathlib import Path

import cv2
import numpy as np

from evidrift.base.writing import write_bytes
from evidrift.images.store import Images

QUALITY = 90


def encoded(images: Images) -> list[bytes]:
    """JPEGs of the images' content, padding cut off; the same pixels give the same bytes."""
    return [_jpeg(pixels, box) for pixels, box in zip(images.pixels, images.content, strict=True)]


def embedded(films: list[bytes]) -> list[str]:
    """Addresses that hold the films themselves."""
    return [f"data:image/jpeg;base64,{base64.b64encode(film).decode('ascii')}" for film in films]


def beside(films: list[bytes], folder: Path) -> list[str]:
    """Addresses of files in a folder beside the page; named by number, since ids are not trusted."""
    names = [f"{number:05d}.jpg" for number in range(len(films))]
    for name, film in zip(names, films, strict=True):
        write_bytes(folder / name, film)
    return [f"{folder.name}/{name}" for name in names]


def _jpeg(pixels: np.ndarray, box: np.ndarray) -> bytes:
    top, left, bottom, right = (int(edge) for edge in box)
    _, data = cv2.imencode(".jpg", pixels[top:bottom, left:right], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()
