"""A radiograph's file as grey pixels, and those brought to a square of one size.

PNG and JPEG, 8 or 16 bit, grey, colour or palette. Colours become luma (ITU-R BT.601), transparency lies on
black, and an EXIF orientation is applied. 8-bit values are kept as they are.

16-bit values are windowed by the image's own range, because a 16-bit file holds 10, 12, 14 or 16 bits and
does not say which: as a viewer's automatic window does, the darkest and the brightest 0.1 % of the pixels
become black and white. Dividing by 257 would leave a 12-bit radiograph at 15 grey levels, and the plain
minimum and maximum would leave it to one hot pixel or a burnt-in marker.
"""

import io

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from evidrift.prepare.entry import Excluded

# Twice the largest flat-panel detector: what is larger is no radiograph, and may be a decompression bomb.
MAX_PIXELS = 50_000_000
# Pillow's own limit warns only, and later; ours is checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

CLIPPED_SHARE = 0.001
EXIF_ORIENTATION = 0x0112

Box = tuple[int, int, int, int]


def read_grey(data: bytes) -> np.ndarray:
    """Decode a PNG or JPEG file.

    Args:
        data: the file's bytes, from a source that is not trusted.

    Returns:
        (height, width) uint8, upright.

    Raises:
        Excluded: `unreadable`, `empty` (no bytes) or `too_large`.
    """
    if not data:
        raise Excluded("empty", "0 bytes")
    try:
        return _decode(data)
    except (Excluded, MemoryError):
        raise
    except UnidentifiedImageError:
        raise Excluded("unreadable", "neither PNG nor JPEG") from None
    except Exception as error:  # a damaged file can break a decoder in any way, and must break nothing else
        raise Excluded("unreadable", " ".join(str(error).split()) or type(error).__name__) from None


def check_usable(pixels: np.ndarray, min_side: int) -> None:
    """Exclude an image as `too_small`, or as `empty` where every pixel has the same value."""
    height, width = pixels.shape
    if min(height, width) < min_side:
        raise Excluded("too_small", f"{width}x{height} px; the shorter side must have {min_side}")
    if pixels.min() == pixels.max():
        raise Excluded("empty", "every pixel has the same value")


def window_16_bit(pixels: np.ndarray) -> np.ndarray:
    """Grey values of uint16 as uint8: linear between the 0.1 % and the 99.9 % quantile, clipped outside."""
    below = np.cumsum(np.bincount(pixels.ravel(), minlength=1 << 16))
    low, high = np.searchsorted(below, np.array([CLIPPED_SHARE, 1 - CLIPPED_SHARE]) * pixels.size)
    if low == high:  # all but a few pixels are equal
        low, high = pixels.min(), pixels.max()
    levels = (np.arange(1 << 16) - float(low)) * 255 / max(float(high) - float(low), 1)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[pixels]


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


def _decode(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
        if image.width * image.height > MAX_PIXELS:
            raise Excluded("too_large", f"{image.width}x{image.height} px; {MAX_PIXELS:,} px are the limit")
        image.load()
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
        # Byte 24 of a PNG is its bit depth. Pillow keeps 16 bits of grey, but 8 of a colour.
        if image.format == "PNG" and data[24] == 16:
            grey = np.asarray(image) if image.mode.startswith("I;16") else _grey_16_bit(data)
            return _upright(window_16_bit(grey.astype(np.uint16, copy=False)), orientation)
        if image.has_transparency_data:
            black = Image.new("RGBA", image.size, (0, 0, 0, 255))
            return _upright(
                np.asarray(Image.alpha_composite(black, image.convert("RGBA")).convert("L")), orientation
            )
        return _upright(np.asarray(image.convert("L")), orientation)


def _grey_16_bit(data: bytes) -> np.ndarray:
    colours = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if colours is None:
        raise Excluded("unreadable", "damaged")
    if colours.shape[2] == 3:
        return cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    grey, alpha = cv2.cvtColor(colours, cv2.COLOR_BGRA2GRAY), colours[..., 3]
    return np.rint(grey * (alpha / 65535.0)).astype(np.uint16)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation, 1 to 8; anything else is taken for upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
