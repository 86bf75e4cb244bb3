"""What is left out: no single picture, damaged, of no format that is read, or meant to fill the memory."""

import struct
import zlib

import imagecodecs
import numpy as np
from PIL import Image
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
)

from evidrift.prepare.films.dicom import MAX_INFLATED
from tools.formats.dicom_file import about_file, dicom
from tools.formats.known import Kind, colours, picture, saved
from tools.formats.rasters import tiff


def objects() -> list[Kind]:
    """Objects that are no single picture, damaged ones, and those that would fill the memory."""
    v = picture(12)
    whole = dicom(v, BitsStored=12)
    frame = bytes(imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=12))
    stream = saved(Image.fromarray(v), "JPEG2000", no_jp2=True)
    two = np.concatenate([v, v])
    twice = {"NumberOfFrames": 2, "Rows": v.shape[0], "BitsStored": 12}
    objects = {
        "structured report": ("1.2.840.10008.5.1.4.1.1.88.11", "Basic Text SR Storage"),
        "key objects": ("1.2.840.10008.5.1.4.1.1.88.59", "Key Object Selection"),
        "presentation state": ("1.2.840.10008.5.1.4.1.1.11.1", "Softcopy Presentation State"),
        "PDF in DICOM": ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF"),
        "DICOMDIR": ("1.2.840.10008.1.3.10", "Media Storage Directory"),
    }
    made = [(name, dicom(None, sop_class=uid), why) for name, (uid, why) in objects.items()]
    # Sequences without an end, each in an item of the one before: referenced images, and tables of windows.
    start, window = whole.index(b"\x08\x00\x60\x00CS"), whole.index(b"\xe0\x7f\x10\x00OW")
    inner = b"SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    deep = whole[:start] + (b"\x08\x00\x40\x11" + inner) * 600 + whole[start:]
    deep_tables = whole[:window] + (b"\x28\x00\x10\x30" + inner) * 600 + whole[window:]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = deflater.compress(bytes(1 << 20)) + deflater.flush(zlib.Z_FULL_FLUSH)
    bomb = megabyte * ((MAX_INFLATED >> 20) + 2)
    begin = dicom(v, DeflatedExplicitVRLittleEndian, BitsStored=12)
    made += [
        ("two frames", dicom(two, **twice), "2 frames"),
        ("MPEG-4", dicom(v, UID("1.2.840.10008.1.2.4.102"), frame=frame), "MPEG-4"),
        ("JPEG 2000 by its header, JPEG inside", dicom(v, JPEG2000Lossless, frame=frame), "of another kind"),
        (
            "JPEG of another size than its header says",
            dicom(v, JPEGLosslessSV1, frame=frame, Rows=41),
            "32x40",
        ),
        ("fewer bytes than pixels", dicom(v, PixelData=v.tobytes()[:-100]), "bytes of pixels"),
        ("cut short, JPEG", dicom(v, JPEGLosslessSV1, frame=frame[:600]), "cut short"),
        ("cut short, JPEG 2000", dicom(v, JPEG2000Lossless, frame=stream[:600]), "cut short"),
        ("cut within its header", whole[:400], "ends before its picture"),
        ("60,000 x 60,000 px", dicom(v, Rows=60000, Columns=60000), "px are the limit"),
        ("32 bits a pixel", dicom(v.astype(np.uint32)), "32 bits"),
        (
            "YBR_FULL_422, uncompressed",
            dicom(colours(), PhotometricInterpretation="YBR_FULL_422"),
            "YBR_FULL_422",
        ),
        ("a space of colours that is not read", dicom(colours(), PhotometricInterpretation="HSV"), "HSV"),
        ("sequences, 600 deep", deep, "damaged"),
        ("tables of windows, 600 deep", deep_tables, "damaged"),
        (
            "deflated, 900 times as large once inflated",
            begin[: about_file(begin)] + bomb,
            "once it is inflated",
        ),
    ]
    return [Kind("Left out, DICOM", name, data, why=why) for name, data, why in made]


def files() -> list[Kind]:
    """What is no single picture, is damaged, or is of no format that is read."""
    image = Image.fromarray(picture(8).astype(np.uint8))
    pages = [image.point(lambda level: 255 - level)]
    whole = {kind: saved(image, kind) for kind in ("PNG", "JPEG", "TIFF", "JPEG2000", "BMP", "GIF")}
    header = b"IHDR" + struct.pack(">IIBBBBB", 90_000, 90_000, 8, 0, 0, 0, 0)
    huge = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    huge += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    made = [
        ("TIFF of two pages", saved(image, "TIFF", save_all=True, append_images=pages), "2 pages"),
        ("GIF of two frames", saved(image, "GIF", save_all=True, append_images=pages), "2 pages or frames"),
        ("WebP of two frames", saved(image, "WEBP", save_all=True, append_images=pages), "2 pages or frames"),
        ("TIFF, floating point with NaN", tiff(np.full((40, 32), np.nan, np.float32)), "no numbers"),
        ("PNG of 90,000 x 90,000 px", huge, "50,000,000 px are the limit"),
        *((f"{kind}, cut short", data[: len(data) // 2], kind) for kind, data in whole.items()),
        ("no bytes", b"", "0 bytes"),
        ("HEIC", b"\0\0\0\x18ftypheic" + bytes(64), "HEIC"),
        ("AVIF", saved(image, "AVIF"), "AVIF"),
        ("JPEG XL", bytes(imagecodecs.jpegxl_encode(np.asarray(image))), "JPEG XL"),
        ("PDF", saved(image, "PDF"), "a PDF document"),
        ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        ("NumPy array", b"\x93NUMPY\x01\x00" + bytes(64), "a NumPy array"),
        ("volume, NIfTI in gzip", b"\x1f\x8b\x08\x00" + bytes(64), "gzip"),
        ("zip archive", b"PK\x03\x04" + bytes(64), "ZIP archive"),
        (
            "Git LFS pointer",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
            "git lfs pull",
        ),
        ("DVC file", b"outs:\n- md5: " + b"0" * 32 + b"\n  size: 9\n  path: film.png\n", "dvc pull"),
        ("page of HTML", b"<!DOCTYPE html>\n<html></html>\n", "a web page"),
        ("text", b"no picture at all\n", "no picture in a format that is known"),
    ]
    return [Kind("Left out", name, data, why=why) for name, data, why in made]
