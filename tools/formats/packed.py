"""DICOM in colours, and compressed, with the pixels that it stands for."""

from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tools.formats.dicom_file import dicom
from tools.formats.known import Kind, as_grey, colours, luma_of, picture, saved


def compressed() -> list[Kind]:
    """One channel, compressed."""
    v, byte = picture(12), picture(8).astype(np.uint8)
    signed = (v.astype(int) - 2048).astype(np.int16)
    full = as_grey(v, 0, 4095)
    lossless = bytes(imagecodecs.jpeg8_encode(v, lossless=True, bitspersample=12))

    def of(
        name: str, pixels: np.ndarray, syntax: UID, frame: bytes, tolerance: int = 1, pieces: int = 1
    ) -> Kind:
        bits = 8 if pixels.itemsize == 1 else 12
        data = dicom(pixels, syntax, frame=frame, fragments=pieces, BitsStored=bits)
        return Kind("DICOM, compressed", name, data, byte if bits == 8 else full, tolerance)

    return [
        of("RLE, 8 bit", byte, RLELossless, rle(byte)),
        of("RLE, 12 bit", v, RLELossless, rle(v)),
        of(
            "JPEG baseline, 8 bit",
            byte,
            JPEGBaseline8Bit,
            saved(Image.fromarray(byte), "JPEG", quality=95),
            6,
        ),
        of(
            "JPEG extended, 12 bit",
            v,
            JPEGExtended12Bit,
            bytes(imagecodecs.jpeg8_encode(v, level=98, bitspersample=12)),
            4,
        ),
        of(
            "JPEG lossless, 8 bit",
            byte,
            JPEGLosslessSV1,
            bytes(imagecodecs.jpeg8_encode(byte, lossless=True)),
        ),
        of("JPEG lossless, 12 bit", v, JPEGLosslessSV1, lossless),
        of(
            "JPEG lossless, any predictor",
            v,
            JPEGLossless,
            bytes(imagecodecs.ljpeg_encode(v, bitspersample=12)),
        ),
        of("JPEG lossless in three fragments", v, JPEGLosslessSV1, lossless, pieces=3),
        of("JPEG-LS, 8 bit", byte, JPEGLSLossless, bytes(imagecodecs.jpegls_encode(byte))),
        of("JPEG-LS, 12 bit", v, JPEGLSLossless, bytes(imagecodecs.jpegls_encode(v))),
        of("JPEG-LS, nearly lossless", v, JPEGLSNearLossless, bytes(imagecodecs.jpegls_encode(v, level=8))),
        of("JPEG 2000, lossless", v, JPEG2000Lossless, saved(Image.fromarray(v), "JPEG2000", no_jp2=True)),
        of("JPEG 2000, lossless, in a JP2 file", v, JPEG2000Lossless, saved(Image.fromarray(v), "JPEG2000")),
        of(
            "JPEG 2000, lossless, signed",
            signed,
            JPEG2000Lossless,
            bytes(imagecodecs.jpeg2k_encode(signed, codecformat="J2K", reversible=True, level=0)),
        ),
        of(
            "JPEG 2000, lossy, 8 bit",
            byte,
            JPEG2000,
            saved(
                Image.fromarray(byte),
                "JPEG2000",
                no_jp2=True,
                irreversible=True,
                quality_mode="dB",
                quality_layers=[50],
            ),
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
    ybr: dict[str, Any] = {"PhotometricInterpretation": "YBR_FULL"}
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
                frame=saved(Image.fromarray(rgb), "JPEG", quality=95, subsampling=1),
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
                frame=saved(Image.fromarray(rgb), "JPEG2000", no_jp2=True, mct=1),
                PhotometricInterpretation="YBR_RCT",
            ),
            grey,
            1,
        ),
        ("RGB, JPEG-LS", dicom(rgb, JPEGLSLossless, frame=bytes(imagecodecs.jpegls_encode(rgb))), grey, 1),
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
    return get_encoder(RLELossless).encode(
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
