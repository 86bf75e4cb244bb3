"""The map file: all maps of one architecture, seed and attribution family, read by drift and the report.

Sealed HDF5, written byte for byte the same from the same maps:
    /                                   attributes: what was explained, see `Origin`
    image_id                            (n,)
    content                             (n, 4) top, left, bottom, right of the image in its square, px
    target_tl, target_ft                (n,) class indices that were explained
    logits/<checkpoint>                 (n, classes) float32
    maps/<checkpoint>/<layer>           attributes: name, rectified, constant_gradient, not_defined
    maps/<checkpoint>/<layer>/<method>  (n, h, w) float32, signed, on the layer's own grid
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.files.hdf5 import writing_hdf5
from evidrift.base.files.seal import require_sealed
from evidrift.base.files.spool import Spool

CHECKPOINTS = ("tl", "ft")
CHUNK = 64  # images


@dataclass(frozen=True)
class Origin:
    """Where maps come from.

    Attributes:
        architecture: name.
        seed: of training.
        family: attribution family.
        score: `centred` or `raw` logit.
        target: the image's `label`, or each checkpoint's `prediction`.
        size: side of the network's input, px.
        classes: names in the order of the logits.
        versions: of tensorflow, keras and numpy.
        weights: sha256 of each checkpoint's weights.
    """

    architecture: str
    seed: int
    family: str
    score: str
    target: str
    size: int
    classes: tuple[str, ...]
    versions: Mapping[str, str]
    weights: Mapping[str, str]


@dataclass(frozen=True)
class LayerMaps:
    """Maps of some images at one target layer.

    Attributes:
        name: the layer's name in the network.
        rectified: the layer's output is non-negative by construction.
        constant_gradient: d score / d activations is the same at every place, for every image and channel.
        methods: signed maps of each attribution method, (n, h, w) float32, in units of the score; arrays or
            of a `Spool`.
        not_defined: methods asked for that this layer does not allow.
    """

    name: str
    rectified: bool
    constant_gradient: bool
    methods: Mapping[str, Any]
    not_defined: tuple[str, ...]


@dataclass(frozen=True)
class CheckpointMaps:
    """Maps of some images at all target layers of one checkpoint.

    Attributes:
        targets: the class that was explained, (n,) indices.
        logits: the checkpoint's outputs, (n, classes) float32.
        layers: by label: `penultimate`, `last` or a layer's own name.
    """

    targets: np.ndarray
    logits: np.ndarray
    layers: dict[str, LayerMaps]


def joined(batches: Sequence[CheckpointMaps]) -> CheckpointMaps:
    """One after the other, the maps of batches of the same network, layers and methods."""
    layers = {}
    for label, first in batches[0].layers.items():
        parts = [batch.layers[label] for batch in batches]
        layers[label] = LayerMaps(
            name=first.name,
            rectified=first.rectified,
            constant_gradient=all(part.constant_gradient for part in parts),
            methods={
                name: np.concatenate([np.asarray(part.methods[name]) for part in parts])
                for name in first.methods
            },
            not_defined=first.not_defined,
        )
    return CheckpointMaps(
        targets=np.concatenate([batch.targets for batch in batches]),
        logits=np.concatenate([batch.logits for batch in batches]),
        layers=layers,
    )


def write_maps(
    path: Path,
    origin: Origin,
    image_ids: np.ndarray,
    content: np.ndarray,
    checkpoints: Mapping[str, CheckpointMaps],
) -> None:
    """Write a map file.

    Args:
        path: to write; its folder is made.
        origin: what was explained.
        image_ids: (n,) text.
        content: (n, 4) as in the prepared store.
        checkpoints: `tl` and `ft`.
    """
    with writing_hdf5(path) as file:
        for name in ("architecture", "seed", "family", "score", "target", "size"):
            file.attrs[name] = getattr(origin, name)
        file.attrs["classes"] = list(origin.classes)
        file.attrs["versions"] = json.dumps(dict(origin.versions), sort_keys=True)
        _write(file, "image_id", np.asarray(image_ids, object), h5py.string_dtype())
        _write(file, "content", content, np.int32)
        for checkpoint in CHECKPOINTS:
            maps = checkpoints[checkpoint]
            file.attrs[f"weights_{checkpoint}"] = origin.weights[checkpoint]
            _write(file, f"target_{checkpoint}", maps.targets, np.int32)
            _write(file, f"logits/{checkpoint}", maps.logits, np.float32)
            for label, layer in sorted(maps.layers.items()):
                group = file.create_group(f"maps/{checkpoint}/{label}")
                group.attrs["name"] = layer.name
                group.attrs["rectified"] = layer.rectified
                group.attrs["constant_gradient"] = layer.constant_gradient
                group.attrs["not_defined"] = json.dumps(sorted(layer.not_defined))
                for method, signed in sorted(layer.methods.items()):
                    _write_in_parts(group, method, signed)


def _write(group: h5py.Group, name: str, values: np.ndarray, dtype: Any, chunks: Any = None) -> None:
    group.create_dataset(name, data=values, dtype=dtype, chunks=chunks, track_times=False)


def _write_in_parts(group: h5py.Group, name: str, signed: np.ndarray | Spool) -> None:
    chunks = (min(CHUNK, len(signed)), *signed.shape[1:])
    dataset = group.create_dataset(name, signed.shape, np.float32, chunks=chunks, track_times=False)
    for first in range(0, len(signed), CHUNK):
        dataset[first : first + CHUNK] = signed[first : first + CHUNK]


class MapFile:
    """Reads a map file.

    Example:
        >>> maps = MapFile(path).require("densenet_mini", 3, "cam")
        >>> for layer, method in maps.methods():
        ...     before, after = maps.maps("tl", layer, method), maps.maps("ft", layer, method)
        ...     print(layer, method, before.shape)
        last grad_cam (5, 2, 2)
        penultimate grad_cam (5, 4, 4)
        penultimate layer_cam (5, 4, 4)
        sum grad_cam (5, 3, 3)

    Args:
        path: of the file.
        stage: that writes it.

    Attributes:
        origin: what was explained.

    Raises:
        UserError: the file is missing or damaged.
    """

    def __init__(self, path: Path, stage: str = "explain"):
        self.path = path
        require_sealed(path, stage)
        with h5py.File(path) as file:
            self.origin = _origin(file.attrs)

    def require(self, architecture: str, seed: int, family: str) -> "MapFile":
        """This file, if it holds the maps of that item of the grid.

        Raises:
            UserError: it holds others'.
        """
        found = (self.origin.architecture, self.origin.seed, self.origin.family)
        if found != (architecture, seed, family):
            raise UserError(
                f"{self.path} holds maps of {found[0]}, seed {found[1]}, family {found[2]}; expected were "
                f"{architecture}, seed {seed}, family {family}. Delete it and run `dvc repro`."
            )
        return self

    def image_ids(self) -> np.ndarray:
        """(n,) text."""
        with h5py.File(self.path) as file:
            return np.asarray(file["image_id"].asstr()[:], dtype=str)

    def content(self) -> np.ndarray:
        """Top, left, bottom, right of each image in its square, px, half open: (n, 4)."""
        return self._read("content")

    def targets(self, checkpoint: str) -> np.ndarray:
        """The class explained, (n,) indices into the origin's classes."""
        return self._read(f"target_{checkpoint}")

    def logits(self, checkpoint: str) -> np.ndarray:
        """(n, classes)."""
        return self._read(f"logits/{checkpoint}")

    def methods(self) -> list[tuple[str, str]]:
        """All (layer, method) of which there are maps, sorted."""
        with h5py.File(self.path) as file:
            return [(layer, method) for layer, group in file["maps/tl"].items() for method in group]

    def not_defined(self) -> list[tuple[str, str]]:
        """All (layer, method) that were asked for, but that the layer does not allow, sorted."""
        with h5py.File(self.path) as file:
            layers = {layer: group.attrs["not_defined"] for layer, group in file["maps/tl"].items()}
        return [(layer, method) for layer, methods in layers.items() for method in json.loads(methods)]

    def maps(self, checkpoint: str, layer: str, method: str, part: slice = slice(None)) -> np.ndarray:
        """Signed maps of all images or of a part, (n, h, w) float32.

        Raises:
            UserError: the file has none of that layer and method.
        """
        name = f"maps/{checkpoint}/{layer}/{method}"
        try:
            return self._read(name, part)
        except KeyError:
            there = ", ".join(f"{layer}/{method}" for layer, method in self.methods())
            raise UserError(f"{self.path} has no {name}. It has maps of: {there}.") from None

    def checkpoint(self, name: str) -> CheckpointMaps:
        """All that the file holds of one checkpoint, as it was given to `write_maps`, in memory."""
        with h5py.File(self.path) as file:
            layers = {
                label: LayerMaps(
                    name=str(group.attrs["name"]),
                    rectified=bool(group.attrs["rectified"]),
                    constant_gradient=bool(group.attrs["constant_gradient"]),
                    methods={method: signed[:] for method, signed in group.items()},
                    not_defined=tuple(json.loads(group.attrs["not_defined"])),
                )
                for label, group in file[f"maps/{name}"].items()
            }
        return CheckpointMaps(self.targets(name), self.logits(name), layers)

    def layer_name(self, layer: str) -> str:
        """The layer's name in the network, e.g. pool4_relu for `penultimate`."""
        return str(self._attribute("tl", layer, "name"))

    def rectified(self, layer: str) -> bool:
        """Whether the layer's output is non-negative by construction."""
        return bool(self._attribute("tl", layer, "rectified"))

    def constant_gradient(self, layer: str) -> bool:
        """Whether the gradient is constant over space in both checkpoints: there the methods coincide."""
        return all(self._attribute(checkpoint, layer, "constant_gradient") for checkpoint in CHECKPOINTS)

    def _attribute(self, checkpoint: str, layer: str, name: str) -> Any:
        with h5py.File(self.path) as file:
            return file[f"maps/{checkpoint}/{layer}"].attrs[name]

    def _read(self, name: str, part: slice = slice(None)) -> np.ndarray:
        with h5py.File(self.path) as file:
            return file[name][part]


def _origin(attributes: Mapping[str, Any]) -> Origin:
    return Origin(
        architecture=str(attributes["architecture"]),
        seed=int(attributes["seed"]),
        family=str(attributes["family"]),
        score=str(attributes["score"]),
        target=str(attributes["target"]),
        size=int(attributes["size"]),
        classes=tuple(map(str, attributes["classes"])),
        versions=json.loads(attributes["versions"]),
        weights={checkpoint: str(attributes[f"weights_{checkpoint}"]) for checkpoint in CHECKPOINTS},
    )
