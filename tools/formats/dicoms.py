"""DICOM of one channel, uncompressed, with the pixels that it stands for by the standard's own arithmetic."""

from typing import Any

import numpy as np
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from tools.formats.dicom_file import dicom, table
from tools.formats.known import Kind, as_grey, picture


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
    padded = np.pad(v // 8 + 2000, 6).astype(np.uint16)
    framed = np.pad(as_grey(v // 8, 0, 511), 6)
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
        (
            "VOI LUT, implicit VR",
            dicom(v, ImplicitVRLittleEndian, VOILUTSequence=[shown], BitsStored=12),
            through,
        ),
        (
            "VOI LUT, big endian",
            dicom(v, ExplicitVRBigEndian, VOILUTSequence=[table(curve, 500, 10, ">")], BitsStored=12),
            through,
        ),
        ("padding is black and out of the window", dicom(padded, BitsStored=12, PixelPaddingValue=0), framed),
        (
            "padding, MONOCHROME1, a range",
            dicom(
                padded,
                ImplicitVRLittleEndian,
                BitsStored=12,
                PixelPaddingValue=0,
                PixelPaddingRangeLimit=9,
                PhotometricInterpretation="MONOCHROME1",
            ),
            np.where(padded > 9, 255 - framed.astype(int), 0),
        ),
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
