"""Files that are called otherwise than they are, that stand for a model, or that would do harm."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from tools.formats.model_kinds import Kind, Made, film, model, whole

Config = dict[str, Any]
NOTHING = np.empty(0)


def _saved(path: Path, as_h5: bool = False) -> Made:
    """The plain classifier, under any name."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    built = model(whole)
    saved = path.with_name("saved.h5" if as_h5 else "saved.keras")
    built.save(saved)
    saved.replace(path)
    return Made(path, np.asarray(built(film(), training=False), np.float64).ravel(), logits=False)


def _written(name: str, data: bytes) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        path = folder / name
        path.write_bytes(data)
        return Made(path, NOTHING, logits=False)

    return make


def _zipped(name: str, members: dict[str, bytes]) -> Callable[[Path], Made]:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return _written(name, data.getvalue())


def _tar(folder: Path) -> Made:
    _saved(folder / "model.keras")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "model.keras", "model.keras")
    return Made(folder / "model.tar.gz", NOTHING, logits=False)


def _folder(*names: str) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        path = folder / "model"
        path.mkdir()
        for name in names:
            (path / name).write_bytes(b"x")
        return Made(path, NOTHING, logits=False)

    return make


def _only_tracked(folder: Path) -> Made:
    (folder / "model.keras.dvc").write_text(
        "outs:\n- md5: 00000000000000000000000000000abc\n  path: model.keras\n"
    )
    return Made(folder / "model.keras", NOTHING, logits=False)


def _half(ending: str) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        made = _saved(folder / f"model.{ending}", ending == "h5")
        data = made.path.read_bytes()
        made.path.write_bytes(data[: len(data) // 2])
        return made

    return make


def _weights(name: str) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        model(whole).save_weights(folder / "saved.weights.h5")
        (folder / "saved.weights.h5").replace(folder / name)
        return Made(folder / name, NOTHING, logits=False)

    return make


def changed(path: Path, change: Callable[[Config], None], as_h5: bool = False) -> Path:
    """The plain classifier's file with another description of it.

    Args:
        path: of the file.
        change: of the description, in place.
        as_h5: in HDF5, or as a .keras file.
    """
    whole_file = _saved(path.with_name("plain"), as_h5).path
    if as_h5:
        with h5py.File(whole_file, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return whole_file.replace(path)
    with zipfile.ZipFile(whole_file) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path


def layer(config: Config, number: int = 1) -> Config:
    """A layer of a description; 1 scales, 2 is a convolution."""
    return config["config"]["layers"][number]


def _hostile(change: Callable[[Config], None], as_h5: bool = False) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        path = changed(folder / ("model.h5" if as_h5 else "model.keras"), change, as_h5)
        return Made(path, NOTHING, logits=False)

    return make


def _becomes(module: str | None, kind: str, config: Any) -> Callable[[Config], None]:
    """The first layer becomes another object."""
    return lambda model: layer(model).update(
        module=module, class_name=kind, config=config, registered_name=kind
    )


def _activation(value: Any) -> Callable[[Config], None]:
    return lambda model: layer(model, 2)["config"].update(activation=value)


def _argument(value: Any) -> Callable[[Config], None]:
    return lambda model: layer(model, 2)["inbound_nodes"][0]["kwargs"].update(mask=value)


def _function(module: str, name: str) -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 14079664\n" % 7
DVC = b"outs:\n- md5: 00000000000000000000000000000abc\n  path: model.keras\n"
CODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
LAMBDA = {"name": "scale", "function": CODE}

OTHERWISE: dict[str, Callable[[Path], Made]] = {
    "HDF5 called .keras": lambda folder: _saved(folder / "model.keras", as_h5=True),
    ".keras called .h5": lambda folder: _saved(folder / "model.h5"),
    ".KERAS": lambda folder: _saved(folder / "MODEL.KERAS"),
    ".H5": lambda folder: _saved(folder / "MODEL.H5", as_h5=True),
    "a model without ending": lambda folder: _saved(folder / "model"),
    "Git LFS pointer": _written("model.h5", LFS),
    "DVC file": _written("model.keras.dvc", DVC),
    "only the DVC file is there": _only_tracked,
    "web page": _written("model.keras", b"<!DOCTYPE html><title>Sign in</title>"),
    "SavedModel": _folder("saved_model.pb"),
    "unpacked .keras": _folder("config.json", "metadata.json", "model.weights.h5"),
    "folder": _folder("notes.txt"),
    "ZIP that holds a model": _zipped("converted_keras.zip", {"keras_model.h5": b"x", "labels.txt": b"0 a"}),
    "ZIP of a SavedModel": _zipped("model.zip", {"model/saved_model.pb": b"x"}),
    "another ZIP": _zipped("model.keras", {"holiday.jpg": b"x"}),
    "tar.gz": _tar,
    "weights alone": _weights("model.h5"),
    "weights of another network": _weights("model.weights.h5"),
    "half a .keras file": _half("keras"),
    "half an .h5 file": _half("h5"),
    "no bytes": _written("model.keras", b""),
    "no such file": lambda folder: Made(folder / "model.keras", NOTHING, logits=False),
    "PyTorch": _written("model.pt", b"x"),
    "ONNX": _written("model.onnx", b"x"),
    "TensorFlow Lite": _written("model.tflite", b"x"),
    "text": _written("model.txt", b"x"),
}
HOSTILE: dict[str, Callable[[Path], Made]] = {
    "Lambda by another of its names": _hostile(_becomes("keras", "layers.Lambda", LAMBDA)),
    "Lambda from Keras's inside": _hostile(_becomes("keras.src.layers.core.lambda_layer", "Lambda", LAMBDA)),
    "Lambda in .h5": _hostile(_becomes("keras.layers", "Lambda", LAMBDA), as_h5=True),
    "a public function as a layer": _hostile(
        _becomes("keras.preprocessing.image", "save_img", {"path": "x.png", "x": [[[0]]]})
    ),
    "a function of Keras as activation": _hostile(_activation(_function("keras.config", "set_floatx"))),
    "a function of Python as activation": _hostile(_activation(_function("builtins", "eval"))),
    "a function of another module": _hostile(_activation(_function("os", "system"))),
    "byte code as activation": _hostile(_activation(CODE)),
    "byte code as activation, .h5": _hostile(_activation(CODE), as_h5=True),
    "a function as an argument of a call": _hostile(_argument(_function("keras.activations", "relu"))),
    "an operation that calls functions": _hostile(_becomes("keras.src.ops.core", "Map", {"name": "map"})),
    "a SavedModel run as a layer": _hostile(
        _becomes("keras.layers", "TFSMLayer", {"filepath": "saved", "name": "saved"})
    ),
    "a layer that reads a vocabulary": _hostile(
        _becomes("keras.layers", "StringLookup", {"vocabulary": "words.txt", "name": "words"})
    ),
    "a network with downloaded weights": _hostile(
        _becomes("keras.applications", "ResNet50", {"weights": "imagenet", "name": "resnet"})
    ),
    "a type of TensorFlow": _hostile(
        _argument({"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "tf", "config": []})
    ),
}
GROUPS = {"Called otherwise, or no model": OTHERWISE, "Files that would do harm": HOSTILE}


def kinds() -> Iterator[Kind]:
    """Every kind, each of which says what it is."""
    for group, made in GROUPS.items():
        for name, make in made.items():
            yield Kind(name, group, f"Keras {keras.__version__}, changed" if made is HOSTILE else "", make)
