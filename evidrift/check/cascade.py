"""Random weights from the head down (Adebayo et al. 2018, arXiv 1810.03292, section 4.1: cascading)."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from evidrift.base.seeds import seed_of


@contextmanager
def weights_kept(classifier: keras.Model) -> Iterator[None]:
    """Whatever happens to the weights inside, they are as before afterwards."""
    kept = classifier.get_weights()
    try:
        yield
    finally:
        classifier.set_weights(kept)


def cascade(classifier: keras.Model, depths: int, *names: str | int) -> Iterator[float]:
    """Replace weights in place by freshly drawn ones, from the head down.

    First the head alone, at last all; between them the number of layers with weights grows evenly. A single
    step replaces all at once. Batch normalisation starts anew too, statistics included.

    Args:
        classifier: one functional graph, its layers in the order of the computation.
        depths: steps, at least one.
        names: of the random stream.

    Yields:
        After each step, the share of all weights that is random, up to 1.
    """
    weighted = [layer for layer in reversed(classifier.layers) if layer.weights]
    fresh = _redrawn(weighted, *names)
    done = 0
    for count in np.rint(np.linspace(len(weighted), 1, depths)[::-1]).astype(int):
        for layer in weighted[done:count]:
            layer.set_weights(fresh[layer.name])
        done = count
        values = sum(layer.count_params() for layer in weighted[:count])
        yield values / classifier.count_params()


def _redrawn(layers: Sequence[keras.Layer], *names: str | int) -> dict[str, list[np.ndarray]]:
    """By each layer's name, weights from its initialisers: those of a new layer built for the same shapes.

    Seeds that the layers carry are dropped: with the head's, the draw could be the one that it was trained
    from. Initialisers without a seed take one from Python's own generator, which is set here;
    `keras.utils.set_random_seed` would also make TensorFlow forget its compiled functions.
    """
    random.seed(seed_of("random weights", *names))
    found = {}
    for layer in layers:
        fresh = type(layer).from_config(_unseeded(layer.get_config()))
        fresh.build_from_config(layer.get_build_config())
        found[layer.name] = fresh.get_weights()
    return found


def _unseeded(config: Any) -> Any:
    """A layer's configuration with the seeds of all initialisers in it set to None."""
    if isinstance(config, dict):
        return {key: None if key == "seed" else _unseeded(value) for key, value in config.items()}
    if isinstance(config, list):
        return [_unseeded(value) for value in config]
    return config
