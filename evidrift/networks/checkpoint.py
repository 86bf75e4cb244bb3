"""Weights on disk, the same bytes for the same weights (Keras's `.weights.h5`), and checkpoints of them.

A checkpoint is a folder, see `networks.files`.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import h5py
import keras
import numpy as np

from evidrift.base.errors import UserError
from evidrift.base.files.seal import require_sealed, require_whole, writing_sealed
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import Options, find
from evidrift.networks.classifier import build_classifier, build_head, network_input
from evidrift.networks.files import BACKBONE, HEAD, NETWORK, STAGES, written_by
from evidrift.networks.params import load_architecture

Key = TypeVar("Key")
Weights = list[np.ndarray]  # as `get_weights` gives them and `set_weights` takes them


class Plan(NamedTuple):
    """What a classifier is built from.

    Attributes:
        architecture: its name.
        size: side of the input, px.
        n_classes: outputs.
        options: of the architecture's `build`.
    """

    architecture: str
    size: int
    n_classes: int
    options: Options

    @property
    def prepare(self) -> Callable[[np.ndarray], np.ndarray]:
        """Brings pixels, (n, size, size) in 0..255, to the network's input."""
        return partial(network_input, zoo=find(self.architecture))


class _Memory(io.BytesIO):
    """Where Keras writes weights, as to a file of this name: HDF5 on disk could crash (base.files.hdf5)."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def save_weights(model: keras.Model, path: Path) -> None:
    """Write all weights, and nothing that depends on time or on how far training's random streams ran.

    The file is sealed, and Keras can read it: `model.load_weights(path)`.
    """
    memory = _Memory()
    keras.saving.save_weights(model, memory, objects_to_skip=_random_states(model))
    with writing_sealed(path) as partial:
        partial.write_bytes(memory.getbuffer())


def load_own(model: keras.Model, path: Path, stage: str) -> None:
    """Read what `save_weights` wrote of exactly this model.

    Args:
        model: to fill.
        path: of a file of the pipeline.
        stage: that writes it.

    Raises:
        UserError: the file is missing or damaged, or holds another model's weights.
    """
    require_sealed(path, stage)
    load_weights(model, path)


def load_weights(model: keras.Model, path: Path) -> None:
    """Read weights of exactly this model, from any HDF5 file that Keras reads; float16 ones are widened.

    Raises:
        UserError: the file is missing, is no weights file, is sealed but damaged, or holds another model's
            weights.
    """
    if path.is_file():
        require_whole(path)
    found = _count_values(path)
    expected = model.count_params()
    if found != expected:
        raise UserError(
            f"{path} holds {found:,} weights, but {model.name} has {expected:,}: it was saved from another "
            "architecture, with other options, or with a classification layer. Give a file of that network."
        )
    skip = {"objects_to_skip": _random_states(model)} if path.name.endswith(".weights.h5") else {}
    try:
        keras.saving.load_weights(model, path, **skip)
    except (ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{path} does not hold the weights of {model.name}: {reason}") from None


def load_plan(params: Path, architecture: str, size: int, n_classes: int) -> Plan:
    """The plan of an architecture with the options that a parameter file gives it.

    Raises:
        UserError: there is no such architecture.
    """
    find(architecture)
    return Plan(architecture, size, n_classes, load_architecture(params, architecture).options)


def load_seeds(
    plan: Plan, models: Path, seeds: Sequence[int], names: Sequence[str] = ("tl", "ft")
) -> tuple[keras.Model, dict[tuple[int, str], Weights]]:
    """One classifier, and by seed and checkpoint the weights of an architecture for it.

    Args:
        plan: of the classifier.
        models: the architecture's folder, see `networks.files`.
        seeds: whose checkpoints to read.
        names: of the checkpoints.
    """
    folders = {(seed, name): models / str(seed) / name for seed in seeds for name in names}
    return load_checkpoints(plan, backbone=models / BACKBONE, folders=folders)


def load_checkpoints(
    plan: Plan, *, backbone: Path, folders: Mapping[Key, Path]
) -> tuple[keras.Model, dict[Key, Weights]]:
    """One classifier, and for it the weights of several checkpoints of one architecture.

    Building a network and compiling what is made of it takes longer than running it on the test split, so
    one takes all weights in turn.

    Args:
        plan: of the classifier.
        backbone: file of the pretrained backbone's weights.
        folders: of the checkpoints, by any keys; one called `tl` holds a head, any other a whole network.

    Returns:
        The classifier, with whichever weights, and each checkpoint's as it takes them, by the same keys.
    """
    trunk, head, classifier = _built(plan, backbone, dropout=0)
    pretrained = trunk.get_weights()
    weights: dict[Key, Weights] = {}
    for key, folder in folders.items():
        if folder.name == "tl":
            load_own(head, folder / HEAD, STAGES["tl"])
            weights[key] = [*pretrained, *head.get_weights()]
        else:
            load_own(classifier, folder / NETWORK, written_by(folder))
            weights[key] = classifier.get_weights()
    return classifier, weights


def load_tl(plan: Plan, *, backbone: Path, tl: Path, dropout: float = 0) -> keras.Model:
    """The transfer-learning checkpoint, `tl`: the frozen backbone with a trained head, as one classifier.

    Args:
        plan: of the classifier.
        backbone: file of the pretrained backbone's weights.
        tl: the checkpoint's folder, with the head's weights.
        dropout: share of pooled features that training drops.
    """
    _, head, classifier = _built(plan, backbone, dropout)
    load_own(head, tl / HEAD, STAGES["tl"])
    classifier.get_layer("logits").set_weights(head.get_layer("logits").get_weights())
    return classifier


def _built(plan: Plan, backbone: Path, dropout: float) -> tuple[keras.Model, keras.Model, keras.Model]:
    """The pretrained trunk, a head as its files hold it, and a classifier of the trunk with its own head."""
    trunk = build_backbone(plan.architecture, plan.size, plan.options)
    load_own(trunk, backbone, "embed")
    head = build_head(trunk.output.shape[-1], plan.n_classes, dropout=0, seed=0)
    return trunk, head, build_classifier(trunk, plan.n_classes, dropout)


def checkpoint_hash(classifier: keras.Model, weights: Weights) -> str:
    """`weights_hash` of a checkpoint, whose weights the classifier has afterwards."""
    classifier.set_weights(weights)
    return weights_hash(classifier)


def weights_hash(model: keras.Model) -> str:
    """sha256 of all weights with their layers' names and shapes."""
    digest = hashlib.sha256()
    for layer in model.layers:
        for values in layer.get_weights():
            digest.update(f"{layer.name} {values.shape} ".encode())
            digest.update(values.tobytes())
    return digest.hexdigest()


def _random_states(model: keras.Model) -> list:
    """State of the dropout's random streams: no weight, and absent where the dropout is 0."""
    return [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]


def _count_values(path: Path) -> int:
    """Numbers in a weights file, those of an optimizer or of random streams left out."""
    sizes: list[int] = []

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and not {"optimizer", "optimizer_weights", "seed_generator"} & set(
            name.split("/")
        ):
            sizes.append(item.size)

    if not path.is_file():
        raise UserError(f"{path}, a file of weights, does not exist.")
    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError:
        raise UserError(f"{path} is not an HDF5 file of weights, or is damaged.") from None
    return sum(sizes)
