"""How far each epoch's maps lie from the maps of tl. Needs no TensorFlow."""

import numpy as np

from evidrift.measures import areas
from evidrift.measures.canvas import OK, STATUSES, draw
from evidrift.measures.of_pairs import PRIMARY, Features, describe, measure
from evidrift.trajectory.c_score import consistency
from evidrift.trajectory.table import PREVIOUS, SCALE


def measure_maps(
    signed: np.ndarray,
    content: np.ndarray,
    size: int,
    logits: np.ndarray,
    labels: np.ndarray,
    patient_ids: np.ndarray,
    area: float,
) -> dict[str, np.ndarray]:
    """Measures of each image's map after each epoch: against its own map before the first, and others'.

    Args:
        signed: one method's maps, (m, n, h, w): m - 1 epochs after tl, n images.
        content: top, left, bottom, right of each image in its square, px, (n, 4).
        size: side of that square, px.
        logits: (m, n, classes).
        labels: (n,) class indices.
        patient_ids: (n,) text.
        area: share of the image's area for the moved shares.

    Returns:
        Columns (m, n): status, the worse of both maps'; moved_share, displacement, correlation,
        concentration of tl's map and this one (`of_pairs.measure`); `moved_share_previous`, from the map an
        epoch earlier, NaN at tl; `scale`, half the sum of two means: the moved share between this image's map
        and those of other patients of its class under tl, and the same under that epoch's checkpoint
        (docs/design.md, Drift). NaN where a map is not `ok`, or there is no other patient. And each epoch's
        columns of `c_score.consistency`.
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
    previous[n:] = _moved_share(features, area, after[:-n], after[n:])
    columns[PREVIOUS] = previous
    others = _between_patients(features, area, labels, patient_ids, m)
    columns[SCALE] = ((others[0] + others) / 2).astype(np.float32)
    epochs = [
        consistency(canvases.values[of], canvases.status[of] == OK, logits[epoch], labels, patient_ids)
        for epoch, of in enumerate(after.reshape(m, n))
    ]
    columns |= {name: np.concatenate([each[name] for each in epochs]) for name in epochs[0]}
    return {name: values.reshape(m, n) for name, values in columns.items()}


def _between_patients(
    features: Features, area: float, labels: np.ndarray, patient_ids: np.ndarray, m: int
) -> np.ndarray:
    """Mean moved share between each image's map and other patients' of its class, one epoch's: (m, n)."""
    n = len(labels)
    one, other = np.nonzero(
        (labels[:, None] == labels) & (np.asarray(patient_ids)[:, None] != np.asarray(patient_ids))
    )
    epoch = np.arange(m)[:, None] * n
    place = (epoch + one).ravel()
    moved = _moved_share(features, area, place, (epoch + other).ravel())
    usable = ~np.isnan(moved)
    count = np.bincount(place[usable], minlength=m * n)
    total = np.bincount(place[usable], moved[usable], minlength=m * n)
    return np.divide(total, count, out=np.full(m * n, np.nan), where=count > 0).reshape(m, n)


def _moved_share(features: Features, area: float, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """`measures.of_pairs.measure`'s moved share alone, which is cheap."""
    usable = np.maximum(features.status[before], features.status[after]) == OK
    moved = areas.moved_share(features.top[area], before, after, area)
    return np.where(usable, moved, np.nan).astype(np.float32)
