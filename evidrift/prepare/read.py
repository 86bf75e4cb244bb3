"""A radiograph's file as grey pixels, and those brought to a square of one size.

The file's content says what it is, not its name: DICOM, PNG, JPEG and the other formats of
`films.contents`. What is read how stands in docs/formats.md.
"""

import cv2
import numpy as np
from PIL import UnidentifiedImageError

from evidrift.base.errors import UserError
from evidrift.prepare.entry import Excluded
from evidrift.prepare.films.contents import film_format, no_film
from evidrift.prepare.films.dicom import read_dicom
from evidrift.prepare.films.film import Film
from evidrift.prepare.films.raster import read_raster
from evidrift.prepare.pointers import HEAD

Box = tuple[int, int, int, int]


def read_film(data: bytes) -> Film:
    """Decode a film's file.

    Args:
        data: the file's bytes, from a source that is not trusted.

    Returns:
        The film as its file means it: not yet turned where it is inverted all the same.

    Raises:
        Excluded: `empty` (no bytes), `unreadable`, `too_large`, `several_frames` or `no_picture`.
        UserError: the key of the pseudonyms cannot be used.
    """
    if not data:
        raise Excluded("empty", "0 bytes")
    kind = film_format(data[:HEAD])
    if kind is None:
        raise no_film(data[:HEAD])
    try:
        return read_dicom(data) if kind == "DICOM" else read_raster(data, kind)
    except (Excluded, UserError, MemoryError):
        raise
    except UnidentifiedImageError:
        why = f"a {kind} file that is damaged, or of a kind that is not read"
        raise Excluded("unreadable", why) from None
    except Exception as error:  # a damaged file can break a decoder in any way, and must break nothing else
        # Its words may quote the header, which may name a patient.
        raise Excluded(
            "unreadable", f"a {kind} file that is damaged or cut short ({type(error).__name__})"
        ) from None


def read_grey(data: bytes) -> np.ndarray:
    """A film's pixels as `read_film` gives them, (height, width) uint8."""
    return read_film(data).pixels


def check_usable(pixels: np.ndarray, min_side: int) -> None:
    """Exclude an image as `too_small`, or as `empty` where every pixel has the same value."""
    height, width = pixels.shape
    if min(height, width) < min_side:
        raise Excluded("too_small", f"{width}x{height} px; the shorter side must have {min_side}")
    if pixels.min() == pixels.max():
        raise Excluded("empty", "every pixel has the same value")


def fit(pixels: np.ndarray, size: int, padding: bool) -> tuple[np.ndarray, Box]:
    """Bring an image to a square.

    Args:
        pixels: (height, width) uint8.
        size: side of the square, px.
        padding: keep the aspect ratio and centre the image on black; else squash it.

    Returns:
        (size, size) uint8, and the image's place in it: top, left, bottom, right, half open, px.
    """
    if not padding:
        return _resize(pixels, size, size), (0, 0, size, size)
    longer = max(pixels.shape)
    # Rounded half up; a very long image keeps at least one row.
    height, width = (max(1, (2 * side * size + longer) // (2 * longer)) for side in pixels.shape)
    top, left = (size - height) // 2, (size - width) // 2
    square = np.zeros((size, size), np.uint8)
    square[top : top + height, left : left + width] = _resize(pixels, height, width)
    return square, (top, left, top + height, left + width)


def _resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Average over areas along the sides that shrink, then interpolate along those that grow."""
    shrunk = (min(pixels.shape[1], width), min(pixels.shape[0], height))
    pixels = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA)
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
