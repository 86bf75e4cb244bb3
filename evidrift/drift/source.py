"""All maps of one architecture: every seed, both checkpoints, every method and layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evidrift.attribution.mapfile import CHECKPOINTS, MapFile
from evidrift.attribution.scores import predicted_classes
from evidrift.drift.grid_files import check_folder
from evidrift.errors import UserError


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
        signed: by layer and method, maps as stored, (checkpoints, seeds, n, h, w).
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
    score: list[str]
    target: list[str]
    constant_gradient: dict[str, bool]
    rectified: dict[str, bool]
    not_defined: tuple[tuple[str, str], ...]
    versions: dict[str, list[str]]


def read_maps(
    folder: Path, architecture: str, seeds: Sequence[int], families: Sequence[str], manifest: Path
) -> ArchitectureMaps:
    """Read an architecture's map files, and its images' labels and patients from the manifest.

    Raises:
        UserError: a file is missing or lies outside the grid, files disagree on the images, or two families
            have the same method at a layer.
    """
    check_folder(folder, [f"{seed}-{family}.h5" for seed in seeds for family in families])
    files = [
        [MapFile(folder / f"{seed}-{family}.h5").require(architecture, seed, family) for seed in seeds]
        for family in families
    ]
    every = [file for row in files for file in row]
    first = every[0]
    image_ids = first.image_ids()
    for file in every:
        _check_same_images(file, first, image_ids)
    rows = _rows_of(image_ids, manifest)
    logits = [[file.logits(checkpoint) for file in files[0]] for checkpoint in CHECKPOINTS]
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
        signed=_signed(files),
        score=sorted({file.origin.score for file in every}),
        target=sorted({file.origin.target for file in every}),
        constant_gradient={name: any(f.constant_gradient(name) for f in fs) for name, fs in having.items()},
        rectified={name: all(f.rectified(name) for f in fs) for name, fs in having.items()},
        not_defined=tuple(sorted({key for file in every for key in file.not_defined()})),
        versions=_versions(every),
    )


def _signed(files: list[list[MapFile]]) -> dict[tuple[str, str], np.ndarray]:
    """Maps by layer and method, from one row of files a family."""
    signed: dict[tuple[str, str], np.ndarray] = {}
    holder: dict[tuple[str, str], MapFile] = {}
    for row in files:
        for key in row[0].methods():
            if key in holder:
                raise UserError(
                    f"{holder[key].path} and {row[0].path} both hold {key[1]} at {key[0]}; a method "
                    "comes from one family. Take it out of one of the two in the parameters' section explain."
                )
            holder[key] = row[0]
            signed[key] = _stack(row, *key)
    return signed


def _stack(files: list[MapFile], layer: str, method: str) -> np.ndarray:
    return np.stack([[file.maps(checkpoint, layer, method) for file in files] for checkpoint in CHECKPOINTS])


def _check_same_images(file: MapFile, first: MapFile, image_ids: np.ndarray) -> None:
    if not np.array_equal(file.image_ids(), image_ids):
        raise UserError(
            f"{file.path} and {first.path} hold maps of different images. Their prepared stores differed: "
            "run `dvc repro`."
        )


def _rows_of(image_ids: np.ndarray, manifest: Path) -> pd.DataFrame:
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False).set_index("image_id")
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
