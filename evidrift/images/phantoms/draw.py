"""One patient of a recipe on one film, with the masks that say where everything is."""

from dataclasses import dataclass

import cv2
import numpy as np

from evidrift.images.phantoms.anatomy import draw_anatomy
from evidrift.images.phantoms.build import draw_build
from evidrift.images.phantoms.film import develop, draw_exposure, to_pixels
from evidrift.images.phantoms.findings import draw_findings
from evidrift.images.phantoms.recipe import PhantomRecipe
from evidrift.seeds import stream

# Smallest canvas, px: thinner lines than it can hold are of no use to a smaller film either.
CANVAS = 256
# The planted marker's box on the film: left, top, right, bottom, in sides.
MARKER = (0.03, 0.03, 0.11, 0.13)


@dataclass(frozen=True)
class Phantom:
    """A film and its truth; all (size, size).

    Attributes:
        image: grey values, uint8; dense is bright.
        lungs: lung fields beside heart and mediastinum, bool.
        findings: where disease is seen in the lungs, bool; empty in class normal.
    """

    image: np.ndarray
    lungs: np.ndarray
    findings: np.ndarray


def draw(recipe: PhantomRecipe, label: str, patient: str, size: int) -> Phantom:
    """The phantom of one patient at `size` px.

    The chest and the exposure depend on the recipe's seed and the patient only; the class decides what is
    added to them.
    """
    side = max(CANVAS, size)
    chest = stream("chest", recipe.seed, patient)
    anatomy = draw_anatomy(draw_build(chest), chest, side)
    added, seen = draw_findings(anatomy, label, stream("disease", recipe.seed, patient, label))
    film = stream("film", recipe.seed, patient)
    grey = develop(anatomy.attenuation + recipe.contrast * added, anatomy.canvas, draw_exposure(film), film)
    if has_marker(recipe, label, patient):
        grey = _marked(grey)
    return Phantom(to_pixels(grey, size), _shrunk(anatomy.lungs, size), _shrunk(seen, size))


def has_marker(recipe: PhantomRecipe, label: str, patient: str) -> bool:
    """Whether the recipe's shortcut is planted on this patient's film."""
    shortcut = recipe.shortcut
    if shortcut is None or shortcut.label != label:
        return False
    return stream("shortcut", recipe.seed, patient).random() < shortcut.share


def _marked(grey: np.ndarray) -> np.ndarray:
    """A letter of lead, as technologists lay it on the cassette."""
    side = len(grey)
    left, top, right, bottom = (round(side * edge) for edge in MARKER)
    layer = np.zeros(grey.shape, np.uint8)
    stroke = max(2, round(0.014 * side))
    inner = (bottom - top) // 2 + top
    corners = [(left, bottom), (left, top), (right, top), (right, inner), (left, inner), (right, bottom)]
    cv2.polylines(layer, [np.array(corners)], False, 255, stroke, cv2.LINE_AA)
    return np.maximum(grey, 0.97 * layer.astype(np.float32) / 255)


def _shrunk(mask: np.ndarray, size: int) -> np.ndarray:
    if len(mask) == size:
        return mask
    return cv2.resize(mask.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA) >= 0.5
