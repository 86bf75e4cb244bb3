"""The features file: pooled outputs of a frozen backbone for every image and view."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from evidrift.base.files.hdf5 import writing_hdf5
from evidrift.base.files.seal import require_sealed

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Features:
    """Pooled features of one split.

    Attributes:
        ids: (n,) image ids, sorted.
        labels: (n,) class indices.
        values: (n, 1 + views, channels) float32; view 0 is the image itself.
        classes: names, in the order of the labels.
    """

    ids: np.ndarray
    labels: np.ndarray
    values: np.ndarray
    classes: tuple[str, ...]


def write_features(path: Path, splits: dict[str, Features]) -> None:
    """Write all splits to one sealed HDF5 file without times, so that equal features give equal bytes."""
    with writing_hdf5(path) as file:
        file.attrs["classes"] = list(splits["train"].classes)
        for name in SPLITS:
            group = file.create_group(name)
            group.create_dataset(
                "image_id", data=splits[name].ids.astype(object), dtype=h5py.string_dtype(), track_times=False
            )
            group.create_dataset("label", data=splits[name].labels.astype(np.int32), track_times=False)
            group.create_dataset("features", data=splits[name].values.astype(np.float32), track_times=False)


def read_features(path: Path, split: str) -> Features:
    """Read one split.

    Raises:
        UserError: the file is missing or damaged.
    """
    require_sealed(path, "embed")
    with h5py.File(path) as file:
        group = file[split]
        return Features(
            ids=group["image_id"].asstr()[:],
            labels=group["label"][:],
            values=group["features"][:],
            classes=tuple(file.attrs["classes"]),
        )
