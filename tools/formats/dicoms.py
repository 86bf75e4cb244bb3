"""DICOM files of many kinds, with the pixels that they stand for by the standard's own arithmetic."""

import io
import zlib
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from evidrift.prepare.films.dicom import MAX_INFLATED
from tools.formats.known import Kind, as_grey, colours, luma_of, picture

DX = "1.2.840.10008.5.1.4.1.1.1.1"  # digital X-ray image, for presentation
MADE = "1.2.826.0.1.3680043.8.498.1"  # under pydicom's own root


def dicom(
    pixels: np.ndarray | None,
    syntax: UID = ExplicitVRLittleEndian,
    *,
    frame: bytes | None = None,
    fragments: int = 1,
    preamble: bool = True,
    sop_class: str = DX,
    private: str | None = None,
    **elements: Any,
) -> bytes:
    """A DICOM file.

    Args:
        pixels: stored values, (height, width[, 3]), 8 or 16 bit; None for an object without a picture.
        syntax: its transfer syntax.
        frame: the pixels, compressed.
        fragments: into how many pieces the frame is cut.
        preamble: whether the file begins as files of today do.
        sop_class: what kind of object it is.
        private: a text in an element of a maker's own.
        elements: by keyword, over those that follow from the pixels.
    """
    file = FileMetaDataset()
    file.MediaStorageSOPClassUID, file.MediaStorageSOPInstanceUID = UID(sop_class), UID(MADE)
    file.TransferSyntaxUID = syntax
    made = FileDataset("", Dataset(), file_meta=file, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = sop_class, MADE, "DX"
    if pixels is not None:
        bits = 8 * pixels.itemsize
        made.Rows, made.Columns = pixels.shape[:2]
        made.SamplesPerPixel = 1 if pixels.ndim == 2 else pixels.shape[2]
        made.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
        made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
        made.PixelRepresentation = int(pixels.dtype.kind == "i")
        if pixels.ndim == 3:
            made.PlanarConfiguration = 0
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        made.PixelData = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    for name, value in elements.items():
        setattr(made, name, value)
    if private:
        made.private_block(0x0029, "MAKER", create=True).add_new(1, "LO", private)
    if "BitsStored" in elements and "HighBit" not in elements:
        made.HighBit = made.BitsStored - 1
    if frame is not None:
        made.PixelData = encapsulate([frame], fragments_per_frame=fragments)
    if "PixelData" in made:
        made["PixelData"].VR = "OB" if frame is not None or made.BitsAllocated <= 8 else "OW"
    return written(made, preamble)


def written(made: FileDataset, preamble: bool = True) -> bytes:
    """A data set's bytes; without a preamble, its elements alone."""
    buffer = io.BytesIO()
    if preamble:
        dcmwrite(buffer, made, enforce_file_format=True)
        return buffer.getvalue()
    bare = Dataset(made)
    syntax = made.file_meta.TransferSyntaxUID
    dcmwrite(buffer, bare, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    return buffer.getvalue()


def about_file(data: bytes) -> int:
    """Where the data set begins, behind what is said about the file (group 2)."""
    return 144 + int.from_bytes(data[140:144], "little")


def table(values: np.ndarray, first: int, bits: int, **more: Any) -> Dataset:
    """A table of grey values, as an item of a sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(values) % (1 << 16), first, bits])
    item.add_new("LUTData", "OW", values.astype("<u2").tobytes())
    for name, value in more.items():
        setattr(item, name, value)
    return item


def greys() -> list[Kind]:
    """One channel, uncompressed."""
    eight, ten, twelve, fourteen, sixteen = (picture(bits) for bits in (8, 10, 12, 14, 16))
    full = as_grey(twelve, 0, 4095)
    byte = eight.astype(np.uint8)
    signed = (twelve.astype(int) - 2048).astype(np.int16)
    made = [
        ("8 bit, MONOCHROME2", dicom(byte), byte),
        ("8 bit, MONOCHROME1", dicom(byte, PhotometricInterpretation="MONOCHROME1"), 255 - byte),
        ("10 bit in 16", dicom(ten, BitsStored=10), as_grey(ten, 0, 1023)),
        ("12 bit in 16", dicom(twelve, BitsStored=12), full),
        (
            "12 bit in 16, MONOCHROME1",
            dicom(twelve, BitsStored=12, PhotometricInterpretation="MONOCHROME1"),
            255 - full,
        ),
        ("14 bit in 16", dicom(fourteen, BitsStored=14), as_grey(fourteen, 0, 16383)),
        ("16 bit", dicom(sixteen), as_grey(sixteen, 0, 65535)),
        ("16 bit, signed", dicom((sixteen.astype(int) - 32768).astype(np.int16)), as_grey(sixteen, 0, 65535)),
        ("12 bit in 16, signed", dicom(signed, BitsStored=12), full),
        ("12 bit in the upper bits of 16", dicom(twelve << 4, BitsStored=12, HighBit=15), full),
        (
            "12 bit in 16, an overlay in the bits above",
            dicom(
                twelve | (0xA000 * (np.arange(twelve.size) % 2)).reshape(twelve.shape).astype(np.uint16),
                BitsStored=12,
            ),
            full,
        ),
        ("implicit VR", dicom(twelve, ImplicitVRLittleEndian, BitsStored=12), full),
        ("big endian", dicom(twelve, ExplicitVRBigEndian, BitsStored=12), full),
        ("big endian, 8 bit", dicom(byte, ExplicitVRBigEndian), byte),
        ("deflated", dicom(twelve, DeflatedExplicitVRLittleEndian, BitsStored=12), full),
        ("without preamble, explicit VR", dicom(twelve, preamble=False, BitsStored=12), full),
        (
            "without preamble, implicit VR",
            dicom(twelve, ImplicitVRLittleEndian, preamble=False, BitsStored=12),
            full,
        ),
    ]
    return [Kind("DICOM, grey", name, data, expected) for name, data, expected in made]


def windows() -> list[Kind]:
    """Modality and window: PS3.3, C.11.1 and C.11.2, written out pixel for pixel."""
    v = picture(12)
    x = v.astype(float)
    c, w = 1500.0, 1200.0
    linear = np.where(
        x <= c - 0.5 - (w - 1) / 2,
        0.0,
        np.where(x > c - 0.5 + (w - 1) / 2, 255.0, ((x - (c - 0.5)) / (w - 1) + 0.5) * 255),
    )
    exact = as_grey(v, c - w / 2, c + w / 2)
    sigmoid = 255 / (1 + np.exp(-4 * (x - c) / w))
    curve = np.rint((np.arange(3000) / 2999) ** 2 * 1023)  # from value 500 on
    through = curve[np.clip(v.astype(int) - 500, 0, 2999)] / 1023 * 255
    modality = (np.arange(4096) ** 2) // 256
    window: dict[str, Any] = {"WindowCenter": c, "WindowWidth": w, "BitsStored": 12}
    shown = table(curve, 500, 10)
    stands_for = table(modality, 0, 16, ModalityLUTType="US")
    spread = modality[v]
    made = [
        ("window, LINEAR", dicom(v, **window), linear),
        ("window, LINEAR_EXACT", dicom(v, **window, VOILUTFunction="LINEAR_EXACT"), exact),
        ("window, SIGMOID", dicom(v, **window, VOILUTFunction="SIGMOID"), sigmoid),
        (
            "two windows: the first counts",
            dicom(v, **{**window, "WindowCenter": [c, 40.0], "WindowWidth": [w, 9.0]}),
            linear,
        ),
        ("window, MONOCHROME1", dicom(v, **window, PhotometricInterpretation="MONOCHROME1"), 255 - linear),
        (
            "window, MONOCHROME1 and presentation INVERSE: turned once",
            dicom(v, **window, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE"),
            255 - linear,
        ),
        ("window, presentation INVERSE", dicom(v, **window, PresentationLUTShape="INVERSE"), 255 - linear),
        (
            "window after slope and intercept",
            dicom(
                v,
                RescaleSlope=2.0,
                RescaleIntercept=-1000.0,
                WindowCenter=2000.0,
                WindowWidth=2400.0,
                BitsStored=12,
                VOILUTFunction="LINEAR_EXACT",
            ),
            exact,
        ),
        (
            "slope below 0 and no window",
            dicom(v, RescaleSlope=-1.0, RescaleIntercept=4095.0, BitsStored=12),
            255 - as_grey(v, 0, 4095),
        ),
        ("VOI LUT", dicom(v, VOILUTSequence=[shown], BitsStored=12), through),
        ("VOI LUT and a window: the table counts", dicom(v, VOILUTSequence=[shown], **window), through),
        (
            "modality LUT",
            dicom(v, ModalityLUTSequence=[stands_for], BitsStored=12),
            as_grey(spread, 0, int(spread.max())),
        ),
        (
            "a window of width 0 counts for none",
            dicom(v, WindowCenter=100.0, WindowWidth=0.0, BitsStored=12),
            as_grey(v, 0, 4095),
        ),
    ]
    return [Kind("DICOM, windows", name, data, np.rint(grey).astype(np.uint8)) for name, data, grey in made]


def compressed() -> list[Kind]:
    """One channel, compressed."""
    v, byte = picture(12), picture(8).astype(np.uint8)
    signed = (v.astype(int) - 2048).astype(np.int16)
    full = as_grey(v, 0, 4095)
    lossless = imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=12)

    def of(
        name: str, pixels: np.ndarray, syntax: UID, frame: bytes, tolerance: int = 1, pieces: int = 1
    ) -> Kind:
        bits = 8 if pixels.itemsize == 1 else 12
        data = dicom(pixels, syntax, frame=frame, fragments=pieces, BitsStored=bits)
        return Kind("DICOM, compressed", name, data, byte if bits == 8 else full, tolerance)

    return [
        of("RLE, 8 bit", byte, RLELossless, rle(byte)),
        of("RLE, 12 bit", v, RLELossless, rle(v)),
        of("JPEG baseline, 8 bit", byte, JPEGBaseline8Bit, pillow(byte, "JPEG", quality=95), 6),
        of(
            "JPEG extended, 12 bit",
            v,
            JPEGExtended12Bit,
            imagecodecs.jpeg8_encode(v, level=98, bitspersample=12),
            4,
        ),
        of("JPEG lossless, 8 bit", byte, JPEGLosslessSV1, imagecodecs.jpeg8_encode(byte, lossless=True)),
        of("JPEG lossless, 12 bit", v, JPEGLosslessSV1, lossless),
        of("JPEG lossless, any predictor", v, JPEGLossless, imagecodecs.ljpeg_encode(v, bitspersample=12)),
        of("JPEG lossless in three fragments", v, JPEGLosslessSV1, lossless, pieces=3),
        of("JPEG-LS, 8 bit", byte, JPEGLSLossless, imagecodecs.jpegls_encode(byte)),
        of("JPEG-LS, 12 bit", v, JPEGLSLossless, imagecodecs.jpegls_encode(v)),
        of("JPEG-LS, nearly lossless", v, JPEGLSNearLossless, imagecodecs.jpegls_encode(v, level=8)),
        of("JPEG 2000, lossless", v, JPEG2000Lossless, pillow(v, "JPEG2000", no_jp2=True)),
        of("JPEG 2000, lossless, in a JP2 file", v, JPEG2000Lossless, pillow(v, "JPEG2000")),
        of(
            "JPEG 2000, lossless, signed",
            signed,
            JPEG2000Lossless,
            imagecodecs.jpeg2k_encode(signed, codecformat="J2K", reversible=True, level=0),
        ),
        of(
            "JPEG 2000, lossy, 8 bit",
            byte,
            JPEG2000,
            pillow(byte, "JPEG2000", no_jp2=True, irreversible=True, quality_mode="dB", quality_layers=[50]),
            6,
        ),
    ]


def coloured() -> list[Kind]:
    """Three channels and palettes."""
    rgb = colours()
    grey = luma_of(rgb)
    ycc = to_ycc(rgb)
    index = np.repeat(np.arange(WIDTH_OF_PALETTE, dtype=np.uint8)[None], 8, axis=0)
    reds = (np.arange(WIDTH_OF_PALETTE) * 1000 + 5000).astype("<u2")
    palette: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, entries in (("Red", reds), ("Green", reds // 2), ("Blue", reds // 4)):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [WIDTH_OF_PALETTE, 0, 16]
        palette[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    of_palette = luma_of(np.stack([reds // 256, reds // 2 // 256, reds // 4 // 256], axis=-1))
    planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
    ybr = {"PhotometricInterpretation": "YBR_FULL"}
    made = [
        ("RGB", dicom(rgb), grey, 1),
        ("RGB, a plane each", dicom(rgb, PlanarConfiguration=1, PixelData=planes.tobytes()), grey, 1),
        ("YBR_FULL", dicom(ycc, **ybr), grey, 2),
        ("YBR_FULL, RLE", dicom(ycc, RLELossless, frame=rle(ycc), **ybr), grey, 2),
        (
            "YBR_FULL_422, JPEG baseline",
            dicom(
                rgb,
                JPEGBaseline8Bit,
                frame=pillow(rgb, "JPEG", quality=95, subsampling=1),
                PhotometricInterpretation="YBR_FULL_422",
            ),
            grey,
            8,
        ),
        (
            "YBR_RCT, JPEG 2000",
            dicom(
                rgb,
                JPEG2000Lossless,
                frame=pillow(rgb, "JPEG2000", no_jp2=True, mct=1),
                PhotometricInterpretation="YBR_RCT",
            ),
            grey,
            1,
        ),
        ("RGB, JPEG-LS", dicom(rgb, JPEGLSLossless, frame=imagecodecs.jpegls_encode(rgb)), grey, 1),
        ("palette", dicom(index, **palette), np.repeat(of_palette[None], 8, axis=0), 2),
    ]
    return [Kind("DICOM, colours", *one) for one in made]


WIDTH_OF_PALETTE = 24


def to_ycc(rgb: np.ndarray) -> np.ndarray:
    """Full-range YCbCr, PS3.3, C.7.6.3.1.2."""
    red, green, blue = np.moveaxis(rgb.astype(float), -1, 0)
    return np.clip(
        np.rint(
            np.stack(
                [
                    0.299 * red + 0.587 * green + 0.114 * blue,
                    -0.168736 * red - 0.331264 * green + 0.5 * blue + 128,
                    0.5 * red - 0.418688 * green - 0.081312 * blue + 128,
                ],
                axis=-1,
            )
        ),
        0,
        255,
    ).astype(np.uint8)


def rle(pixels: np.ndarray) -> bytes:
    """Run lengths by pydicom's own encoder."""
    channels = 1 if pixels.ndim == 2 else 3
    bits = 8 * pixels.itemsize
    return RLELosslessEncoder.encode(
        pixels,
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=channels,
        planar_configuration=0,
        number_of_frames=1,
        bits_allocated=bits,
        bits_stored=bits,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2" if channels == 1 else "RGB",
    )


def pillow(pixels: np.ndarray, kind: str, **how: Any) -> bytes:
    """A picture's file by Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **how)
    return buffer.getvalue()


def left_out() -> list[Kind]:
    """Objects that are no single picture, damaged ones, and those that would fill the memory."""
    v = picture(12)
    whole = dicom(v, BitsStored=12)
    frame = imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=12)
    stream = pillow(v, "JPEG2000", no_jp2=True)
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
