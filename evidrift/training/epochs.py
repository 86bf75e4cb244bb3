"""The epochs file: a network's weights after each epoch of one training, read one epoch at a time.

Sealed HDF5, written byte for byte the same from the same weights:
    /        attributes: architecture, seed, and `network`, a hash of the weights' shapes
    weights  (epochs, values) float32, all weights in the model's order, one behind the other
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.files.hdf5 import writing_hdf5
from evidrift.base.files.seal import require_sealed


def write_epochs(
    path: Path,
    architecture: str,
    seed: int,
    model: keras.Model,
    weights: Iterable[list[np.ndarray]],
    n_epochs: int,
) -> None:
    """Write the weights of a finished training's epochs.

    Args:
        path: to write; its folder is made.
        architecture: its name.
        seed: of the training.
        model: that was trained.
        weights: after each epoch, as the model's `get_weights` gives them.
        n_epochs: how many these are; 0 keeps none, and the file says so.
    """
    with writing_hdf5(path) as file:
        file.attrs["architecture"], file.attrs["seed"] = architecture, seed
        file.attrs["network"] = _shapes_hash(model)
        # one contiguous piece: an epoch is a stretch of the file
        rows = file.create_dataset("weights", (n_epochs, model.count_params()), np.float32, track_times=False)
        for number, values in enumerate(weights):
            rows[number] = np.concatenate([value.ravel() for value in values])


def read_epochs(
    path: Path, architecture: str, seed: int, model: keras.Model
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Each epoch's number, from 1, and its weights as `model.set_weights` takes them, one by one.

    Args:
        path: of the epochs file.
        architecture: whose weights it must hold.
        seed: of the training whose weights it must hold.
        model: a network of the same layers.

    Raises:
        UserError: the file is missing or damaged, holds another network's, seed's or architecture's weights,
            or none.
    """
    require_sealed(path, "finetune")
    with h5py.File(path) as file:
        found = tuple(file.attrs.get(name) for name in ("architecture", "seed", "network"))
        if found != (architecture, seed, _shapes_hash(model)):
            raise UserError(
                f"{path} does not hold the weights of {architecture}, seed {seed}, with these options and "
                "classes, but of another network. Delete it and run `dvc repro`."
            )
        rows = file["weights"]
        if not len(rows):
            raise UserError(
                f"{path} holds no epochs: add {seed} to finetune.{architecture}.keep_epochs, or take it "
                "out of trajectory.seeds."
            )
        shapes = [values.shape for values in model.weights]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        for number in range(len(rows)):
            parts = np.split(rows[number], ends[:-1])
            yield (
                number + 1,
                [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)],
            )


def _shapes_hash(model: keras.Model) -> str:
    """sha256 of the weights' shapes in the model's order.

    Not of their names: Keras numbers unnamed layers by how many a process has made before.
    """
    return hashlib.sha256(str([tuple(values.shape) for values in model.weights]).encode()).hexdigest()
