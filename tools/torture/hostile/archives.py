"""ZIP archives that are no honest .keras file: names, links, doubles, and more inside than outside."""

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from tools.torture.hostile.making import CONFIG, WEIGHTS, Make, Place, plain

ZEROS = bytes(1 << 20)


def _archive(add: Callable[[zipfile.ZipFile, Place], None], without: str = "") -> Make:
    """The plain classifier's archive with something more in it, or something else in a member's place."""

    def make(place: Place) -> Path:
        path = place.folder / "model.keras"
        with zipfile.ZipFile(io.BytesIO(plain("keras"))) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                if name != without:
                    new.writestr(name, old.read(name))
            add(new, place)
        return path

    return make


def _named(name: str) -> Make:
    return _archive(lambda archive, place: archive.writestr(name, b"owned"))


def _symlink(name: str) -> Make:
    def add(archive: zipfile.ZipFile, place: Place) -> None:
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, str(place.victim))

    return _archive(add, name)


def _twice(archive: zipfile.ZipFile, place: Place) -> None:
    archive.writestr(CONFIG, b'{"class_name": "Lambda", "module": "keras.layers", "config": {}}')


def _many(archive: zipfile.ZipFile, place: Place) -> None:
    for number in range(60_000):
        archive.writestr(f"assets/{number}", b"")


def _zeros(n_bytes: int, method: int) -> Make:
    """A member of weights that is all zeros."""

    def add(archive: zipfile.ZipFile, place: Place) -> None:
        info = zipfile.ZipInfo(WEIGHTS)
        info.compress_type = method
        with archive.open(info, "w", force_zip64=True) as member:
            for _ in range(n_bytes >> 20):
                member.write(ZEROS)

    return _archive(add, WEIGHTS)


def _noise_then_zeros(archive: zipfile.ZipFile, place: Place) -> None:
    """3.9 GiB in 40 MB: below a ratio of 100, as Keras's guard has it."""
    info = zipfile.ZipInfo(WEIGHTS)
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as member:
        member.write(os.urandom(37 << 20))
        for _ in range(3950):
            member.write(ZEROS)


def _says_less(place: Place) -> Path:
    """A member that is longer than its header says."""
    path = _zeros(64 << 20, zipfile.ZIP_DEFLATED)(place)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<Q", 64 << 20), struct.pack("<Q", 1000)))
    return path


def _flipped(place: Place) -> Path:
    data = bytearray(plain("keras"))
    data[data.find(b"\x89HDF") + 3000] ^= 1
    path = place.folder / "model.keras"
    path.write_bytes(data)
    return path


def _bytes(name: str, data: Callable[[Place], bytes]) -> Make:
    def make(place: Place) -> Path:
        path = place.folder / name
        path.write_bytes(data(place))
        return path

    return make


def _is_pipe(place: Place) -> Path:
    os.mkfifo(place.folder / "model.keras")
    return place.folder / "model.keras"


def _is_device(place: Place) -> Path:
    path = place.folder / "model.h5"
    path.symlink_to("/dev/zero")
    return path


def _packed(name: str, method: int) -> Make:
    def add(archive: zipfile.ZipFile, place: Place) -> None:
        with zipfile.ZipFile(io.BytesIO(plain("keras"))) as old:
            archive.writestr(name, old.read(name), method)

    return _archive(add, name)


CASES: dict[str, Make] = {
    "a member above the folder": _named("../../owned"),
    "a member with an absolute path": _named("/tmp/owned-by-a-model"),  # noqa: S108 - must not be made
    "assets above the folder": _named("assets/../../../owned"),
    "a member with Windows's separators": _named("..\\..\\owned"),
    "the configuration is a link": _symlink(CONFIG),
    "the weights are a link": _symlink(WEIGHTS),
    "two configurations": _archive(_twice),
    "60,000 members": _archive(_many),
    "weights of numpy": _archive(
        lambda archive, place: archive.writestr("model.weights.npz", b"PK\x03\x04"), WEIGHTS
    ),
    "3.9 GiB of weights in 4 MB": _zeros(3990 << 20, zipfile.ZIP_DEFLATED),
    "3.9 GiB of weights in 40 MB": _archive(_noise_then_zeros, WEIGHTS),
    "100 MB of weights that are nothing": _zeros(100 << 20, zipfile.ZIP_DEFLATED),
    "weights packed by bzip2": _packed(WEIGHTS, zipfile.ZIP_BZIP2),
    "weights packed by LZMA": _packed(WEIGHTS, zipfile.ZIP_LZMA),
    "the configuration packed by LZMA": _packed(CONFIG, zipfile.ZIP_LZMA),
    "weights that are longer than they say": _says_less,
    "weights with a bit turned": _flipped,
    "an archive of nothing": _bytes("model.keras", lambda place: b"PK\x05\x06" + bytes(18)),
    "an archive without an end": _bytes("model.keras", lambda place: plain("keras")[:2000]),
    "HDF5 of nothing": _bytes("model.h5", lambda place: b"\x89HDF\r\n\x1a\n" + bytes(2000)),
    "HDF5 of noise": _bytes("model.h5", lambda place: b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 40),
    "a named pipe": _is_pipe,
    "a device": _is_device,
    "pickle": _bytes("model.keras", lambda place: b"\x80\x04cposix\nsystem\n(S'touch owned'\ntR."),
}
