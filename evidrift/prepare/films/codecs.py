"""Compressed pictures inside a DICOM file as numbers; sizes are checked before anything is decoded.

JPEG (8 and 12 bit, lossless), JPEG-LS and JPEG 2000 are decoded by imagecodecs: libjpeg-turbo, CharLS and
OpenJPEG. Run lengths are its PackBits.
"""

import struct
from typing import NamedTuple

import imagecodecs
import numpy as np

from evidrift.prepare.entry import Excluded

# Starts of a frame (SOF) in JPEG and JPEG-LS; C4, C8 and CC are tables and the like.
_JPEG_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
# Of a JPEG or JPEG-LS stream; behind it padding.
END, TRAILER = b"\xff\xd9", 64
_OTHER_KIND = "its compressed picture is damaged, or of another kind than the header says"
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


class Shape(NamedTuple):
    """What a picture is; `samples` are the channels of a pixel, `bits` those of one channel."""

    rows: int
    columns: int
    samples: int
    bits: int


def decode_jpeg(data: bytes, shape: Shape, luminance_first: bool) -> np.ndarray:
    """JPEG: baseline, extended, lossless.

    Args:
        data: one picture.
        shape: as the header gives it.
        luminance_first: the channels are YCbCr rather than RGB.

    Returns:
        (rows, columns) or (rows, columns, 3) uint8 or uint16; RGB where there are colours.

    Raises:
        Excluded: it is another picture than the header says.
    """
    _check(_jpeg_stream(data), shape)
    _check_end(data)
    if shape.samples == 1:
        return imagecodecs.jpeg8_decode(data)
    given = "YCBCR" if luminance_first else "RGB"
    return imagecodecs.jpeg8_decode(data, colorspace=given, outcolorspace="RGB")


def decode_jpeg_ls(data: bytes, shape: Shape) -> np.ndarray:
    """JPEG-LS, lossless or nearly, as decode_jpeg."""
    _check(_jpeg_stream(data), shape)
    _check_end(data)
    return _pixels_last(imagecodecs.jpegls_decode(data), shape)


def decode_jpeg_2000(data: bytes, shape: Shape) -> np.ndarray:
    """JPEG 2000, a bare codestream or a JP2 file, as decode_jpeg; signed where the stream is."""
    _check(_jpeg_2000_stream(data), shape)
    return _pixels_last(imagecodecs.jpeg2k_decode(data), shape)


def decode_run_lengths(data: bytes, shape: Shape) -> np.ndarray:
    """DICOM's RLE: a segment for each byte of a pixel's value (PS3.5, annex G), as decode_jpeg."""
    n_bytes = shape.bits // 8
    n_segments, *starts = struct.unpack("<16L", data[:64])
    if n_segments != shape.samples * n_bytes:
        raise Excluded("unreadable", "run lengths of another number of channels than the header says")
    bounds = [*starts[:n_segments], len(data)]
    n_pixels = shape.rows * shape.columns
    pixels = np.zeros((shape.samples, n_pixels), f"u{n_bytes}")
    for number in range(n_segments):
        segment = data[bounds[number] : bounds[number + 1]]
        plane = imagecodecs.packbits_decode(segment, out=bytearray(n_pixels))
        if len(plane) < n_pixels:
            raise Excluded("unreadable", "fewer pixels than the header says")
        sample, byte = divmod(number, n_bytes)
        pixels[sample] |= np.frombuffer(plane, np.uint8).astype(pixels.dtype) << (8 * (n_bytes - 1 - byte))
    planes = pixels.reshape(shape.samples, shape.rows, shape.columns)
    return planes[0] if shape.samples == 1 else np.moveaxis(planes, 0, -1)


def _check(stream: Shape, shape: Shape) -> None:
    if stream[:3] != shape[:3]:
        raise Excluded(
            "unreadable",
            f"the picture is {stream.columns}x{stream.rows} px in {stream.samples} channels, the header says "
            f"{shape.columns}x{shape.rows} px in {shape.samples}",
        )
    if stream.bits > 16:
        raise Excluded("unreadable", f"{stream.bits} bits a pixel; 16 are the limit")


def _check_end(data: bytes) -> None:
    """Exclude a stream without its end: libjpeg would fill in grey and say nothing, CharLS take seconds."""
    if END not in data[-TRAILER:]:
        raise Excluded("unreadable", "its compressed picture is cut short")


def _jpeg_stream(data: bytes) -> Shape:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif marker in _JPEG_FRAMES:
            bits, rows, columns, samples = struct.unpack(">BHHB", data[at + 4 : at + 10])
            return Shape(rows, columns, samples, bits)
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise Excluded("unreadable", _OTHER_KIND)


def _jpeg_2000_stream(data: bytes) -> Shape:
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0 or start + 44 > len(data):
        raise Excluded("unreadable", _OTHER_KIND)
    right, bottom, left, top = struct.unpack(">4L", data[start + 8 : start + 24])
    samples, depth = struct.unpack(">HB", data[start + 40 : start + 43])
    return Shape(bottom - top, right - left, samples, (depth & 0x7F) + 1)


def _pixels_last(pixels: np.ndarray, shape: Shape) -> np.ndarray:
    """Channels behind the pixels, however the stream interleaves them."""
    if shape.samples > 1 and pixels.shape[:1] == (shape.samples,) and pixels.shape[-1] != shape.samples:
        return np.moveaxis(pixels, 0, -1)
    return pixels
