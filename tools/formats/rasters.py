"""Pictures in the formats of computers rather than of hospitals, with the pixels that they stand for."""

import io
from typing import Any

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tools.formats.known import Kind, as_grey, colours, luma_of, picture, saved

EXIF_ORIENTATION = 0x0112


def tiff(pixels: np.ndarray, **how: Any) -> bytes:
    """A TIFF by tifffile."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, **how)
    return buffer.getvalue()


def pngs() -> list[Kind]:
    """PNG."""
    byte, twelve, rgb = picture(8).astype(np.uint8), picture(12), colours()
    grey, image = luma_of(rgb), Image.fromarray(byte)
    half = np.where(np.arange(byte.shape[1]) % 2, 255, 0).astype(np.uint8) * np.ones_like(byte)
    on_black = np.where(half == 255, byte, 0).astype(np.uint8)
    with_alpha = Image.merge("LA", (image, Image.fromarray(half)))
    rgba = Image.fromarray(np.dstack([byte, byte, byte, half]))
    indexed = Image.fromarray((byte // 16).astype(np.uint8), mode="P")
    indexed.putpalette([level for i in range(16) for level in (i * 17, i * 17, i * 17)])
    deep = np.repeat(twelve[..., None], 3, axis=2)
    deep_alpha = np.dstack([deep, np.full_like(twelve, 65535)])
    full = as_grey(twelve, 0, 4095)
    of_palette = (byte // 16 * 17).astype(np.uint8)
    made = [
        ("PNG, 8 bit", saved(image, "PNG"), byte),
        ("PNG, 12 bit in 16", saved(Image.fromarray(twelve), "PNG"), full),
        ("PNG, 1 bit", saved(Image.fromarray(byte > 100), "PNG"), np.where(byte > 100, 255, 0)),
        ("PNG, palette", saved(indexed, "PNG"), of_palette),
        (
            "PNG, palette, one colour transparent",
            saved(indexed, "PNG", transparency=15),
            of_palette * (of_palette < 255),
        ),
        ("PNG, grey with alpha", saved(with_alpha, "PNG"), on_black),
        ("PNG, RGBA", saved(rgba, "PNG"), on_black),
        ("PNG, RGB", saved(Image.fromarray(rgb), "PNG"), grey),
        ("PNG, RGB, 12 bit in 16", cv2.imencode(".png", deep)[1].tobytes(), full),
        ("PNG, RGBA, 12 bit in 16", cv2.imencode(".png", deep_alpha)[1].tobytes(), full),
    ]
    return [Kind("PNG", name, data, expected.astype(np.uint8)) for name, data, expected in made]


def jpegs() -> list[Kind]:
    """JPEG, with every EXIF orientation."""
    byte, rgb = picture(8).astype(np.uint8), colours()
    image = Image.fromarray(byte)
    cmyk = Image.fromarray(byte).convert("RGB").convert("CMYK")
    made = [
        ("JPEG, grey", saved(image, "JPEG", quality=95), byte),
        ("JPEG, progressive", saved(image, "JPEG", quality=95, progressive=True), byte),
        ("JPEG, RGB", saved(Image.fromarray(rgb), "JPEG", quality=95, subsampling=0), luma_of(rgb)),
        ("JPEG, CMYK", saved(cmyk, "JPEG", quality=95), byte),
    ]
    # What a viewer shows: EXIF 2.32, tag 0x0112. Row and column 0 of the file are these sides of the film.
    shown = {
        2: byte[:, ::-1],
        3: byte[::-1, ::-1],
        4: byte[::-1],
        5: byte.T,
        6: np.rot90(byte, -1),
        7: byte[::-1, ::-1].T,
        8: np.rot90(byte),
    }
    for orientation, expected in shown.items():
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        data = saved(image, "JPEG", quality=95, exif=exif.tobytes())
        made.append((f"JPEG, EXIF orientation {orientation}", data, expected))
    return [Kind("JPEG", name, data, expected, 8) for name, data, expected in made]


def tiffs() -> list[Kind]:
    """TIFF."""
    byte, twelve, rgb = picture(8).astype(np.uint8), picture(12), colours()
    full, image = as_grey(twelve, 0, 4095), Image.fromarray(byte)
    bits = Image.fromarray(byte > 100)
    black = np.where(byte > 100, 255, 0)
    deep = np.repeat(twelve[..., None], 3, axis=2)
    cmyk = image.convert("RGB").convert("CMYK")
    made = [
        ("TIFF, 8 bit", tiff(byte), byte, 1),
        ("TIFF, 8 bit, white is 0", tiff(255 - byte, photometric="miniswhite"), byte, 1),
        ("TIFF, 12 bit in 16", tiff(twelve), full, 1),
        ("TIFF, 12 bit in 16, big endian", tiff(twelve, byteorder=">"), full, 1),
        ("TIFF, 12 bit in 16, white is 0", tiff(twelve, photometric="miniswhite"), 255 - full, 1),
        ("TIFF, 16 bit, signed", tiff(twelve.astype(np.int16) - 2000), full, 1),
        ("TIFF, 32 bit, floating point", tiff(twelve.astype(np.float32) / 4095), full, 1),
        ("TIFF, 32 bit, whole numbers", tiff(twelve.astype(np.int32) * 1000), full, 1),
        ("TIFF, 12 bit in 16, LZW", tiff(twelve, compression="lzw", predictor=2), full, 1),
        ("TIFF, 12 bit in 16, deflate", tiff(twelve, compression="zlib"), full, 1),
        ("TIFF, 8 bit, PackBits", saved(image, "TIFF", compression="packbits"), byte, 1),
        ("TIFF, 8 bit, JPEG", saved(image, "TIFF", compression="jpeg", quality=95), byte, 6),
        ("TIFF, tiles", tiff(twelve, tile=(16, 16), compression="lzw"), full, 1),
        ("TIFF, BigTIFF", tiff(byte, bigtiff=True), byte, 1),
        ("TIFF, 1 bit, fax (G4)", saved(bits, "TIFF", compression="group4"), black, 1),
        ("TIFF, palette", saved(image.convert("P"), "TIFF"), byte, 1),
        ("TIFF, RGB", tiff(rgb, photometric="rgb"), luma_of(rgb), 1),
        ("TIFF, RGB, 12 bit in 16", tiff(deep, photometric="rgb"), full, 1),
        ("TIFF, CMYK", saved(cmyk, "TIFF"), byte, 2),
        (
            "TIFF, lying on its side",
            tiff(byte, extratags=[(274, "H", 1, 6, True)]),
            np.rot90(byte, -1),
            1,
        ),
        (
            "TIFF, 12 bit in 16, lying on its side",
            tiff(twelve, extratags=[(274, "H", 1, 6, True)]),
            np.rot90(full, -1),
            1,
        ),
        (
            "TIFF, RGB, 12 bit in 16, lying on its side",
            tiff(deep, photometric="rgb", extratags=[(274, "H", 1, 6, True)]),
            np.rot90(full, -1),
            1,
        ),
    ]
    return [Kind("TIFF", name, data, grey.astype(np.uint8), within) for name, data, grey, within in made]


def others() -> list[Kind]:
    """BMP, GIF, WebP and JPEG 2000."""
    byte, twelve, rgb = picture(8).astype(np.uint8), picture(12), colours()
    image, full = Image.fromarray(byte), as_grey(twelve, 0, 4095)
    black = np.where(byte > 100, 255, 0)
    made = [
        ("BMP, 8 bit", saved(image, "BMP"), byte, 1),
        ("BMP, 24 bit", saved(Image.fromarray(rgb), "BMP"), luma_of(rgb), 1),
        ("BMP, 1 bit", saved(Image.fromarray(byte > 100), "BMP"), black, 1),
        ("GIF", saved(image, "GIF"), byte, 1),
        ("WebP, lossless", saved(image.convert("RGB"), "WEBP", lossless=True), byte, 1),
        ("WebP, lossy", saved(image.convert("RGB"), "WEBP", quality=95), byte, 8),
        ("JPEG 2000, 8 bit", saved(image, "JPEG2000"), byte, 1),
        (
            "JPEG 2000, 16 bit",
            saved(Image.fromarray(picture(16)), "JPEG2000"),
            as_grey(picture(16), 0, 65535),
            1,
        ),
        (
            "JPEG 2000, 12 bit",
            bytes(imagecodecs.jpeg2k_encode(twelve, level=0, reversible=True, bitspersample=12)),
            full,
            1,
        ),
        ("JPEG 2000, codestream", saved(image, "JPEG2000", no_jp2=True), byte, 1),
    ]
    return [Kind("BMP and others", name, data, grey.astype(np.uint8), n) for name, data, grey, n in made]
