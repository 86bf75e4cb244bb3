"""The places table of one architecture: where the evidence of each map lies, a row per map."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from evidrift.base.errors import UserError
from evidrift.base.table import category
from evidrift.drift.source import ArchitectureMaps
from evidrift.images.planes import Planes
from evidrift.images.store import ImageStore
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures import places
from evidrift.measures.canvas import OK, SIDE, STATUSES, cells_inside, draw

Columns = dict[str, pa.Array | np.ndarray]
AT_ONCE = 128  # images


class Masks(NamedTuple):
    """What is known of the images, both (n, size, size) bool, on disk perhaps; None where it is not.

    Attributes:
        lungs: the lung fields.
        findings: where disease is seen; empty for an image without any.
    """

    lungs: np.ndarray | Planes | None
    findings: np.ndarray | Planes | None

    def part(self, part: slice) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Both of some of the images, in memory."""
        lungs, findings = (None if mask is None else mask[part] for mask in self)
        return lungs, findings


def read_masks(store: Path, image_ids: np.ndarray) -> Masks:
    """The masks of test images, in the order of `image_ids`; a store of radiographs has none.

    Raises:
        UserError: the store lacks one of the images.
    """
    images = ImageStore(store).split("test")
    row_of = {image_id: row for row, image_id in enumerate(images.ids)}
    if missing := [image_id for image_id in image_ids if image_id not in row_of]:
        raise UserError(
            f"{store} has no test image {missing[0]} ({len(missing)} missing), of which there are maps. "
            "Both must come from one run: run `dvc repro`."
        )
    rows = np.array([row_of[image_id] for image_id in image_ids], dtype=int)
    masks = (images.lungs, images.findings)
    return Masks(*(None if mask is None else mask.take(rows, axis=0) for mask in masks))


def build_places(maps: ArchitectureMaps, masks: Masks) -> Columns:
    """Columns of the places table.

    A row per layer, method, checkpoint, seed and image that was explained:
        arch, seed, checkpoint, image_id, patient_id, label;
        correct: the checkpoint's prediction is the label;
        layer, method, grid, status;
        border, corners, lungs, finding: share of the map's positive evidence there, 0 to 1; NaN where the
            map is not `ok`, where there is no mask, and where the mask is empty, as in class normal;
        border_area, ...: share of the image's area there, in expectation a random map's share of evidence;
            NaN without a mask or with an empty one;
        hit: whether the map's strongest cell touches the finding, 1 or 0, a share where cells tie; NaN as
            for `finding`;
        hit_random: share of the image's cells that touch the finding.
    """
    keys = sorted(maps.signed)
    measured = _measure_all(maps, keys, masks)
    checkpoint, seed, image = np.indices(maps.predicted.shape).reshape(3, -1)
    key = np.repeat(np.arange(len(keys)), len(image))
    words: dict[str, Sequence[str] | np.ndarray] = {
        "arch": (maps.architecture,),
        "checkpoint": CHECKPOINTS,
        "image_id": maps.image_ids,
        "patient_id": maps.patient_ids,
        "label": maps.classes,
        "layer": [layer for layer, _ in keys],
        "method": [method for _, method in keys],
        "grid": ["x".join(map(str, maps.signed[each].shape[3:])) for each in keys],
        "status": STATUSES,
    }
    of_map = {
        "arch": np.zeros(len(image), dtype=int),
        "seed": np.asarray(maps.seeds, dtype=np.int64)[seed],
        "checkpoint": checkpoint,
        "image_id": image,
        "patient_id": image,
        "label": maps.labels[image],
        "correct": maps.predicted.ravel() == maps.labels[image],
    }
    columns = {name: np.tile(values, len(keys)) for name, values in of_map.items()}
    columns |= {"layer": key, "method": key, "grid": key}
    columns |= {name: values.ravel() for name, values in measured.items()}

    explained = np.concatenate([maps.explained[each][image] for each in keys])
    rows = {name: values[explained] for name, values in columns.items()}
    return {name: category(values, words[name]) if name in words else values for name, values in rows.items()}


def _measure_all(maps: ArchitectureMaps, keys: list[tuple[str, str]], masks: Masks) -> dict[str, np.ndarray]:
    """By column: status, shares, areas and hits of all maps, (keys, checkpoints, seeds, images)."""
    shape = (len(keys), *maps.predicted.shape)
    names = [name for pair in places.BASELINES.items() for name in pair]
    found = {"status": np.empty(shape, np.int8)} | {name: np.empty(shape, np.float32) for name in names}
    # some images after the other: canvases, masks and covers of all of them at once would take gigabytes
    for first in range(0, shape[-1], AT_ONCE):
        part = slice(first, first + AT_ONCE)
        lungs, findings = masks.part(part)
        covers = _covers(maps, part, lungs, findings)
        for at, key in enumerate(keys):
            for name, values in _measure(maps, key, part, covers, findings).items():
                found[name][at, ..., part] = values
    return found


def _covers(
    maps: ArchitectureMaps, part: slice, lungs: np.ndarray | None, findings: np.ndarray | None
) -> dict[str, np.ndarray]:
    """By place: how much of each cell of each image's canvas lies in it, (n, 56, 56); zeros without mask."""
    content = maps.content[part]
    covers = {"border": places.border(), "corners": places.corners()}
    for name, mask in (("lungs", lungs), ("finding", findings)):
        covers[name] = np.zeros(1) if mask is None else places.on_canvas(mask, content, maps.size)
    return {name: np.broadcast_to(cover, (len(content), SIDE, SIDE)) for name, cover in covers.items()}


def _measure(
    maps: ArchitectureMaps,
    key: tuple[str, str],
    part: slice,
    covers: dict[str, np.ndarray],
    findings: np.ndarray | None,
) -> dict[str, np.ndarray]:
    """By column: of some images' maps by one method, (checkpoints, seeds, images), or what all maps share."""
    signed, content = maps.signed[key][:, :, part], maps.content[part]
    inside = cells_inside(content, maps.size, signed.shape[3:])
    nowhere = np.zeros_like(inside)
    hits = nowhere if findings is None else places.touched(findings, inside.shape[1:], maps.size)

    runs = [
        _measure_run(run, content, maps.size, covers, hits) for run in signed.reshape(-1, *signed.shape[2:])
    ]
    found = {name: np.stack([run[name] for run in runs]).reshape(signed.shape[:3]) for name in runs[0]}
    at_random = {name: places.areas(cover) for name, cover in covers.items()}
    at_random["hit"] = places.pointing_at_random(inside, hits)

    columns = {"status": found["status"]}
    for name, baseline in places.BASELINES.items():
        expected = np.where(at_random[name] > 0, at_random[name], np.nan)
        usable = (found["status"] == OK) & ~np.isnan(expected)
        columns[name] = np.where(usable, found[name], np.nan)
        columns[baseline] = expected
    return columns


def _measure_run(
    signed: np.ndarray, content: np.ndarray, size: int, covers: dict[str, np.ndarray], hits: np.ndarray
) -> dict[str, np.ndarray]:
    canvases = draw(signed, content, size)
    found = {name: places.shares(canvases.values, cover) for name, cover in covers.items()}
    return {"status": canvases.status, **found, "hit": places.pointing(canvases.native, hits)}
