"""One patient of a recipe on one film, with the masks that say where everything is."""

from dataclasses import dataclass

import cv2
import numpy as np

from evidrift.base.seeds import stream
from evidrift.images.marker import GREY, letter
from evidrift.prepare.phantoms.anatomy import draw_anatomy
from evidrift.prepare.phantoms.build import draw_build
from evidrift.prepare.phantoms.film import develop, draw_exposure, to_pixels
from evidrift.prepare.phantoms.findings import draw_findings
from evidrift.prepare.phantoms.geometry import canvas_side
from evidrift.prepare.phantoms.recipe import PhantomRecipe


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
    side = canvas_side(size)
    chest = stream("chest", recipe.seed, patient)
    anatomy = draw_anatomy(draw_build(chest), chest, side)
    added, seen = draw_findings(anatomy, label, stream("disease", recipe.seed, patient, label))
    film = stream("film", recipe.seed, patient)
    grey = develop(anatomy.attenuation + recipe.contrast * added, anatomy.canvas, draw_exposure(film), film)
    if has_marker(recipe, label, patient):
        grey = np.maximum(grey, GREY * letter(len(grey)) / 255)
    return Phantom(to_pixels(grey, size), _shrunk(anatomy.lungs, size), _shrunk(seen, size))


def has_marker(recipe: PhantomRecipe, label: str, patient: str) -> bool:
    """Whether the recipe's shortcut is planted on this patient's film."""
    shortcut = recipe.shortcut
    if shortcut is None or shortcut.label != label:
        return False
    return stream("shortcut", recipe.seed, patient).random() < shortcut.share


def _shrunk(mask: np.ndarray, size: int) -> np.ndarray:
    if len(mask) == size:
        return mask
    return cv2.resize(mask.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA) >= 0.5
