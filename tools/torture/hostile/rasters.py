"""Pictures that ask for more than they are: of time, of memory, of pixels."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tools.formats.known import picture, saved

PNG = b"\x89PNG\r\n\x1a\n"
SIDE = 60_000
MEGABYTE = 1 << 20
Maker = Callable[[int], bytes]  # how much of it -> a file's bytes
Case = tuple[str, str, Maker]  # file's name, what it is, how it is made

# Just what passes for a radiograph: about 50 million pixels.
WIDE, HIGH = 7071, 7070


def cases() -> Iterator[Case]:
    """Every picture; the number given to a maker is 1 for the whole, less for a small run."""
    yield "sides.png", f"PNG that declares {SIDE:,} x {SIDE:,} px", lambda _: png(SIDE, SIDE)
    yield "sides.jpg", "JPEG that declares 60,000 x 60,000 px", lambda _: jpeg_sides(SIDE, SIDE)
    yield "sides.tif", "TIFF that declares 60,000 x 60,000 px", lambda _: tiff([(256, SIDE), (257, SIDE)])
    yield "sides.bmp", "BMP that declares 60,000 x 60,000 px", lambda _: bmp(SIDE, SIDE)
    yield "upside.bmp", "BMP of a height of -2**31", lambda _: bmp(7, -(1 << 31))
    yield "sides.gif", "GIF that declares 60,000 x 60,000 px", lambda _: gif(SIDE, SIDE, SIDE, SIDE)
    yield "frame.gif", "GIF whose frame is 60,000 px wider than its screen", lambda _: gif(32, 40, SIDE, SIDE)
    yield "sides.webp", "WebP that declares 16,383 x 16,383 px", lambda _: webp_sides()
    yield "sides.jp2", "JPEG 2000 that declares 60,000 x 60,000 px", lambda _: jp2_sides(SIDE, SIDE)
    yield "sides.j2k", "JPEG 2000 codestream of 60,000 x 60,000 px", lambda _: j2k(SIDE, SIDE)
    yield (
        "two.jp2",
        "JP2, 40 px by its box and 60,000 inside",
        lambda _: jp2_sides(SIDE, SIDE, box=40),
    )
    yield "tiles.j2k", "JPEG 2000 of a million tiles", lambda _: j2k(7000, 7000, tile=7)
    yield "tiles2.j2k", "JPEG 2000 of 62,500 tiles", lambda n: j2k(3500 * n, 3500 * n, 14 * n)
    yield "idat.png", "PNG whose 8 px inflate to gigabytes", lambda n: png(8, 8, zeros(4096 * n))
    yield "icc.png", "PNG with a colour profile that inflates to gigabytes", lambda n: chunky(b"iCCP", n)
    yield "text.png", "PNG with a text that inflates to gigabytes", lambda n: chunky(b"zTXt", n)
    yield "utf.png", "PNG with an iTXt that inflates to gigabytes", lambda n: chunky(b"iTXt", n)
    yield "deep.png", "PNG of 50 Mpx in four channels of 16 bits", lambda n: png_whole(n, 16, 6)
    yield "grey.png", "PNG of 50 Mpx, 16 bits", lambda n: png_whole(n, 16, 0)
    yield "chunks.png", "PNG of 15 million chunks", lambda n: chunks(15_000_000 if n > 1 else 50_000)
    yield "frames.png", "PNG of 2**31 frames", lambda _: apng()
    yield "length.png", "PNG with a chunk that claims 2 GiB", lambda _: png(40, 40, length=0x7FFFFFFF)
    yield "scans.jpg", "JPEG of 30 Mpx in 3,000 scans", lambda n: progressive(3000 if n > 1 else 40)
    yield "markers.jpg", "JPEG of 60 million markers", lambda n: markers(60_000_000 if n > 1 else 100_000)
    yield "exif.jpg", "JPEG whose EXIF points into itself", lambda _: jpeg_exif_loop()
    yield "tiles.tif", "TIFF of 12 million tiles", lambda n: tiff_tiles(12_000_000 if n > 1 else 200_000)
    yield "loop.tif", "TIFF whose pages go in a circle", lambda _: tiff([(256, 32), (257, 40)], after=8)
    yield "pages.tif", "TIFF of millions of empty pages", lambda n: tiff_pages(10 ** (4 + n))
    yield (
        "tags.tif",
        "TIFF with a tag that claims 4 GiB",
        lambda _: tiff([(256, 32), (257, 40), (270, 2**32 - 1)]),
    )
    yield "bits.tif", "TIFF with a list of bits of 4 GiB", lambda _: tiff_huge_bits()
    yield "strip.tif", "TIFF whose strip inflates to gigabytes", lambda n: tiff_deflated(4096 * n)
    yield (
        "big.tif",
        "BigTIFF that claims 2**63 tags",
        lambda _: big_tiff(),
    )
    yield "frames.gif", "GIF of 8 million frames", lambda n: gif_frames(8_000_000 if n > 1 else 20_000)
    yield "frames.webp", "WebP of 2 million frames", lambda n: webp_frames(2_000_000 if n > 1 else 5_000)
    yield "lzw.gif", "GIF of 49 Mpx in a few kilobytes", lambda _: saved(Image.new("L", (7000, 7000)), "GIF")
    yield "rle.bmp", "BMP of 49 Mpx in run lengths", lambda _: bmp_rle(7000, 7000)


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    """A chunk of a PNG."""
    size = struct.pack(">I", len(data) if length is None else length)
    return size + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, packed: bytes = b"", length: int | None = None, *between: bytes) -> bytes:
    """A PNG, grey, 8 bit, with whatever compressed pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    packed = packed or zlib.compress(bytes(64))
    return PNG + header + b"".join(between) + chunk(b"IDAT", packed, length) + chunk(b"IEND", b"")


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, compressed a thousand times: one of them, and the same again."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    one = deflater.compress(bytes(MEGABYTE)) + deflater.flush(zlib.Z_FULL_FLUSH)
    adler = (megabytes * MEGABYTE % 65521) << 16 | 1
    return b"\x78\xda" + one * megabytes + b"\x03\x00" + struct.pack(">I", adler)


def chunky(kind: bytes, n: int) -> bytes:
    """A good PNG with a chunk before its pixels that inflates to n x 4 GiB."""
    head = {b"iCCP": b"icc\0\0", b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0\0\0"}[kind]
    whole = saved(Image.fromarray(picture(8).astype(np.uint8)), "PNG")
    return whole[:33] + chunk(kind, head + zeros(4096 * n)) + whole[33:]


def png_whole(n: int, bits: int, colour: int) -> bytes:
    """A PNG of as many pixels as pass, all of them there."""
    width, height = (WIDE, HIGH) if n > 1 else (500, 500)
    channels = {0: 1, 6: 4}[colour]
    row = b"\0" + np.arange(width * channels, dtype=">u2").tobytes()
    deflater = zlib.compressobj(1)
    packed = b"".join(deflater.compress(row) for _ in range(height)) + deflater.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return PNG + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def chunks(n: int) -> bytes:
    """A PNG of n empty chunks of no kind that is known."""
    whole = saved(Image.fromarray(picture(8).astype(np.uint8)), "PNG")
    return whole[:33] + chunk(b"abCd", b"") * n + whole[33:]


def apng() -> bytes:
    """An animation that says it has 2**31 - 1 frames."""
    control = chunk(b"acTL", struct.pack(">II", 0x7FFFFFFF, 0))
    whole = saved(Image.fromarray(picture(8).astype(np.uint8)), "PNG")
    return whole[:33] + control + whole[33:]


def jpeg_sides(width: int, height: int) -> bytes:
    """A JPEG of 40 px whose frame says more."""
    whole = bytearray(saved(Image.fromarray(picture(8).astype(np.uint8)), "JPEG"))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def progressive(n: int) -> bytes:
    """A progressive JPEG whose last scan stands n times."""
    noise = np.tile(picture(8).astype(np.uint8), (125, 188))
    whole = saved(Image.fromarray(noise), "JPEG", progressive=True, quality=30)
    last = whole.rindex(b"\xff\xda")
    empty = whole[last : last + 10] + bytes(20)
    return whole[:-2] + empty * n + whole[-2:]


def markers(n: int) -> bytes:
    """A JPEG with n comments without a word before its frame."""
    whole = saved(Image.fromarray(picture(8).astype(np.uint8)), "JPEG")
    return whole[:2] + b"\xff\xfe\0\x02" * n + whole[2:]


def jpeg_exif_loop() -> bytes:
    """A JPEG whose EXIF has a list within itself, and a tag of gigabytes."""
    image = Image.fromarray(picture(8).astype(np.uint8))
    tags = [(0x0112, 3, 1, 1), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x010E, 2, 2**32 - 1, 8)]
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    exif += b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 8)
    return saved(image, "JPEG", exif=exif)


def bmp(width: int, height: int) -> bytes:
    """A BMP, 24 bit, with a row of pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 1 << 20, 0, 0, 54) + header + bytes(512)


def bmp_rle(width: int, height: int) -> bytes:
    """A BMP of run lengths: as many pixels as may be, in two bytes a 255."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    runs = (b"\xff\x07" * (width // 255 + 1) + b"\0\0") * 10 + b"\0\x01"
    return b"BM" + struct.pack("<IHHI", 1 << 20, 0, 0, 1078) + header + bytes(1024) + runs


def gif(width: int, height: int, frame_width: int, frame_height: int) -> bytes:
    """A GIF of one frame."""
    start = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return start + b"," + struct.pack("<HHHHB", 0, 0, frame_width, frame_height, 0) + b"\x02\x02D\x01\0;"


def gif_frames(n: int) -> bytes:
    """A GIF of n frames, a pixel each."""
    start = b"GIF89a" + struct.pack("<HHBBB", 32, 40, 0x80, 0, 0) + bytes(6)
    return start + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0") * n + b";"


def webp_sides() -> bytes:
    """A lossless WebP that says it has the most pixels that WebP can have."""
    bits = struct.pack("<BI", 0x2F, (16_382) | (16_382 << 14))
    data = b"VP8L" + struct.pack("<I", len(bits) + 11) + bits + bytes(11)
    return b"RIFF" + struct.pack("<I", len(data) + 4) + b"WEBP" + data


def webp_frames(n: int) -> bytes:
    """An animated WebP of n small frames."""
    image = Image.new("RGB", (4, 4))
    whole = saved(image, "WEBP", save_all=True, append_images=[Image.new("RGB", (4, 4), "red")])
    at = whole.index(b"ANMF")
    length = 8 + struct.unpack("<I", whole[at + 4 : at + 8])[0]
    data = whole[8:at] + whole[at : at + length] * n
    return b"RIFF" + struct.pack("<I", len(data)) + data


def j2k(width: int, height: int, tile: int = 0) -> bytes:
    """A bare codestream of JPEG 2000 that says it is larger than it is."""
    whole = bytearray(saved(Image.fromarray(picture(8).astype(np.uint8)), "JPEG2000", no_jp2=True))
    whole[8:16] = struct.pack(">II", width, height)
    whole[24:32] = struct.pack(">II", tile or width, tile or height)
    return bytes(whole)


def jp2_sides(width: int, height: int, box: int = 0) -> bytes:
    """A JP2 file; `box` is what the box around the codestream says, where it says less."""
    whole = bytearray(saved(Image.fromarray(picture(8).astype(np.uint8)), "JPEG2000"))
    at = whole.index(b"ihdr") + 4
    whole[at : at + 8] = struct.pack(">II", box or height, box or width)
    at = whole.index(b"\xff\x4f\xff\x51")
    whole[at + 8 : at + 16] = struct.pack(">II", width, height)
    whole[at + 24 : at + 32] = struct.pack(">II", width, height)
    return bytes(whole)


def tiff(tags: list[tuple[int, int]], after: int = 0) -> bytes:
    """A TIFF with these sides; tag 270 is a text of so many bytes; `after` is where its next page lies."""
    given = {256: 32, 257: 40, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 40, 279: 1280} | dict(tags)
    entries = [struct.pack("<HHII", 270, 2, given.pop(270), 8)] if 270 in given else []
    entries += [struct.pack("<HHII", tag, 4, 1, value) for tag, value in given.items()]
    start = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    return start + b"".join(sorted(entries)) + struct.pack("<I", after) + bytes(1280)


def tiff_tiles(n: int) -> bytes:
    """A TIFF of 49 Mpx that says it has n tiles, all in one place."""
    tags = [(256, 4, 1, 7000), (257, 4, 1, 7000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(277, 3, 1, 1), (322, 4, 1, 16), (323, 4, 1, 16), (324, 4, n, 200), (325, 4, n, 200)]
    start = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    return start + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4) + bytes(4 * n + 400)


def big_tiff() -> bytes:
    """A BigTIFF that says it has more tags than there are bytes in the world."""
    return b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 1 << 63) + bytes(64)


def tiff_pages(n: int) -> bytes:
    """A TIFF whose pages have no tag, one behind the other."""
    first = tiff([(256, 32), (257, 40)])
    start = len(first)
    at = np.arange(n, dtype=np.uint64)
    pages = np.zeros(n, np.dtype([("tags", "<u2"), ("next", "<u4")]))
    pages["next"] = np.where(at == n - 1, 0, start + 6 * (at + 1))
    whole = bytearray(first + pages.tobytes())
    n_tags = struct.unpack("<H", whole[8:10])[0]
    whole[10 + 12 * n_tags : 14 + 12 * n_tags] = struct.pack("<I", start)
    return bytes(whole)


def tiff_huge_bits() -> bytes:
    """A TIFF whose bits a sample are a list of 2**31 numbers."""
    whole = bytearray(tiff([(256, 32), (257, 40)]))
    at = whole.index(struct.pack("<HH", 258, 4))
    whole[at : at + 12] = struct.pack("<HHII", 258, 3, 1 << 31, 8)
    return bytes(whole)


def tiff_deflated(megabytes: int) -> bytes:
    """A TIFF of 32 x 40 px whose strip inflates to more."""
    packed = zeros(megabytes)
    tags = [(256, 32), (257, 40), (258, 8), (259, 8), (262, 1), (273, 134), (277, 1), (278, 40)]
    entries = [*tags, (279, len(packed))]
    start = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    body = start + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries) + bytes(4)
    return body.ljust(134, b"\0") + packed


def noise(n: int) -> bytes:
    """A PNG of noise, as large as a film may be."""
    buffer = io.BytesIO()
    Image.effect_noise((64 * n, 64 * n), 90).save(buffer, "PNG")
    return buffer.getvalue()
