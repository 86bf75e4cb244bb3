"""All maps of one architecture: every seed, both checkpoints, every method and layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evidrift.base.errors import UserError
from evidrift.base.folders import check_folder
from evidrift.base.schema import require
from evidrift.images.store import MANIFEST_COLUMNS, require_listed
from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.maps.scores import predicted_classes


@dataclass(frozen=True)
class ArchitectureMaps:
    """Maps of one architecture on the n test images.

    Attributes:
        architecture: its name.
        seeds: of the study's grid, in the grid's order.
        classes: class names.
        image_ids: (n,).
        patient_ids: (n,).
        labels: (n,) index into classes.
        content: top, left, bottom, right of each image inside its square, px, (n, 4).
        size: side of the square, px.
        predicted: index of the largest logit, (checkpoints, seeds, n).
        signed: by layer and method, maps as stored, (checkpoints, seeds, n, h, w); NaN where not explained.
        explained: by layer and method, the images of which there are maps, (n,) bool.
        families: the attribution family of each method.
        score: `centred` or `raw` logit, all that were found.
        target: the class explained, `label` or `prediction`, all that were found.
        constant_gradient: by layer, in any seed.
        rectified: by layer, in every seed.
        not_defined: layers and methods that were asked for, but that the layer does not allow.
        versions: by library, all that were found.
    """

    architecture: str
    seeds: tuple[int, ...]
    classes: tuple[str, ...]
    image_ids: np.ndarray
    patient_ids: np.ndarray
    labels: np.ndarray
    content: np.ndarray
    size: int
    predicted: np.ndarray
    signed: dict[tuple[str, str], np.ndarray]
    explained: dict[tuple[str, str], np.ndarray]
    families: dict[str, str]
    score: list[str]
    target: list[str]
    constant_gradient: dict[str, bool]
    rectified: dict[str, bool]
    not_defined: tuple[tuple[str, str], ...]
    versions: dict[str, list[str]]


def read_maps(
    folder: Path,
    architecture: str,
    seeds: Sequence[int],
    families: Sequence[str],
    manifest: Path,
    stage: str = "explain",
) -> ArchitectureMaps:
    """Read an architecture's map files, and its images' labels and patients from the manifest.

    The images are those of the family that explained the most; another may have explained some of them.

    Args:
        folder: of the map files, `<seed>-<family>.h5`.
        architecture: its name.
        seeds: of the grid.
        families: of the grid.
        manifest: of the prepared images.
        stage: that writes the files: `explain`, or `judge` for those of a treated fine-tuning.

    Raises:
        UserError: a file is missing or damaged or lies outside the grid, files disagree on the images, or two
            families have the same method at a layer.
    """
    check_folder(folder, [f"{seed}-{family}.h5" for seed in seeds for family in families])
    files = [
        [MapFile(folder / f"{seed}-{family}.h5", stage).require(architecture, seed, family) for seed in seeds]
        for family in families
    ]
    every = [file for row in files for file in row]
    widest = max(files, key=lambda row: len(row[0].image_ids()))
    first = widest[0]
    image_ids = first.image_ids()
    places = [_places(row, first, image_ids) for row in files]
    rows = _rows_of(image_ids, manifest)
    logits = [[file.logits(checkpoint) for file in widest] for checkpoint in CHECKPOINTS]
    signed, family_of = _signed(files, places, len(image_ids))
    having: dict[str, list[MapFile]] = {}
    for file in every:
        for layer in sorted({layer for layer, _ in file.methods()}):
            having.setdefault(layer, []).append(file)
    return ArchitectureMaps(
        architecture=architecture,
        seeds=tuple(seeds),
        classes=first.origin.classes,
        image_ids=image_ids,
        patient_ids=rows["patient_id"].to_numpy(dtype=str),
        labels=_codes(rows["label"], first.origin.classes, manifest),
        content=first.content(),
        size=first.origin.size,
        predicted=np.array([[predicted_classes(each) for each in row] for row in logits]),
        signed=signed,
        explained={key: np.isin(np.arange(len(image_ids)), places[at]) for key, at in family_of.items()},
        families={method: families[at] for (_, method), at in sorted(family_of.items())},
        score=sorted({file.origin.score for file in every}),
        target=sorted({file.origin.target for file in every}),
        constant_gradient={name: any(f.constant_gradient(name) for f in fs) for name, fs in having.items()},
        rectified={name: all(f.rectified(name) for f in fs) for name, fs in having.items()},
        not_defined=tuple(sorted({key for file in every for key in file.not_defined()})),
        versions=_versions(every),
    )


def _signed(
    files: list[list[MapFile]], places: list[np.ndarray], n: int
) -> tuple[dict[tuple[str, str], np.ndarray], dict[tuple[str, str], int]]:
    """Maps by layer and method, and which family they are of, from one row of files a family."""
    signed: dict[tuple[str, str], np.ndarray] = {}
    family_of: dict[tuple[str, str], int] = {}
    for at, row in enumerate(files):
        for key in row[0].methods():
            if key in family_of:
                raise UserError(
                    f"{files[family_of[key]][0].path} and {row[0].path} both hold {key[1]} at {key[0]}; a "
                    "method comes from one family. Take it out of one of the two in the parameters' section "
                    "explain."
                )
            family_of[key] = at
            signed[key] = _stack(row, *key, places[at], n)
    return signed, family_of


def _stack(files: list[MapFile], layer: str, method: str, places: np.ndarray, n: int) -> np.ndarray:
    maps = np.stack([[file.maps(checkpoint, layer, method) for file in files] for checkpoint in CHECKPOINTS])
    whole = np.full((*maps.shape[:2], n, *maps.shape[3:]), np.nan, maps.dtype)
    whole[:, :, places] = maps
    return whole


def _places(files: list[MapFile], widest: MapFile, image_ids: np.ndarray) -> np.ndarray:
    """Where a family's images stand among all; its files must agree on them."""
    at = {image_id: place for place, image_id in enumerate(image_ids)}
    explained = files[0].image_ids()
    for file in files:
        same = np.array_equal(file.image_ids(), explained)
        if not same or not set(explained) <= set(at):
            raise UserError(
                f"{file.path} and {(widest if same else files[0]).path} hold maps of different images. Their "
                "prepared stores differed: run `dvc repro`."
            )
    return np.array([at[image_id] for image_id in explained])


def _rows_of(image_ids: np.ndarray, manifest: Path) -> pd.DataFrame:
    require_listed(manifest)
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    require(manifest, dict.fromkeys(table.columns, str), MANIFEST_COLUMNS, "prepare")
    table = table.set_index("image_id")
    if missing := sorted(set(image_ids) - set(table.index)):
        raise UserError(
            f"{manifest} has no row for {missing[0]} ({len(missing)} missing), of which there are maps. "
            "Both must come from one run of prepare: run `dvc repro`."
        )
    return table.loc[image_ids]


def _codes(labels: pd.Series, classes: tuple[str, ...], manifest: Path) -> np.ndarray:
    if unknown := sorted(set(labels) - set(classes)):
        raise UserError(
            f"{manifest} has the label {unknown[0]}; the networks were trained on {', '.join(classes)}. "
            "Run `dvc repro`."
        )
    return np.array([classes.index(label) for label in labels])


def _versions(files: list[MapFile]) -> dict[str, list[str]]:
    libraries = sorted({library for file in files for library in file.origin.versions})
    return {
        library: sorted({file.origin.versions[library] for file in files if library in file.origin.versions})
        for library in libraries
    }
