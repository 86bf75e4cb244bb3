"""Stored values of a DICOM file as grey: modality, window, presentation (PS3.3, C.11)."""

from typing import Any

import numpy as np

from evidrift.prepare.entry import Excluded
from evidrift.prepare.films.window import apply_window, to_grey, window_by_range


def grey_of(dataset: Any, stored: np.ndarray, order: str) -> np.ndarray:
    """Stored values as grey values.

    Args:
        dataset: the header, by pydicom.
        stored: (rows, columns), whole numbers, signed where the header says so.
        order: of the bytes in the file's tables, "<" or ">".

    Returns:
        (rows, columns) uint8, dense is bright; padding is black.

    Raises:
        Excluded: `unreadable`, where the header makes no sense.
        Exception: of any kind, from a damaged header.
    """
    is_film = _is_film(dataset, stored)
    inside = stored[is_film]
    if not inside.size:
        raise Excluded("unreadable", "nothing but padding")
    low = int(inside.min())
    levels = np.arange(low, int(inside.max()) + 1)  # a table of all values costs less than all pixels
    values = _modality(dataset, levels, order)
    table = _windowed(dataset, values, order)
    if table is not None:
        grey = table[inside - low]
    elif values is levels and low >= 0 and levels[-1] <= 255 and dataset.get("BitsStored", 8) <= 8:
        grey = inside.astype(np.uint8)
    else:
        grey = window_by_range(values[inside - low])
    # Where both say so it is one statement: in PS3.3, C.8.11.3, MONOCHROME1 and INVERSE go together.
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        grey = 255 - grey
    pixels = np.zeros(stored.shape, np.uint8)
    pixels[is_film] = grey
    return pixels


def _is_film(dataset: Any, stored: np.ndarray) -> np.ndarray:
    """Where a picture is not the padding around it (PS3.3, C.7.5.1.1.2)."""
    ends = [dataset.get(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    known = [end for end in ends if isinstance(end, int)]
    if not isinstance(ends[0], int):
        return np.ones(stored.shape, bool)
    return (stored < min(known)) | (stored > max(known))


def _modality(dataset: Any, levels: np.ndarray, order: str) -> np.ndarray:
    """What the stored values stand for: through a table, or slope and intercept; else themselves."""
    table = _first(dataset, "ModalityLUTSequence")
    if table is not None:
        return _look_up(table, levels, order)[0]
    slope, intercept = (
        float(value) if (value := dataset.get(name)) is not None else default
        for name, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    if not np.isfinite((slope, intercept)).all() or slope == 0:
        raise Excluded("unreadable", "a rescale slope or intercept that is no number, or 0")
    if (slope, intercept) == (1, 0):
        return levels
    return levels * slope + intercept


def _windowed(dataset: Any, values: np.ndarray, order: str) -> np.ndarray | None:
    """Values through the file's first table or window, uint8; None where it has none that can be used."""
    table = _first(dataset, "VOILUTSequence")
    if table is not None:
        found, bits = _look_up(table, values, order)
        return to_grey(found * (255 / ((1 << bits) - 1)))
    centre, width = (_first(dataset, name) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None:
        return None
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise Excluded("unreadable", "a window function that the standard does not have")
    centre, width = float(centre), float(width)
    if not np.isfinite((centre, width)).all() or width < (1 if function == "LINEAR" else 1e-9):
        return None
    return to_grey(apply_window(values, centre, width, function))


def _look_up(item: Any, values: np.ndarray, order: str) -> tuple[np.ndarray, int]:
    """Values through a table of a header (PS3.3, C.11.1.1), and the bits of its entries."""
    n, first, bits = (int(number) for number in item.LUTDescriptor)
    n = n or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        data = np.frombuffer(data, np.uint8 if len(data) < 2 * n else f"{order}u2")
    table = np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    if not 1 <= bits <= 16 or len(table) < n:
        raise Excluded("unreadable", "a table of grey values that is damaged")
    if first > values.max() and values.min() < 0:  # written without a sign
        first -= (first >> 15) << 16
    return table[np.clip(np.rint(values).astype(np.int64) - first, 0, n - 1)], bits


def _first(dataset: Any, name: str) -> Any:
    """An element's first value; None where there is none."""
    value = dataset.get(name)
    if value is None or isinstance(value, (str, int, float)):
        return None if value in (None, "") else value
    return next(iter(value), None)
