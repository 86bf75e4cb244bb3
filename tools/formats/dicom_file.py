"""DICOM files, made by pydicom."""

import io
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian

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
        made.PixelData = pixels.astype(f"{order}{pixels.dtype.kind}{pixels.itemsize}").tobytes()
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


def table(values: np.ndarray, first: int, bits: int, order: str = "<", **more: Any) -> Dataset:
    """A table of grey values, as an item of a sequence; its bytes in the order of the file."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(values) % (1 << 16), first, bits])
    item.add_new("LUTData", "OW", values.astype(f"{order}u2").tobytes())
    for name, value in more.items():
        setattr(item, name, value)
    return item
