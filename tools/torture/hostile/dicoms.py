"""DICOM files that ask for more than they are, or say of themselves what is not so."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tools.formats.dicom_file import about_file, dicom
from tools.formats.known import picture, saved
from tools.torture.hostile.rasters import SIDE, Case, j2k, jp2_sides, jpeg_sides, progressive

DEEP = picture(12)
BYTE = picture(8).astype(np.uint8)
GROUP_8 = b"\x08\x00\x60\x00CS"
PIXELS = b"\xe0\x7f\x10\x00"
SEQUENCE = b"SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"


def cases() -> Iterator[Case]:
    """Every file; see `rasters.cases`."""
    yield "sides.dcm", "DICOM of 60,000 x 60,000 px", lambda _: dicom(DEEP, Rows=SIDE, Columns=SIDE)
    yield "frames.dcm", "DICOM of 1,000,000 frames", lambda _: dicom(DEEP, NumberOfFrames=1_000_000)
    yield "number.dcm", "DICOM of 10**11 frames", lambda _: dicom(DEEP, NumberOfFrames=99_999_999_999)
    yield "deep.dcm", "DICOM of sequences, 300 deep", lambda _: nested(300)
    yield "deeper.dcm", "DICOM of sequences, 100,000 deep", lambda _: nested(100_000)
    yield "items.dcm", "DICOM with 5 million empty items", lambda n: items(5_000_000 if n > 1 else 5_000)
    yield "elements.dcm", "DICOM of 20 million elements", lambda n: elements(20_000_000 if n > 1 else 20_000)
    yield "deflated.dcm", "deflated DICOM of gigabytes", lambda n: deflated(4096 * n)
    yield (
        "twice.dcm",
        "deflated DICOM of 250 MB of elements",
        lambda n: deflated_elements(250 if n > 1 else 2),
    )
    yield "claims.dcm", "DICOM whose private tag claims 4 GB", lambda _: claims(0xFFFFFFF0)
    yield "private.dcm", "DICOM with a private tag of 200 MB", lambda n: private(200 if n > 1 else 1)
    yield "pixels.dcm", "DICOM whose pixels claim 2 GB", lambda _: lying_pixels(1 << 31)
    yield "offsets.dcm", "DICOM whose table of offsets lies", lambda _: offsets()
    yield "fragment.dcm", "DICOM whose fragment claims 4 GB", lambda _: fragment(0xFFFFFFF0)
    yield "odd.dcm", "DICOM whose fragment claims -1 bytes", lambda _: fragment(0xFFFFFFFF)
    yield "pieces.dcm", "DICOM of 10 million fragments", lambda n: pieces(10_000_000 if n > 1 else 10_000)
    yield (
        "jpeg.dcm",
        "DICOM, JPEG inside of 60,000 px",
        lambda _: _framed(JPEGBaseline8Bit, jpeg_sides(SIDE, SIDE)),
    )
    yield "scans.dcm", "DICOM, JPEG of 3,000 scans inside", lambda n: scans(3000 if n > 1 else 30)
    yield (
        "j2k.dcm",
        "DICOM, JPEG 2000 inside of 60,000 px",
        lambda _: _framed(JPEG2000Lossless, j2k(SIDE, SIDE)),
    )
    yield (
        "jp2.dcm",
        "DICOM, JP2 with a second codestream first",
        lambda _: _framed(JPEG2000Lossless, hidden_stream()),
    )
    yield "tiles.dcm", "DICOM, JPEG 2000 of 62,500 tiles inside", lambda n: tiles(3500 * n)
    yield "jls.dcm", "DICOM, JPEG-LS inside of 60,000 px", lambda _: jpeg_ls(SIDE)
    yield "jls2.dcm", "DICOM, JPEG-LS of 7,000 px in some bytes", lambda _: jpeg_ls_small(7000)
    yield "rle.dcm", "DICOM, run lengths of 49 Mpx in some bytes", lambda _: run_lengths(7000)
    yield "starts.dcm", "DICOM, run lengths that start outside", lambda _: wild_starts()
    yield (
        "lut.dcm",
        "DICOM whose window table lies",
        lambda _: dicom(DEEP, WindowCenter="1e308", WindowWidth="1e-308"),
    )
    yield "whole.dcm", "DICOM of 50 Mpx, 16 bits, in colour", lambda n: whole(7000 if n > 1 else 400)
    yield "palette.dcm", "DICOM with palettes that lie", lambda _: palettes()
    yield "vr.dcm", "DICOM with value representations of no standard", lambda _: no_standard()
    yield (
        "charset.dcm",
        "DICOM in a character set that there is not",
        lambda _: dicom(DEEP, SpecificCharacterSet="\\".join(["ISO 2022 IR 999"] * 500)),
    )


def _framed(syntax: object, frame: bytes) -> bytes:
    return dicom(BYTE, syntax, frame=frame)  # type: ignore[arg-type]


def nested(n: int) -> bytes:
    """Sequences without an end, each in an item of the one before."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(GROUP_8)
    return whole_file[:at] + (b"\x08\x00\x40\x11" + SEQUENCE) * n + whole_file[at:]


def items(n: int) -> bytes:
    """A sequence of n empty items."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(GROUP_8)
    body = b"\xfe\xff\x00\xe0\0\0\0\0" * n
    return whole_file[:at] + b"\x08\x00\x40\x11SQ\0\0" + struct.pack("<I", len(body)) + body + whole_file[at:]


def _elements(n: int) -> bytes:
    made = np.zeros(n, np.dtype([("group", "<u2"), ("element", "<u2"), ("vr", "S2"), ("length", "<u2")]))
    made["group"], made["element"], made["vr"] = 0x0009, 0x1001 + np.arange(n) % 0xE000, b"LO"
    return made.tobytes()


def elements(n: int) -> bytes:
    """N empty private elements before the picture."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(b"\x28\x00\x02\x00US")
    return whole_file[:at] + _elements(n) + whole_file[at:]


def deflated(megabytes: int) -> bytes:
    """A data set of zeros, deflated."""
    begin = dicom(DEEP, DeflatedExplicitVRLittleEndian, BitsStored=12)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return begin[: about_file(begin)] + megabyte * megabytes


def deflated_elements(megabytes: int) -> bytes:
    """Empty elements, deflated, just under the limit of what is inflated."""
    begin = dicom(DEEP, DeflatedExplicitVRLittleEndian, BitsStored=12)
    deflater = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(_elements(megabytes * (1 << 17))) + deflater.flush()
    return begin[: about_file(begin)] + packed


def claims(length: int) -> bytes:
    """A private element that claims more than the file holds, before the picture."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(b"\x28\x00\x02\x00US")
    return whole_file[:at] + b"\x09\x00\x01\x10OB\0\0" + struct.pack("<I", length) + whole_file[at:]


def private(megabytes: int) -> bytes:
    """A private element that is as large as it says."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(b"\x28\x00\x02\x00US")
    body = bytes(megabytes << 20)
    return whole_file[:at] + b"\x09\x00\x01\x10OB\0\0" + struct.pack("<I", len(body)) + body + whole_file[at:]


def lying_pixels(length: int) -> bytes:
    """Pixels that claim more than there is."""
    whole_file = bytearray(dicom(DEEP, BitsStored=12))
    at = whole_file.index(PIXELS)
    whole_file[at + 8 : at + 12] = struct.pack("<I", length)
    return bytes(whole_file)


def _encapsulated(inside: bytes) -> bytes:
    whole_file = _framed(JPEGBaseline8Bit, saved(Image.fromarray(BYTE), "JPEG"))
    at = whole_file.index(PIXELS)
    return whole_file[: at + 12] + inside


def offsets() -> bytes:
    """A table of offsets that point outside, and one that does not end."""
    table = b"\xfe\xff\x00\xe0" + struct.pack("<I6I", 24, *[0xFFFFFFF0] * 6)
    return _encapsulated(table + b"\xfe\xff\x00\xe0" + struct.pack("<I", 64) + bytes(64))


def fragment(length: int) -> bytes:
    """A fragment that says it has so many bytes."""
    frame = saved(Image.fromarray(BYTE), "JPEG")
    return _encapsulated(bytes.fromhex("feff00e000000000feff00e0") + struct.pack("<I", length) + frame)


def pieces(n: int) -> bytes:
    """A frame in n empty fragments."""
    return _encapsulated(bytes.fromhex("feff00e000000000") * (n + 1) + bytes.fromhex("feffdde000000000"))


def scans(n: int) -> bytes:
    """A progressive JPEG of many scans, as the header says it."""
    return dicom(np.zeros((1, 1), np.uint8), JPEGBaseline8Bit, frame=progressive(n), Rows=5000, Columns=6016)


def tiles(side: int) -> bytes:
    """A codestream of as many tiles as there may be."""
    frame = j2k(side, side, tile=side // 250)
    return dicom(np.zeros((1, 1), np.uint8), JPEG2000Lossless, frame=frame, Rows=side, Columns=side)


def hidden_stream() -> bytes:
    """A JP2 with a small codestream in a box of no meaning before the one that is decoded."""
    small, large = j2k(32, 40), jp2_sides(SIDE, SIDE)
    at = large.index(b"jp2h") - 4
    return large[:at] + struct.pack(">I", 8 + len(small)) + b"free" + small + large[at:]


def jpeg_ls(side: int) -> bytes:
    """A JPEG-LS that declares more than the header."""
    frame = b"\xff\xd8\xff\xf7" + struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\0"
    return _framed(JPEGLSLossless, frame + b"\xff\xda\0\x08\x01\x01\0\0\0\0" + bytes(99) + b"\xff\xd9")


def jpeg_ls_small(side: int) -> bytes:
    """As the header says it, with hardly any pixels in it."""
    frame = b"\xff\xd8\xff\xf7" + struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\0"
    frame += b"\xff\xda\0\x08\x01\x01\0\0\0\0" + b"\xab" * 99 + b"\xff\xd9"
    return dicom(np.zeros((1, 1), np.uint8), JPEGLSLossless, frame=frame, Rows=side, Columns=side)


def run_lengths(side: int) -> bytes:
    """Run lengths that swell as far as they can."""
    runs = b"\x81\x07" * (side * side // 128 + 1)
    frame = struct.pack("<16L", 1, 64, *[0] * 14) + runs
    return dicom(np.zeros((1, 1), np.uint8), RLELossless, frame=frame, Rows=side, Columns=side)


def wild_starts() -> bytes:
    """Segments that start behind the end, and before the one before."""
    frame = struct.pack("<16L", 2, 0xFFFFFFFF, 8, *[0xFFFFFFFF] * 13) + bytes(99)
    return dicom(DEEP, RLELossless, frame=frame)


def whole(side: int) -> bytes:
    """As many pixels as there may be, in three channels of 16 bits."""
    return dicom(np.zeros((1, 1, 3), np.uint16), Rows=side, Columns=side, PixelData=bytes(6 * side * side))


def palettes() -> bytes:
    """Palettes with fewer entries than they say, of no bits."""
    index = np.arange(256, dtype=np.uint8).reshape(16, 16)
    lies: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        lies[f"{colour}PaletteColorLookupTableDescriptor"] = [0, 60000, 99]
        lies[f"{colour}PaletteColorLookupTableData"] = b"\0\1"
    return dicom(index, **lies)


def no_standard() -> bytes:
    """Elements whose kind is two bytes of nothing."""
    whole_file = dicom(DEEP, BitsStored=12)
    at = whole_file.index(b"\x28\x00\x02\x00US")
    return whole_file[:at] + b"\x09\x00\x01\x10\x1b[\xff\xff" + b"\xff" * 40 + whole_file[at:]
