"""What stands before the first layer of a network that is to be explained, in the network's own graph.

Only there do gradients by pixel see it: a film's own mean and deviation depend on every pixel.
"""

from collections.abc import Callable
from typing import Any

import keras

from evidrift.foreign.flat import replay


def with_front(model: keras.Model, front: Callable[[Any], Any], shape: tuple[int, int, int]) -> keras.Model:
    """The network with something before it, as one flat graph with the same variables.

    Args:
        model: flat, from `flat.explainable`.
        front: from films, (n, H, W, channels), to the network's input; made of keras.ops.
        shape: of a film, (H, W, channels).
    """
    films = keras.Input(shape, dtype="float32", name="film")
    return keras.Model(films, replay(model, front(films), taken="film"), name=model.name)
