"""How hostile model files are made: a plain classifier's file, with something in it changed."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras

Config = dict[str, Any]
Change = Callable[[Config, "Place"], None]
SIDE = 16
CONFIG, WEIGHTS = "config.json", "model.weights.h5"


class Place(NamedTuple):
    """Where a hostile file lies, and what it is to reach.

    Attributes:
        folder: of its own.
        victim: a file of the user that must stay as it is.
        marker: a file that must not appear.
        url: of a server that must hear of nothing.
        pipe: a named pipe that nobody writes to.
    """

    folder: Path
    victim: Path
    marker: Path
    url: str
    pipe: Path


Make = Callable[[Place], Path]
KNOWN: dict[str, bytes] = {}  # by ending, where another process has built it


def plain(ending: str) -> bytes:
    """The file of a small classifier, .keras or .h5."""
    if ending not in KNOWN:
        KNOWN[ending] = _built(ending)
    return KNOWN[ending]


def _built(ending: str) -> bytes:
    kl = keras.layers
    x = inputs = keras.Input((SIDE, SIDE, 3), name="film")
    for layer in (
        kl.Rescaling(1 / 255, name="scaling"),
        kl.Conv2D(4, 3, activation="relu", name="first"),
        kl.Conv2D(4, 3, activation="relu", name="second"),
        kl.GlobalAveragePooling2D(name="pooling"),
        kl.Dense(3, activation="softmax", name="head"),
    ):
        x = layer(x)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"plain.{ending}"
        keras.Model(inputs, x, name="plain").save(path)
        return path.read_bytes()


def layers(config: Config) -> list[Config]:
    """Layers of a description: film, scaling, first, second, pooling, head."""
    return config["config"]["layers"]


def keras_file(change: Change) -> Make:
    """A .keras file with another description."""

    def make(place: Place) -> Path:
        path = place.folder / "model.keras"
        with zipfile.ZipFile(io.BytesIO(plain("keras"))) as old:
            config = json.loads(old.read(CONFIG))
            change(config, place)
            write_keras(path, config, old.read(WEIGHTS))
        return path

    return make


def h5_file(change: Change) -> Make:
    """An .h5 file with another description."""

    def make(place: Place) -> Path:
        path = place.folder / "model.h5"
        path.write_bytes(plain("h5"))
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config, place)
            file.attrs["model_config"] = json.dumps(config)
        return path

    return make


def write_keras(path: Path, config: Any, weights: bytes, method: int = zipfile.ZIP_STORED) -> None:
    """A .keras file of a description, or its bytes, and weights."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr(CONFIG, config if isinstance(config, bytes) else json.dumps(config))
        archive.writestr(WEIGHTS, weights)


def h5_changed(change: Callable[[h5py.File, Place], None]) -> Make:
    """An .h5 file whose content is changed."""

    def make(place: Place) -> Path:
        path = place.folder / "model.h5"
        path.write_bytes(plain("h5"))
        with h5py.File(path, "r+") as file:
            change(file, place)
        return path

    return make


def inner_changed(change: Callable[[h5py.File, Place], None], method: int = zipfile.ZIP_STORED) -> Make:
    """A .keras file, the HDF5 file in which is changed."""

    def make(place: Place) -> Path:
        inner = place.folder / "inner.h5"
        with zipfile.ZipFile(io.BytesIO(plain("keras"))) as old:
            inner.write_bytes(old.read(WEIGHTS))
            with h5py.File(inner, "r+") as file:
                change(file, place)
            path = place.folder / "model.keras"
            with zipfile.ZipFile(path, "w", method) as archive:
                for name in ("metadata.json", CONFIG):
                    archive.writestr(name, old.read(name))
                archive.write(inner, WEIGHTS)
        inner.unlink()
        return path

    return make


def object_of(module: str | None, kind: Any, config: Any = None, **more: Any) -> Config:
    """The description of an object."""
    return {"module": module, "class_name": kind, "config": config or {}, "registered_name": kind} | more


def function(module: str, name: str) -> Config:
    """The description of a function."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def become(number: int, made: Config) -> Change:
    """A layer becomes another object, in the place of the graph that it has."""

    def change(config: Config, place: Place) -> None:
        old = layers(config)[number]
        new = json.loads(_filled(json.dumps(made), place))
        layers(config)[number] = (
            new | {"name": old["name"], "inbound_nodes": old["inbound_nodes"]}
            if "inbound_nodes" not in new
            else new | {"name": old["name"]}
        )

    return change


def setting(number: int, **settings: Any) -> Change:
    """Settings of a layer are others."""
    return lambda config, place: layers(config)[number]["config"].update(
        json.loads(_filled(json.dumps(settings), place))
    )


def _filled(text: str, place: Place) -> str:
    """What stands for a place's files, put in; JSON has no use for these signs elsewhere."""
    for name in ("victim", "marker", "url", "pipe"):
        text = text.replace(f"<{name}>", str(getattr(place, name)))
    return text
