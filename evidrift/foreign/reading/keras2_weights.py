"""Weights that Keras 2 saved, put into the layers of Keras 3 that stand for its own.

In an .h5 file each layer of the outermost model has a group with its weights in order: those that are trained
first, then the others, of a nested model likewise. In a .keras file each layer has a group called after its
class and its number among those of its class, nested as the models are.
"""

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np
from keras.src.saving.saving_lib import safe_get_h5_dataset, safe_get_h5_group

from evidrift.foreign.reading.keras2 import Config, is_model, layers_of, name_of, plain

# Where a model's layers lie in a .keras file: of Keras 2.15, and of 2.13 and 2.14.
ROOTS = ("layers", "_layer_checkpoint_dependencies")
KERNELS = {"depthwise_kernel": "kernel"}  # what Keras 3 calls otherwise


class Member(NamedTuple):
    """A layer, its name by Keras 2, and its weights' place in a .keras file."""

    layer: Any
    name: str
    place: str


def load_h5(groups: h5py.Group, model: keras.Model, described: Config) -> None:
    """Weights from an .h5 file's group of them.

    Raises:
        ValueError: it holds others than the model has.
    """
    for part in layers_of(described):
        layer, name = _layer(model, part), name_of(part)
        listed = list(_listed(safe_get_h5_group(groups, name))) if name in groups else []
        if layer is not None:
            _assign(name, _in_order(layer, [text for text, _ in listed]), [each for _, each in listed])


def load_keras(file: h5py.File, model: keras.Model, described: Config) -> None:
    """Weights from the HDF5 file in a .keras file.

    Raises:
        ValueError: it holds others than the model has.
    """
    root = next((each for each in reversed(ROOTS) if each in file), ROOTS[0])
    members = _found(_places(file, root), model, described, root)
    for layer, name, place in members:
        group = safe_get_h5_group(file, f"{place}/vars") if layer.weights else {}
        _assign(name, _weights(layer), [safe_get_h5_dataset(group, str(each)) for each in range(len(group))])


def _places(file: h5py.File, root: str) -> set[str]:
    """Groups that hold weights of layers."""
    names: list[str] = []
    file.visit(names.append)
    return {match[1] for name in names if (match := re.fullmatch(rf"({root}/.*)/vars/\d+", name)) is not None}


def _found(places: set[str], model: keras.Model, described: Config, root: str) -> list[Member]:
    """The layers of all levels with their places in the file.

    Keras 2.13 listed, and so counted, a layer with weights twice. Which way it was shows where every place
    that holds weights is a layer's, and the other way round.
    """
    for step in (1, 2):
        members = list(_members(model, described, root, root, step))
        if {member.place for member in members if member.layer.weights} == places:
            return members
    raise ValueError("Its weights are those of other layers than it describes.")


def _members(model: Any, described: Config, root: str, above: str, step: int) -> Iterator[Member]:
    """The layers of all levels, in the order in which Keras 2 counted them."""
    seen: Counter[str] = Counter()
    for part in layers_of(described):
        kind = _snake(part["class_name"])
        place = f"{above}/{kind}_{seen[kind]}" if seen[kind] else f"{above}/{kind}"
        layer = _layer(model, part)
        seen[kind] += step if layer is not None and layer.weights else 1
        if layer is not None and is_model(part):
            yield from _members(layer, part, root, f"{place}/{root}", step)
        elif layer is not None:
            yield Member(layer, name_of(part), place)


def _snake(name: str) -> str:
    """As Keras 2 made names of classes: `Conv2D` is conv2d, `ReLU` re_lu."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def _layer(model: Any, part: Config) -> Any:
    """The layer that stands for one of Keras 2; None for an operation, which has no weights."""
    name = plain(name_of(part))
    return next((layer for layer in model.layers if layer.name == name), None)


def _weights(layer: Any) -> list[Any]:
    """Those that are trained first, as Keras 2 saved them."""
    return layer.trainable_weights + layer.non_trainable_weights


def _listed(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Names and values of a layer's weights in the order of saving."""
    pieces = sorted((key for key in group.attrs if re.fullmatch(r"weight_names\d*", key)), key=_number)
    names = [name for piece in pieces for name in group.attrs[piece]]
    for name in names:
        text = name.decode() if isinstance(name, bytes) else str(name)
        yield text, safe_get_h5_dataset(group, text)


def _number(piece: str) -> int:
    return int(piece.removeprefix("weight_names") or 0)


def _in_order(layer: Any, names: Sequence[str]) -> list[Any]:
    """The variables of a layer or nested model that these names of Keras 2 mean.

    By layer, e.g. conv1/kernel:0, where each layer has a name of its own. Names may repeat in models that
    were put together: then by their order, if it names a kernel where a kernel is, and so on.
    """
    leaves = [leaf for leaf in _leaves(layer) if leaf.weights]
    known = {leaf.name: leaf for leaf in leaves}
    owners = [_owner(name, known) for name in names]
    if len(known) == len(leaves) and Counter(owners) == {leaf.name: len(leaf.weights) for leaf in leaves}:
        own: dict[str, list[str]] = {owner: [] for owner in owners}
        for name, owner in zip(names, owners, strict=True):
            own[owner].append(_last(name))
        found = {owner: iter(_of_leaf(known[owner], lasts)) for owner, lasts in own.items()}
        return [next(found[owner]) for owner in owners]
    variables = _weights(layer)
    if [_last(each.name) for each in variables] != [_last(name) for name in names]:
        raise ValueError(f"{layer.name} has other weights than its file, or has them in another order.")
    return variables


def _of_leaf(leaf: Any, names: Sequence[str]) -> list[Any]:
    """The variables of one layer: by name, or in order where they have none of their own."""
    named = {_last(each.name): each for each in leaf.weights}
    return [named[name] for name in names] if {*names} == {*named} else _weights(leaf)


def _leaves(layer: Any) -> Iterator[Any]:
    if isinstance(layer, keras.Model):
        for each in layer.layers:
            yield from _leaves(each)
    else:
        yield layer


def _owner(name: str, known: Container[str]) -> str:
    """The layer in a weight's name with all scopes: conv1_bn of model/conv1/bn/gamma:0."""
    *scopes, _ = name.split("/")
    parts = ["_".join(scopes[start:end]) for end in range(len(scopes), 0, -1) for start in range(end)]
    return next((part for part in parts if part in known), "")


def _last(name: str) -> str:
    last = name.rsplit("/", 1)[-1].partition(":")[0]
    return KERNELS.get(last, last)


def _assign(name: str, variables: Sequence[Any], values: Sequence[h5py.Dataset]) -> None:
    if len(variables) != len(values):
        raise ValueError(f"{name} has {len(variables)} weights, its file holds {len(values)}.")
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != tuple(value.shape):
            raise ValueError(
                f"{name} has weights of shape {tuple(variable.shape)}, its file of {tuple(value.shape)}."
            )
        variable.assign(np.asarray(value).astype(variable.dtype))
