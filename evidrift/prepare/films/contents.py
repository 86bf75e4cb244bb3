"""What a file is, by its first bytes: the ending of its name is not asked."""

from evidrift.prepare.entry import Excluded

# Enough for every sign below; a DICOM file's stands behind a preamble of 128 bytes.
HEAD = 512

_RASTERS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),  # BigTIFF
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),  # a bare codestream
)

_SAVE = "save it as PNG or DICOM"
# What is no film that is read, and what to do about it.
_OTHERS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the picture itself: run `git lfs pull`"),
    (b"outs:\n", "a .dvc file, not the picture itself: run `dvc pull`"),
    (b"%PDF", f"a PDF document: {_SAVE}"),
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"\x1f\x8b", "a gzip archive: unpack it; volumes (NIfTI) are not read"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"\x89HDF\r\n", "an HDF5 file, not a picture"),
    (b"8BPS", f"a Photoshop document: {_SAVE}"),
    (b"\x76\x2f\x31\x01", f"an OpenEXR picture: {_SAVE}"),
    (b"\xff\x0a", f"a JPEG XL picture: {_SAVE}"),
    (b"\x00\x00\x00\x0cJXL ", f"a JPEG XL picture: {_SAVE}"),
    (b"II\xbc\x01", f"a JPEG XR picture: {_SAVE}"),
    (b"NRRD", "a volume (NRRD), not a film"),
    (b"\x93NUMPY", f"a NumPy array, which does not say how grey is meant: {_SAVE}"),
    (b"<svg", f"an SVG drawing: {_SAVE}"),
    (b"<!DOCTYPE", "a page of HTML, not a picture: the download has failed, perhaps for want of a login"),
    (b"<html", "a page of HTML, not a picture: the download has failed, perhaps for want of a login"),
    (b"<?xml", "an XML document, not a picture"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def film_format(head: bytes) -> str | None:
    """Which reader takes a file.

    Args:
        head: the file's first HEAD bytes, or all of it.

    Returns:
        `DICOM`, or a format's name as Pillow has it; None where no reader does.
    """
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return "DICOM"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for sign, name in _RASTERS if head.startswith(sign)), None)


def no_film(head: bytes) -> Excluded:
    """Why a file that no reader takes is left out, by the name of its format where that is known."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return Excluded("unreadable", f"a HEIC picture (of a telephone): {_SAVE}")
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        return Excluded("unreadable", f"an AVIF picture: {_SAVE}")
    for sign, what in _OTHERS:
        if text.lower().startswith(sign.lower()):
            return Excluded("unreadable", what)
    return Excluded("unreadable", "no picture in a format that is known (DICOM, PNG, JPEG, TIFF and others)")


def _bare_dicom(head: bytes) -> bool:
    """Whether a data set begins at once, as some old devices write it, with group 2 or 8.

    Its first element has an even length that fits, in either encoding, little endian.
    """
    if len(head) < 132 or head[:2] not in (b"\x02\x00", b"\x08\x00") or head[3] != 0:
        return False
    if head[4:6].isalpha() and head[4:6].isupper():
        return head[6:8] != b"\x00\x00" or head[4:6] in (b"OB", b"SQ", b"UN", b"UT")
    length = int.from_bytes(head[4:8], "little")
    return 0 < length <= 64 and length % 2 == 0
