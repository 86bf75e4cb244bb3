"""How far each epoch's maps lie from the maps of tl. Needs no TensorFlow."""

import numpy as np

from evidrift.measures import areas
from evidrift.measures.canvas import OK, STATUSES, draw
from evidrift.measures.of_pairs import PRIMARY, Features, describe, measure


def measure_maps(
    signed: np.ndarray,
    content: np.ndarray,
    size: int,
    labels: np.ndarray,
    patient_ids: np.ndarray,
    area: float,
) -> dict[str, np.ndarray]:
    """Measures of each image's map after each epoch against its own map before the first.

    Args:
        signed: one method's maps, (m, n, h, w): m - 1 epochs after tl, n images.
        content: top, left, bottom, right of each image in its square, px, (n, 4).
        size: side of that square, px.
        labels: (n,) class indices.
        patient_ids: (n,) text.
        area: share of the image's area for the overlaps.

    Returns:
        Columns (m, n): status, the worse of both maps'; displacement, overlap, correlation, concentration of
        tl's map and this one (`of_pairs.measure`); `overlap_previous`, with the map an epoch earlier, NaN at
        tl; `overlap_chance`, the mean overlap of tl's map of this image with the maps of other
        patients of its class at that epoch: what maps share without regard to the image. NaN where a map is
        not `ok`, or there is no other patient.
    """
    m, n = signed.shape[:2]
    canvases = draw(signed.reshape(m * n, *signed.shape[2:]), np.tile(content, (m, 1)), size)
    features = describe(canvases, [area])
    after = np.arange(m * n)
    before = after % n  # the map of tl
    found = measure(features, before, after, area, [])
    status = np.maximum(features.status[before], features.status[after])
    columns = {"status": np.array(STATUSES)[status]} | {name: found[name] for name in PRIMARY}
    previous = np.full(m * n, np.nan, np.float32)
    previous[n:] = _overlap(features, area, after[:-n], after[n:])
    columns["overlap_previous"] = previous
    columns["overlap_chance"] = _chance(features, area, labels, patient_ids, m)
    return {name: values.reshape(m, n) for name, values in columns.items()}


def _chance(
    features: Features, area: float, labels: np.ndarray, patient_ids: np.ndarray, m: int
) -> np.ndarray:
    """Mean overlap of tl's map with other patients' maps of the class, by epoch and image: (m * n,)."""
    n = len(labels)
    one, other = np.nonzero(
        (labels[:, None] == labels) & (np.asarray(patient_ids)[:, None] != np.asarray(patient_ids))
    )
    epoch = np.arange(m)[:, None] * n
    overlaps = _overlap(features, area, np.tile(one, m), (epoch + other).ravel())
    usable = ~np.isnan(overlaps)
    place = (epoch + one).ravel()[usable]
    count = np.bincount(place, minlength=m * n)
    total = np.bincount(place, overlaps[usable], minlength=m * n)
    return np.divide(total, count, out=np.full(m * n, np.nan), where=count > 0).astype(np.float32)


def _overlap(features: Features, area: float, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """`measures.of_pairs.measure`'s overlap alone, which is cheap."""
    usable = np.maximum(features.status[before], features.status[after]) == OK
    overlaps = areas.overlap(features.top[area], before, after)
    return np.where(usable, overlaps, np.nan).astype(np.float32)
