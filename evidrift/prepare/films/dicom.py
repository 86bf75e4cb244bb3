"""A DICOM file as a film: what it is, its stored values, and its colours; `grey` does the rest.

pydicom reads the header and takes the frame out of it; only the elements named here are looked at. What an
exception of its says is never passed on, since it may quote a patient's name.
"""

import io
import logging
import warnings
import zlib
from typing import Any

import numpy as np
import pydicom
import pydicom.config
from pydicom.encaps import generate_frames
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut, convert_color_space
from pydicom.uid import UID

from evidrift.prepare.entry import Excluded
from evidrift.prepare.films import header as headers
from evidrift.prepare.films.codecs import (
    Shape,
    decode_jpeg,
    decode_jpeg_2000,
    decode_jpeg_ls,
    decode_run_lengths,
)
from evidrift.prepare.films.film import Film, check_size, is_coloured, luma
from evidrift.prepare.films.grey import grey_of

# pydicom warns of values that break a rule, and quotes them.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").disabled = True
warnings.filterwarnings("ignore", module=r"pydicom\b")

DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG = {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70)}
JPEG_LS = {f"1.2.840.10008.1.2.4.{number}" for number in (80, 81)}
JPEG_2000 = {f"1.2.840.10008.1.2.4.{number}" for number in (90, 91)}
LOSSY = JPEG | JPEG_LS | JPEG_2000
RUN_LENGTHS = "1.2.840.10008.1.2.5"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED}
# More than the largest film takes uncompressed.
MAX_INFLATED = 256 * 1024**2

RADIOGRAPHS = {"", "CR", "DX", "DR", "RG", "RF", "XA", "SC", "OT", "HC"}
GREYS = {"MONOCHROME1", "MONOCHROME2"}
LUMINANCE = {"YBR_FULL", "YBR_FULL_422"}
COLOUR_SPACES = {"YBR_PARTIAL_420", "YBR_PARTIAL_422", "ARGB", "CMYK", "HSV", "XYB", "PALETTE COLOR", "RGB"}
# What a JPEG 2000 decoder has turned back into RGB.
TRANSFORMED = {"YBR_RCT", "YBR_ICT"}

_PIXELS = [
    *("SOPClassUID", "Modality", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated"),
    *("BitsStored", "HighBit", "PixelRepresentation", "PhotometricInterpretation", "PlanarConfiguration"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "PresentationLUTShape", "PixelData", "FloatPixelData"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")),
    *(f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
]


def read_dicom(data: bytes) -> Film:
    """Read a DICOM file.

    Args:
        data: the file's bytes, from a source that is not trusted.

    Returns:
        The film, its flags `colour` and `other_modality` where they apply.

    Raises:
        Excluded: `no_picture`, `several_frames`, `too_large` or `unreadable`.
    """
    dataset, syntax = _parse(data)
    _check_kind(dataset)
    shape = _shape(dataset)
    values = _stored(dataset, syntax, shape)
    flags = set()
    if shape.samples == 1 and dataset.PhotometricInterpretation in GREYS:
        pixels = grey_of(dataset, values, ">" if syntax == BIG_ENDIAN else "<")
    else:
        colours = _colours(dataset, values, syntax)
        pixels = luma(colours)
        flags |= {"colour"} if is_coloured(colours) else set()
    columns = headers.columns_of(dataset)
    if str(dataset.get("Modality") or "").strip() not in RADIOGRAPHS:
        flags.add("other_modality")
    return Film(pixels, tuple(sorted(flags)), columns, headers.pseudonym_of(dataset))


def _parse(data: bytes) -> tuple[Any, str]:
    """The elements that are needed, and the transfer syntax."""
    tags = [*_PIXELS, *headers.TAGS]
    if data[128:132] == b"DICM":
        file = io.BytesIO(data)
        file.seek(132)
        about_file = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
        if about_file.get("TransferSyntaxUID") == DEFLATED:
            _check_inflated(data[file.tell() :])
    dataset = pydicom.dcmread(io.BytesIO(data), force=True, specific_tags=tags)
    little = "1.2.840.10008.1.2" if dataset.is_implicit_VR else "1.2.840.10008.1.2.1"
    return dataset, str(dataset.file_meta.get("TransferSyntaxUID", little))


def _check_inflated(rest: bytes) -> None:
    """Exclude as `too_large` what would fill the memory: one byte can stand for a thousand."""
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while rest and not inflater.eof:
        size += len(inflater.decompress(rest, 1 << 20))
        rest = inflater.unconsumed_tail
        if size > MAX_INFLATED:
            raise Excluded("too_large", f"more than {MAX_INFLATED:,} bytes once it is inflated")


def _check_kind(dataset: Any) -> None:
    """Exclude what is no single picture, by the name of what it is."""
    if "PixelData" not in dataset or "Rows" not in dataset:
        uid = str(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID") or "")
        name = _name(uid)
        if "Image Storage" in name:
            raise Excluded("unreadable", "it ends before its picture, or has none")
        if name:
            raise Excluded("no_picture", f"a DICOM object without a picture: {name}")
        if "FloatPixelData" in dataset:
            raise Excluded("unreadable", "pixels in floating point, as radiographs are not stored")
        raise Excluded("no_picture", "a DICOM object without a picture")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames != 1:
        raise Excluded("several_frames", f"{frames} frames; a film is one")


def _name(uid: str) -> str:
    """What the standard calls a UID; "" for any other, which may be a patient's."""
    name = UID(uid).name
    return "" if name == uid else name


def _shape(dataset: Any) -> Shape:
    rows, columns, bits = (int(dataset.get(name) or 0) for name in ("Rows", "Columns", "BitsAllocated"))
    samples = int(dataset.get("SamplesPerPixel") or 1)
    check_size(columns, rows)
    if min(rows, columns) < 1:
        raise Excluded("unreadable", f"{columns}x{rows} px by its header")
    if bits not in (8, 16) or samples not in (1, 3):
        raise Excluded("unreadable", f"{bits} bits in {samples} channels; 8 or 16 in 1 or 3 are read")
    return Shape(rows, columns, samples, bits)


def _stored(dataset: Any, syntax: str, shape: Shape) -> np.ndarray:
    """Stored values, (rows, columns) or (rows, columns, 3): of the bits stored, signed where they are."""
    if syntax in NATIVE:
        pixels = _native(dataset, shape, big=syntax == BIG_ENDIAN)
    else:
        pixels = _compressed(dataset, syntax, shape)
    stored = int(dataset.get("BitsStored") or shape.bits)
    high = int(dataset.get("HighBit") or stored - 1) if syntax in NATIVE else stored - 1
    if not 1 <= stored <= high + 1 <= shape.bits:
        raise Excluded("unreadable", f"{stored} bits stored up to bit {high}, in {shape.bits}")
    values = pixels.astype(np.int32)
    signed = dataset.get("PixelRepresentation") == 1
    if syntax in LOSSY and not signed:
        return np.clip(values, 0, (1 << stored) - 1)  # a loss at white must not come out black
    values = (values >> (high + 1 - stored)) & ((1 << stored) - 1)
    if signed:
        values -= (values >> (stored - 1)) << stored  # two's complement
    return values


def _native(dataset: Any, shape: Shape, big: bool) -> np.ndarray:
    n_values = shape.rows * shape.columns * shape.samples
    data = dataset.PixelData
    if dataset.PhotometricInterpretation == "YBR_FULL_422":
        raise Excluded("unreadable", "uncompressed colours with fewer samples than pixels (YBR_FULL_422)")
    if len(data) < n_values * shape.bits // 8:
        raise Excluded("unreadable", f"{len(data):,} bytes of pixels; {n_values * shape.bits // 8:,} are due")
    order = ">" if big else "<"
    pixels = np.frombuffer(data, f"{order}u{shape.bits // 8}", n_values)
    if shape.bits == 8 and big and dataset["PixelData"].VR == "OW":  # bytes in words, turned with them
        pixels = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").view(np.uint8)[:n_values]
    if shape.samples == 1:
        return pixels.reshape(shape.rows, shape.columns)
    if dataset.get("PlanarConfiguration") == 1:
        return np.moveaxis(pixels.reshape(shape.samples, shape.rows, shape.columns), 0, -1)
    return pixels.reshape(shape.rows, shape.columns, shape.samples)


def _compressed(dataset: Any, syntax: str, shape: Shape) -> np.ndarray:
    if syntax not in JPEG | JPEG_LS | JPEG_2000 | {RUN_LENGTHS}:
        name = _name(syntax) or "a transfer syntax of its maker's own"
        raise Excluded("unreadable", f"compressed in a way that is not read: {name}")
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    if syntax in JPEG:
        return decode_jpeg(frame, shape, dataset.PhotometricInterpretation in LUMINANCE)
    if syntax in JPEG_LS:
        return decode_jpeg_ls(frame, shape)
    if syntax in JPEG_2000:
        return decode_jpeg_2000(frame, shape)
    return decode_run_lengths(frame, shape)


def _colours(dataset: Any, values: np.ndarray, syntax: str) -> np.ndarray:
    """Red, green and blue, (rows, columns, 3) uint8."""
    kind = dataset.PhotometricInterpretation
    stored = int(dataset.get("BitsStored") or 8)
    if kind == "PALETTE COLOR" and values.ndim == 2:
        colours = apply_color_lut(values.astype(np.uint16), dataset)
        return colours if colours.dtype == np.uint8 else (colours >> 8).astype(np.uint8)
    if values.ndim == 3 and kind in {"RGB", *LUMINANCE, *TRANSFORMED}:
        colours = (values >> max(stored - 8, 0)).astype(np.uint8)
        decoded = syntax in JPEG or kind in TRANSFORMED
        return colours if kind == "RGB" or decoded else convert_color_space(colours, kind, "RGB")
    told = kind if kind in COLOUR_SPACES else "one that the standard does not have"
    raise Excluded("unreadable", f"colours in a space that is not read: {told}")
