"""Read what the curve of one architecture is made of: predictions, maps and checks of every point."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.folders import check_folder
from evidrift.base.grid import Grid
from evidrift.base.table import read_checked
from evidrift.check.tables import FAITHFULNESS, RANDOMISATION, SCHEMAS
from evidrift.claims.quantities import Cells
from evidrift.drift.params import Drift
from evidrift.drift.places_table import Masks, build_places, read_masks
from evidrift.drift.source import ArchitectureMaps, read_maps
from evidrift.images.store import MANIFEST, STORE, Images, ImageStore
from evidrift.judge.files import CHECKS, MAPS, STAGE
from evidrift.maps.scores import TOLERANCE, logit_scale
from evidrift.networks.files import PREDICTIONS
from evidrift.tradeoff.checks import Checks
from evidrift.tradeoff.evidence import PRIMARY, Evidence, Key
from evidrift.tradeoff.moved import Sets, cells_of, floor_of, scale_of, sets_of
from evidrift.tradeoff.params import Tradeoff
from evidrift.tradeoff.points import PLAIN, TL, Point, points_of
from evidrift.training.predictions import read_predictions

PLACES = ("border", "corners", "lungs", "finding")
BEFORE, AFTER = range(2)  # index into mapfile.CHECKPOINTS


@dataclass(frozen=True)
class Files:
    """Where the results of one architecture lie.

    Attributes:
        images: the folder of prepared images, of all architectures.
        models: checkpoints of `tl` and of plain fine-tuning, a folder a seed.
        maps: their map files.
        checks: the tables of the checks made of them.
        treated: a folder for each point of the sweep, in it the checkpoints, a folder a seed.
        judged: a folder for each point of the sweep, in it `maps` and `checks`.
    """

    images: Path
    models: Path
    maps: Path
    checks: Path
    treated: Path
    judged: Path


@dataclass(frozen=True)
class _OfTl:
    """What all points are compared with, under one method."""

    sets: Sets
    floor: np.ndarray
    scale: np.ndarray


def gather(
    architecture: str, grid: Grid, sweep: Tradeoff, params: Drift, files: Files
) -> tuple[Evidence, dict[Point, Checks]]:
    """Read one architecture's results, and measure how far its maps moved.

    Args:
        architecture: its name.
        grid: the study's, whose seeds and families are used.
        sweep: the points.
        params: of the stage drift, whose area and pairs of patients are used.
        files: where everything lies.

    Returns:
        Predictions and moved shares; and the checks' tables of plain fine-tuning and of every point.

    Raises:
        UserError: a file is missing or damaged, lies outside the grid or is of other images; or no family
            explains LayerCAM at `penultimate`.
    """
    points = points_of(sweep)
    for folder in (files.treated, files.judged):
        check_folder(folder, [point.folder for point in points[1:]])
    images = ImageStore(files.images / STORE).split("test")
    classes, ids = np.asarray(images.classes), images.ids
    patients = np.unique(images.patient_ids, return_inverse=True)[1]
    recorded = {point: _recorded(files, point, grid, images) for point in (TL, *points)}
    right = {point: (logits.argmax(axis=2) == images.labels).T for point, logits in recorded.items()}
    moved: dict[Key, dict[Point, Cells]] = {}
    places: dict[str, dict[Point, np.ndarray]] = {}
    of_tl: dict[Key, _OfTl] = {}
    explained = _maps_of(files, PLAIN, architecture, grid).image_ids
    at, masks = _places_of(explained, ids), read_masks(files.images / STORE, explained)
    for point in points:
        maps = _maps_of(files, point, architecture, grid)
        _require_same(files, point, explained, maps)
        for checkpoint, logits in ((BEFORE, recorded[TL]), (AFTER, recorded[point])):
            _require_recorded(files, point, maps.predicted[checkpoint], logits[:, at])
        for key, signed in maps.signed.items():
            sets = sets_of(signed[AFTER], maps.content, maps.size, params.area)
            if point == PLAIN:
                of_tl[key] = _of_tl(maps, signed[BEFORE], sets, params)
            tl = of_tl[key]
            cells = cells_of(patients[at], tl.sets, tl.floor, sets, tl.scale)
            moved.setdefault(key, {})[point] = _on_split(cells, at, patients)
        for place, shares in _shares(maps, masks).items():
            whole = places.setdefault(place, {})
            if point == PLAIN:
                whole[TL] = _spread(shares[BEFORE].T, at, len(ids))
            whole[point] = _spread(shares[AFTER].T, at, len(ids))
    evidence = Evidence(
        architecture,
        tuple(grid.seeds),
        points,
        ids,
        images.patient_ids,
        classes[images.labels],
        right,
        moved,
        {place: shares for place, shares in places.items() if np.isfinite(shares[PLAIN]).any()},
        params.area,
    )
    return evidence, {point: _checks(files, point) for point in points}


def _recorded(files: Files, point: Point, grid: Grid, images: Images) -> np.ndarray:
    """Logits of the test split as training wrote them, (seeds, n, classes)."""
    folders = {TL: "tl", PLAIN: "ft"}
    logits = []
    for seed in grid.seeds:
        folder = (
            files.models / str(seed) / folders[point]
            if point in folders
            else files.treated / point.folder / str(seed)
        )
        logits.append(read_predictions(folder / PREDICTIONS, images.ids, images.classes))
    return np.stack(logits)


def _folder_of(files: Files, point: Point) -> Path:
    """Of a point's map files."""
    return files.maps if point == PLAIN else files.judged / point.folder / MAPS


def _maps_of(files: Files, point: Point, architecture: str, grid: Grid) -> ArchitectureMaps:
    folder = _folder_of(files, point)
    maps = read_maps(folder, architecture, grid.seeds, grid.families, files.images / MANIFEST)
    if PRIMARY not in maps.signed:
        raise UserError(
            f"{folder} holds no maps of {PRIMARY[1]} at {PRIMARY[0]}, which the curve is of. Add the method "
            "and the layer to explain.cam in the parameters, or leave the sweep out: "
            "tradeoff.architectures: []."
        )
    return maps


def _require_same(files: Files, point: Point, explained: np.ndarray, maps: ArchitectureMaps) -> None:
    if not np.array_equal(explained, maps.image_ids):
        raise UserError(
            f"{_folder_of(files, point)} and {files.maps} hold maps of different images. Their "
            "prepared stores differed: run `dvc repro`."
        )


def _require_recorded(files: Files, point: Point, predicted: np.ndarray, logits: np.ndarray) -> None:
    """See that maps are of the checkpoint whose predictions count.

    Args:
        files: where everything lies.
        point: whose maps.
        predicted: the class that the explained network said, (seeds, n).
        logits: that were recorded of the same images, (seeds, n, classes).

    Raises:
        UserError: a network said another class, and not for a tie but for rounding.
    """
    for said, own in zip(predicted, logits, strict=True):
        short = own.max(axis=1) - np.take_along_axis(own, said[:, None], axis=1)[:, 0]
        if np.any(short > 2 * TOLERANCE * logit_scale(own)):
            raise UserError(
                f"{_folder_of(files, point)} holds maps of other weights than the predictions of {point} are "
                "of. Run `dvc repro`; if that does not help, `dvc repro --force` with the names of stages "
                "explain, treat and judge of this architecture."
            )


def _places_of(own: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Where some images stand among those of the test split."""
    at = {image_id: place for place, image_id in enumerate(ids)}
    return np.array([at[image_id] for image_id in own], dtype=int)


def _of_tl(maps: ArchitectureMaps, signed: np.ndarray, plain: Sets, params: Drift) -> _OfTl:
    sets = sets_of(signed, maps.content, maps.size, params.area)
    scale = scale_of(sets, plain, maps.seeds, maps.image_ids, maps.patient_ids, maps.labels, params)
    return _OfTl(sets, floor_of(sets), scale)


def _on_split(cells: Cells, at: np.ndarray, patients: np.ndarray) -> Cells:
    """Cells of some images as those of the whole test split."""
    whole = cells.changed(lambda values: _spread(values, at, len(patients)))
    return replace(whole, patients=patients)


def _spread(values: np.ndarray, at: np.ndarray, n: int) -> np.ndarray:
    """Rows of some images in their places among n; NaN elsewhere."""
    whole = np.full((n, values.shape[1]), np.nan, np.float32)
    whole[at] = values
    return whole


def _shares(maps: ArchitectureMaps, masks: Masks) -> Mapping[str, np.ndarray]:
    """By place, the share of each map's evidence there, (checkpoints, seeds, n)."""
    alone = replace(
        maps, signed={PRIMARY: maps.signed[PRIMARY]}, explained={PRIMARY: maps.explained[PRIMARY]}
    )
    columns = build_places(alone, masks)
    whole = np.full(maps.predicted.shape, np.nan, np.float32)
    found = {}
    for place in PLACES:
        values = whole.copy()
        values[:, :, maps.explained[PRIMARY]] = np.asarray(columns[place]).reshape(*whole.shape[:2], -1)
        found[place] = values
    return found


def _checks(files: Files, point: Point) -> Checks:
    folder = files.checks if point == PLAIN else files.judged / point.folder / CHECKS
    check_folder(folder, SCHEMAS)
    return Checks(
        *(
            read_checked(folder / name, SCHEMAS[name], "check" if point == PLAIN else STAGE).to_pandas()
            for name in (FAITHFULNESS, RANDOMISATION)
        )
    )
