"""HDF5 files of other people: looked through before anything of one is read.

HDF5 follows links into other files, puts a dataset together from them, loads plugins for filters, and
unpacks without limit. A file of Keras needs none of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np

from evidrift.base.errors import UserError

MOST_LINKS = 200_000  # the largest network of keras.applications has 5,000, with its optimiser 20,000
MOST_CHUNKS = 100_000
SPARE = 128 * 1024**2  # bytes that weights may take beyond their file's own, where they are compressed
FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
NUMBERS = "fiubV"  # kinds of types; V is bfloat16, as Keras stores it


@contextmanager
def opened(path: Path, file: Path | BinaryIO | None = None) -> Iterator[h5py.File]:
    """A file of weights that stands for itself alone.

    Args:
        path: of the file that the user gave, for sentences and for its size.
        file: what is to be opened, if that is only a part of it.

    Raises:
        UserError: something in it lies outside it, or is much larger than the file.
    """
    with h5py.File(path if file is None else file, "r") as found:
        _check(path, found)
        yield found


def text(found: h5py.File, name: str, most: int) -> bytes | None:
    """A text that the file has as an attribute; None where it has none, or too long a one."""
    if name not in found.attrs:
        return None
    attribute = h5py.h5a.open(found.id, name.encode())
    if attribute.shape != () or attribute.get_storage_size() > most:
        return None
    value = found.attrs[name]
    data = value.encode() if isinstance(value, str) else bytes(value)
    return data if len(data) <= most else None


def _check(path: Path, found: h5py.File) -> None:
    names: list[bytes] = []

    def visit(name: bytes, link: h5py.h5l.LinkInfo) -> str | None:
        if link.type != h5py.h5l.TYPE_HARD:
            return f"a link to another place, {name.decode(errors='replace')!a:.80}"
        names.append(name)
        return f"more than {MOST_LINKS:,} parts" if len(names) > MOST_LINKS else None

    reason = found.id.links.visit(visit, info=True)
    total = 0
    for name in [] if reason else names:
        part = found[name]
        if isinstance(part, h5py.Dataset):
            reason = reason or _of_dataset(part)
            total += part.size * part.dtype.itemsize if part.size else 0
    if reason is None and total > path.stat().st_size + SPARE:
        reason = f"{total:,} bytes of weights in {path.stat().st_size:,}"
    if reason is not None:
        raise UserError(
            f"{path} holds {reason}, which no model that Keras saves has: it is not read. Save the model "
            "again: model.save('name.keras')."
        )


def _of_dataset(part: h5py.Dataset) -> str | None:
    """What of a dataset is no array of numbers in the file itself; None if it is one."""
    created = part.id.get_create_plist()
    filters = [created.get_filter(number)[0] for number in range(created.get_nfilters())]
    if part.external or part.is_virtual:
        return f"an array whose numbers lie in another file, {part.name!a:.80}"
    if part.dtype.kind not in NUMBERS or part.dtype.fields is not None or part.dtype.itemsize > 8:
        return f"an array of other things than numbers, {part.name!a:.80}"
    if not {*filters} <= {*FILTERS}:
        return f"an array that is packed by a plugin, {part.name!a:.80}"
    if part.chunks and np.prod(-(-np.array(part.shape, float) // part.chunks)) > MOST_CHUNKS:
        return f"an array in more than {MOST_CHUNKS:,} pieces, {part.name!a:.80}"
    return None
