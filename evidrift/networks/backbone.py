"""The trunk of an architecture, the same whatever the process built before: its layers' names, its start."""

import re
from collections.abc import Callable
from typing import Any

import keras

from evidrift.base.seeds import seed_of
from evidrift.networks.catalogue import Options, check


def build_backbone(name: str, size: int, options: Options, weights: str | None = None) -> keras.Model:
    """Build an architecture's trunk.

    Keras numbers unnamed layers through the whole process (`conv2d_94`), and draws random weights anew in
    each. So the graph is cloned, with names as in a fresh process and a seed of each layer's own.

    Args:
        name: a file in zoo/.
        size: side of the input, px.
        options: keyword arguments of its `build`.
        weights: "imagenet", or None for random ones, which depend on architecture and layer only.

    Returns:
        A flat functional model from (size, size, 3) to the (h, w, channels) that enters pooling.

    Raises:
        UserError: the architecture, its size, an option or its ImageNet weights do not exist.
    """
    built = check(name, size, options, weights).build(size, weights, **options)
    new_names = _names_as_in_a_fresh_process(built)
    inputs = keras.Input((size, size, 3), name="input_layer")
    clone = keras.models.clone_model(built, inputs, clone_function=_cloner(name, new_names))
    _part_starts(name, clone)
    if weights is not None:
        for layer in built.layers:
            clone.get_layer(new_names[layer.name]).set_weights(layer.get_weights())
    return keras.Model(inputs, clone.output, name=name)


def _names_as_in_a_fresh_process(model: keras.Model) -> dict[str, str]:
    """New name by old: automatic names (`conv2d_94`) are counted from the network's own first."""
    new_names = {layer.name: layer.name for layer in model.layers}
    automatic: dict[str, list[tuple[int, str]]] = {}
    for layer in model.layers:
        base = _snake_case(type(layer).__name__)
        number = re.fullmatch(f"{base}(?:_([0-9]+))?", layer.name)
        if number:
            automatic.setdefault(base, []).append((int(number[1] or 0), layer.name))
    for base, numbered in automatic.items():
        for count, (_, old_name) in enumerate(sorted(numbered)):
            new_names[old_name] = f"{base}_{count}" if count else base
    return new_names


def _snake_case(name: str) -> str:
    """Keras's automatic name of a layer class: Conv2D gives conv2d, InputLayer input_layer."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _cloner(architecture: str, new_names: dict[str, str]) -> Callable[[Any], Any]:
    def clone(layer: Any) -> Any:
        config = layer.get_config()
        config["name"] = new_names[layer.name]
        for key, initializer in config.items():
            if key.endswith("_initializer") and "seed" in (initializer or {}).get("config", {}):
                initializer["config"]["seed"] = seed_of("initial weights", architecture, config["name"], key)
        return type(layer).from_config(config)

    return clone


def _part_starts(architecture: str, model: keras.Model) -> None:
    """Start the parts of a layer anew, each from a seed of its own.

    Attention hands one seed to its query, key, value and output layers, which would begin as copies.
    """
    for layer in model.layers:
        for part in layer._flatten_layers(include_self=False):
            initializer = getattr(part, "kernel_initializer", None)
            if initializer is not None:
                seed = seed_of("initial weights", architecture, layer.name, part.name, "kernel_initializer")
                config = initializer.get_config() | {"seed": seed}
                part.kernel.assign(type(initializer).from_config(config)(part.kernel.shape))
