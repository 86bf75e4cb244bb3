"""What a file is, by its first bytes: the ending of its name is not asked."""

from evidrift.prepare.entry import Excluded

_RASTERS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),  # BigTIFF
    (b"MM\x00+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),  # a bare codestream
)

_SAVE = "save it as PNG or DICOM"
# What is no film that is read, beside what `pointers` knows.
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"8BPS", "a Photoshop document"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"II\xbc\x01", "a JPEG XR picture"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"NRRD", "a volume in NRRD"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")


def film_format(head: bytes) -> str | None:
    """Which reader takes a file.

    Args:
        head: the file's first 512 bytes, or all of it.

    Returns:
        `DICOM`, or a format's name as Pillow has it; None where no reader does.
    """
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return "DICOM"
    if head[:2] == b"BM" and head[6:10] == bytes(4):  # reserved: a text that begins with BM has letters there
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for sign, name in _RASTERS if head.startswith(sign)), None)


def no_film(head: bytes) -> Excluded:
    """Why a file that no reader takes is left out, by the name of its format where that is known.

    What stands in a film's place (a pointer, an archive, a web page) is for `pointers` to say.
    """
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return Excluded("other_kind", f"a HEIC picture, as telephones take them: {_SAVE}")
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF:
        return Excluded("other_kind", f"an AVIF picture: {_SAVE}")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    what = next((what for sign, what in _OTHERS if text.startswith(sign)), None)
    if what:
        return Excluded("other_kind", f"{what}: {_SAVE}")
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
