"""Whether a film is a negative of what is usual: white background, dark bones, bright lungs.

A chest has one picture: bright spine, heart and abdomen, dark lungs and air beside the body. The film's grey
values, as ranks, are correlated with the mean of drawn chests, over the whole film and over parts of it
(films are cropped and framed differently); the strongest of these correlations has the sign that counts.
Turning a film turns the sign and nothing else, so the test errs both ways alike.

Only a clear answer turns a film: docs/formats.md has what was measured.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from evidrift.prepare.films.film import Film
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import Patients, PhantomRecipe

SIDE = 32  # px of the pictures that are compared
N_CHESTS = 8
# At most this: turned. No ordinary film was found there, however it was cropped or framed.
CLEAR = -0.5
# At most this: said, and left as it is. None of 482 real films is there, and 475 of them once turned.
DOUBTFUL = -0.4
PARTS = (0.85, 0.7)  # of a film's sides
PLACES = (0.0, 0.5, 1.0)  # from top to bottom


def turn_inverted(film: Film) -> Film:
    """A frontal chest film with dark background and bright bones; flags say what was found.

    A lateral film, one in colour and one of another modality stay as they are: the test knows chests from
    the front.
    """
    if set(film.flags) & {"lateral", "colour", "other_modality"}:
        return film
    found = polarity(film.pixels)
    if found > DOUBTFUL:
        return film
    clear = found <= CLEAR
    flag = "inverted" if clear else "perhaps_inverted"
    pixels = 255 - film.pixels if clear else film.pixels
    return replace(film, pixels=pixels, flags=tuple(sorted({*film.flags, flag})))


def polarity(pixels: np.ndarray) -> float:
    """How much a film looks like a chest, in [-1, 1]; negative: like a chest's negative."""
    chest = _chest()
    found = [float(np.mean(chest * _standardised(part))) for part in _parts(pixels)]
    return max(found, key=abs)


def _parts(pixels: np.ndarray) -> Iterator[np.ndarray]:
    # Shrunk once: parts of a large film would each cost as much as the whole.
    small = cv2.resize(pixels, (4 * SIDE, 4 * SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    yield small
    for share in PARTS:
        side = round(share * len(small))
        left = (len(small) - side) // 2
        for place in PLACES:
            top = round(place * (len(small) - side))
            yield small[top : top + side, left : left + side]


def _standardised(picture: np.ndarray) -> np.ndarray:
    """Ranks of the pixels at SIDE x SIDE, with mean 0 and standard deviation 1; zeros where all are equal."""
    # Rounded: what differs by the arithmetic alone is equal.
    small = np.rint(16 * cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    _, places, counts = np.unique(small, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places.reshape(small.shape)]  # ties share their mean rank
    return (ranks - ranks.mean()) / (ranks.std() or 1)


@cache
def _chest() -> np.ndarray:
    recipe = PhantomRecipe(
        seed=1,
        contrast=1.0,
        patients=Patients(train=N_CHESTS, validation=5, test=5),
        classes=["normal", "covid19"],
        shortcut=None,
    )
    chests = [draw(recipe, "normal", str(number), 2 * SIDE).image for number in range(N_CHESTS)]
    return _standardised(np.stack(chests).astype(np.float32).mean(axis=0))
