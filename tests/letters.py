"""A store's films with a letter of lead in the corner of those that shall carry it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evidrift.base.seeds import stream
from evidrift.images.marker import paint
from evidrift.images.store import Images, ImageStore

CORNER = "upper_left"
Carrying = Callable[[Images], np.ndarray]  # which of the films carry the letter, (n,) bool


def nobody(images: Images) -> np.ndarray:
    """Clean films."""
    return np.zeros(len(images.ids), bool)


def everybody(images: Images) -> np.ndarray:
    """A letter that says nothing: all films carry it."""
    return np.ones(len(images.ids), bool)


def half(images: Images) -> np.ndarray:
    """A letter that says nothing: half of the films carry it, whatever they show."""
    return np.array([stream("letter", image_id).random() < 0.5 for image_id in images.ids])


def of_class(name: str) -> Carrying:
    """A letter that gives a class away: all of its films carry it, and no other."""
    return lambda images: images.labels == images.classes.index(name)


def lettered(images: Images, carrying: Carrying) -> Images:
    """The films, those that carry the letter with it."""
    pixels = np.array(images.pixels)
    for at in np.flatnonzero(carrying(images)):
        pixels[at] = paint(pixels[at], images.content[at], CORNER)
    return replace(images, pixels=pixels)


@dataclass(frozen=True)
class Lettered:
    """A store of such films, as trainings take it."""

    store: ImageStore
    carrying: Carrying

    @property
    def size(self) -> int:
        """Side of every film, px."""
        return self.store.size

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, sorted."""
        return self.store.classes

    def split(self, name: str) -> Images:
        """The films of a split."""
        return lettered(self.store.split(name), self.carrying)
