"""What the curve of one architecture is made of, in memory and as one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from evidrift.base.files.hdf5 import writing_hdf5
from evidrift.base.files.seal import require_sealed
from evidrift.claims.quantities import Cells
from evidrift.tradeoff.points import Point

FILE = "evidence.h5"
STAGE = "tradeoff"
Key = tuple[str, str]  # layer and method
LAYER = "penultimate"  # that conclusions rest on
PRIMARY: Key = (LAYER, "layer_cam")
# Of the cells, what differs from point to point; the rest is stored once a method.
OF_A_POINT, OF_ALL = ("drift", "cross", "floor_ft"), ("floor_tl", "scale")


@dataclass(frozen=True)
class Evidence:
    """Predictions and moved shares of every point of one architecture, on the n test images.

    Attributes:
        architecture: its name.
        seeds: of the study's grid; the same in every point.
        points: plain fine-tuning first.
        image_ids, patient_ids, labels: words, (n,).
        right: by point, `tl` among them: whether the prediction is the label, (n, seeds) bool.
        moved: by layer and method, and by point: moved shares; NaN where they are not known. Their scale is
            that of plain fine-tuning.
        places: by place, and by point, `tl` among them: the share of the evidence there under LayerCAM at the
            layer that conclusions rest on, (n, seeds); NaN where it is not known.
        area: share of the image's area that the strongest cells are.
    """

    architecture: str
    seeds: tuple[int, ...]
    points: tuple[Point, ...]
    image_ids: np.ndarray
    patient_ids: np.ndarray
    labels: np.ndarray
    right: Mapping[Point, np.ndarray]
    moved: Mapping[Key, Mapping[Point, Cells]]
    places: Mapping[str, Mapping[Point, np.ndarray]]
    area: float

    @cached_property
    def patients(self) -> np.ndarray:
        """Index of each image's patient, (n,)."""
        return np.unique(self.patient_ids, return_inverse=True)[1]


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Write all of it; the same evidence gives the same bytes."""
    with writing_hdf5(path, libver=("earliest", "v110")) as file:
        file.attrs["architecture"] = evidence.architecture
        file.attrs["area"] = evidence.area
        file.attrs["seeds"] = np.asarray(evidence.seeds, np.int64)
        points = [*evidence.right]
        _add(file, "points", _words([[each.strategy, each.strength] for each in points]))
        for name in ("image_ids", "patient_ids", "labels"):
            _add(file, name, _words(getattr(evidence, name)))
        for point, right in evidence.right.items():
            _add(file, f"right/{point.folder}", right)
        for (layer, method), of_points in evidence.moved.items():
            here = f"moved/{layer}/{method}"
            for point, cells in of_points.items():
                for name in OF_A_POINT:
                    _add(file, f"{here}/{point.folder}/{name}", getattr(cells, name).astype(np.float32))
            for name in OF_ALL:
                _add(file, f"{here}/{name}", getattr(cells, name).astype(np.float32))
        for place, shares in evidence.places.items():
            for point, values in shares.items():
                _add(file, f"places/{place}/{point.folder}", values.astype(np.float32))


def read_evidence(path: Path) -> Evidence:
    """What `write_evidence` wrote.

    Raises:
        UserError: it is missing or damaged.
    """
    require_sealed(path, STAGE)
    with h5py.File(path) as file:
        points = [Point(*each) for each in _texts(file["points"][:])]
        patient_ids = _texts(file["patient_ids"][:])
        patients = np.unique(patient_ids, return_inverse=True)[1]
        return Evidence(
            architecture=str(file.attrs["architecture"]),
            seeds=tuple(int(seed) for seed in file.attrs["seeds"]),
            points=tuple(points[1:]),  # the first is tl
            image_ids=_texts(file["image_ids"][:]),
            patient_ids=patient_ids,
            labels=_texts(file["labels"][:]),
            right={point: file[f"right/{point.folder}"][:] for point in points},
            moved={
                (layer, method): {
                    point: _cells(file[f"moved/{layer}/{method}"], point, patients) for point in points[1:]
                }
                for layer in file["moved"]
                for method in file[f"moved/{layer}"]
            },
            places={
                place: {point: file[f"places/{place}/{point.folder}"][:] for point in points}
                for place in file.get("places", ())
            },
            area=float(file.attrs["area"]),
        )


def _cells(group: h5py.Group, point: Point, patients: np.ndarray) -> Cells:
    own = {name: group[point.folder][name][:] for name in OF_A_POINT}
    return Cells(patients, **own, **{name: group[name][:] for name in OF_ALL})


def _add(file: h5py.File, name: str, values: np.ndarray) -> None:
    file.create_dataset(name, data=values, track_times=False)


def _words(texts: np.ndarray | list) -> np.ndarray:
    """UTF-8 of fixed length, so that no heap of texts is needed."""
    encoded = np.char.encode(np.asarray(texts, dtype=str), "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", max(encoded.dtype.itemsize, 1)))


def _texts(encoded: np.ndarray) -> np.ndarray:
    return np.char.decode(encoded.astype(bytes), "utf-8")
