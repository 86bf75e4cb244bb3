"""A picture's file (PNG, JPEG, TIFF, BMP, WebP, GIF, JPEG 2000) as a film.

Colours become luma (ITU-R BT.601), transparency lies on black, and an EXIF orientation is applied. 8-bit
values are kept as they are; deeper ones are windowed by the picture's own range.
"""

import io
import warnings
from collections.abc import Mapping
from typing import Any

import cv2
import imagecodecs
import numpy as np
from PIL import Image

from evidrift.prepare.entry import Excluded
from evidrift.prepare.films.film import Film, check_size, is_coloured
from evidrift.prepare.films.window import window_16_bit, window_by_range

# Pillow's own limit warns only, and later; ours is checked before anything is decoded.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns of damaged tags; what is damaged is left out, or read all the same.
warnings.filterwarnings("ignore", module=r"PIL\b")

EXIF_ORIENTATION = 0x0112
TIFF_BITS, TIFF_PHOTOMETRIC = 258, 262
WHITE_IS_ZERO = 0
# In these a second picture is another film; a PNG's or a JPEG's is an animation or a preview.
WITH_PAGES = ("TIFF", "GIF", "WEBP")


def read_raster(data: bytes, kind: str) -> Film:
    """Read a picture.

    Args:
        data: the file's bytes, from a source that is not trusted.
        kind: its format, as Pillow calls it.

    Returns:
        The film, its flag `colour` where it applies.

    Raises:
        Excluded: `too_large`, `several_frames` or `unreadable`.
        Exception: of any kind, from a damaged file.
    """
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        check_size(image.width, image.height)
        pages = getattr(image, "n_frames", 1) if kind in WITH_PAGES else 1
        if pages > 1:
            raise Excluded("several_frames", f"{pages} pages or frames; a film is one")
        stored_orientation = _tags(image).get(EXIF_ORIENTATION, 1) if kind == "TIFF" else 1
        image.load()
        # Pillow turns a TIFF itself, and has then forgotten how it lay.
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
        if not _is_deep(image, data):
            pixels, coloured = _shallow(image)
        elif image.mode in ("I", "F") or image.mode.startswith("I;16"):
            pixels, coloured = _deep_grey(image), False
        else:
            colours = imagecodecs.tiff_decode(data) if kind == "TIFF" else _png_colours(data)
            pixels = window_16_bit(_deep_luma(colours))
            coloured = is_coloured((colours >> 8).astype(np.uint8))
            orientation = stored_orientation if kind == "TIFF" else orientation
    return Film(_upright(pixels, orientation), ("colour",) * coloured)


def _tags(image: Image.Image) -> Mapping[int, Any]:
    """A TIFF's tags, as Pillow reads them."""
    return getattr(image, "tag_v2", {})


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a channel has more than 8 bits."""
    if image.format == "PNG":
        return data[24] == 16  # Pillow keeps 16 bits of grey, but 8 of a colour
    if image.format == "TIFF":
        return max(_tags(image).get(TIFF_BITS, (8,))) > 8
    return image.mode.startswith(("I", "F"))


def _shallow(image: Image.Image) -> tuple[np.ndarray, bool]:
    coloured = image.mode not in ("1", "L", "LA", "La") and is_coloured(np.asarray(image.convert("RGB")))
    if image.has_transparency_data:
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image.convert("RGBA"))
    return np.asarray(image.convert("L")), coloured


def _deep_grey(image: Image.Image) -> np.ndarray:
    values = np.asarray(image)
    if image.format == "PNG":
        return window_16_bit(values.astype(np.uint16, copy=False))
    if not np.isfinite(values).all():
        raise Excluded("unreadable", "pixels that are no numbers")
    grey = window_by_range(values)
    # Pillow heeds this in 8 bits only.
    turned = image.format == "TIFF" and _tags(image).get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO
    return 255 - grey if turned else grey


def _png_colours(data: bytes) -> np.ndarray:
    colours = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if colours is None:
        raise Excluded("unreadable", "damaged")
    return cv2.cvtColor(colours, cv2.COLOR_BGR2RGB if colours.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def _deep_luma(colours: np.ndarray) -> np.ndarray:
    """Luma of (height, width, 3 or 4) uint16, transparency on black."""
    if colours.ndim != 3 or colours.shape[2] not in (3, 4) or colours.dtype != np.uint16:
        raise Excluded("unreadable", "a TIFF of a kind that is not read; save it as grey, 8 or 16 bit")
    grey = cv2.cvtColor(np.ascontiguousarray(colours[..., :3]), cv2.COLOR_RGB2GRAY)
    if colours.shape[2] == 3:
        return grey
    return np.rint(grey * (colours[..., 3] / 65535.0)).astype(np.uint16)


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation, 1 to 8; anything else is taken for upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.T
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
