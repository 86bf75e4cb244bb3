"""The .keras file as a ZIP archive: three members are read, by name, and nothing is unpacked to disk."""

import io
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from evidrift.base.errors import UserError
from evidrift.foreign.reading.hdf5 import SPARE

CONFIG, METADATA, VARIABLES = "config.json", "metadata.json", "model.weights.h5"
MOST_DIRECTORY = 1024**2  # bytes of the list of members, of which there are three, and files of assets
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BLOCK = 1024**2
LOCAL_HEADER, LENGTHS = 30, struct.Struct("<26xHH")


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive with each of Keras's members once at most.

    Raises:
        UserError: it has very many members, or two of one name.
        zipfile.BadZipFile: it is damaged.
    """
    with path.open("rb") as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end is None:
            raise zipfile.BadZipFile("File is not a zip file")
        if end[zipfile._ECD_SIZE] > MOST_DIRECTORY:  # type: ignore[attr-defined]
            raise UserError(f"{path} is an archive of very many files: no Keras model, and not read.")
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            for name in (CONFIG, METADATA, VARIABLES):
                if names.count(name) > 1:
                    raise UserError(
                        f"{path} holds {name} twice, so it is not clear what it is: it is not read. Save the "
                        "model again: model.save('name.keras')."
                    )
            yield archive


def member(archive: zipfile.ZipFile, path: Path, name: str, most: int) -> bytes:
    """A small member's bytes.

    Raises:
        UserError: it is larger than `most` bytes, or is packed otherwise than ZIP files commonly are.
    """
    _check(archive.getinfo(name), path, most)
    return archive.read(name)


def weights(archive: zipfile.ZipFile, path: Path) -> BinaryIO:
    """The member with the weights as a file: a window onto the archive, in memory only where it is packed.

    Raises:
        UserError: it is much larger than the archive itself.
        zipfile.BadZipFile: its checksum is another.
    """
    info = archive.getinfo(VARIABLES)
    _check(info, path, path.stat().st_size + SPARE)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        return io.BytesIO(archive.read(info))
    with archive.open(info) as stored:
        while stored.read(BLOCK):  # to the end, where the checksum is compared
            pass
    file: IO[bytes] = archive.fp  # type: ignore[assignment]
    file.seek(info.header_offset)
    start = info.header_offset + LOCAL_HEADER + sum(LENGTHS.unpack(file.read(LOCAL_HEADER)))
    return _Window(file, start, info.file_size)  # type: ignore[return-value]


def _check(info: zipfile.ZipInfo, path: Path, most: int) -> None:
    if info.file_size > most:
        raise UserError(
            f"{path} holds {info.file_size:,} bytes of {info.filename} in {info.compress_size:,}: it is not "
            "unpacked. No model that Keras saves is packed like that."
        )
    if info.compress_type not in METHODS or info.flag_bits & 1:
        raise UserError(f"{path} holds {info.filename} packed or encrypted otherwise than Keras does.")


class _Window(io.RawIOBase):
    """A part of a file as a file of its own, to read."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)[: max(self._size - self._at, 0)]
        self._file.seek(self._start + self._at)
        n_read = self._file.readinto(view)  # type: ignore[attr-defined]
        self._at += n_read
        return n_read
