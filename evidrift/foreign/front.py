"""What stands before the first layer of a network that is to be explained, in the network's own graph.

Only there do gradients by pixel see it: a film's own mean and deviation depend on every pixel, and a network
that takes rectangular films gets them squashed.
"""

from collections.abc import Callable
from typing import Any

import keras

from evidrift.foreign.flat import replay
from evidrift.foreign.shapes import Shape
from evidrift.maps.grids import shares

Front = Callable[[Any], Any]


def front_of(shape: Shape, of_films: Front | None) -> Front | None:
    """From square films to a network's input; None where that is the films themselves.

    Args:
        shape: of the network's input.
        of_films: what its range does to each film as a whole.
    """
    if shape.is_square:
        return of_films
    return lambda films: (of_films or (lambda squashed: squashed))(_squashed(films, shape))


def with_front(model: keras.Model, front: Front, shape: Shape) -> keras.Model:
    """The network with something before it, as one flat graph with the same variables.

    Args:
        model: flat, from `flat.flattened`.
        front: from films, (n, side, side, channels), to the network's input; made of keras.ops.
        shape: of that input.
    """
    films = keras.Input((shape.side, shape.side, shape.channels), dtype="float32", name="film")
    return keras.Model(films, replay(model, front(films), taken="film"), name=model.name)


def _squashed(films: Any, shape: Shape) -> Any:
    """Square films brought to a rectangle by averaging over areas along the side that shrinks."""
    short = min(shape.height, shape.width)
    weights = shares(short, shape.side) * (short / shape.side)  # rows add up to 1
    axes = "hy,nyxc->nhxc" if shape.height < shape.width else "wx,nyxc->nywc"
    return keras.ops.einsum(axes, weights, films)
