"""What takes a region's place: its surroundings grown into it, or the same region of another patient.

Each fill is an artefact of its own. Surroundings leave a smooth patch that no film has; another patient's
region has seams, and may show what the other patient has. So both are measured.
"""

import cv2
import numpy as np

from evidrift.base.seeds import stream
from evidrift.images.store import Images


def surroundings(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """An image with a region filled from around it, smoothly (push-pull: Gortler et al. 1996, section 3.6).

    What is known is averaged over ever larger cells until none is empty; on the way back each empty cell
    takes the value of the larger ones, interpolated.

    Args:
        pixels: (h, w) uint8.
        mask: the region, (h, w) bool; where it is the whole image, the image's mean fills it.

    Returns:
        (h, w) uint8, unchanged outside the region.
    """
    if mask.all():
        return np.full_like(pixels, round(float(pixels.mean())))
    known = (~mask).astype(np.float32)
    grown = _grown(pixels * known, known)
    return np.where(mask, np.clip(np.rint(grown), 0, 255).astype(np.uint8), pixels)


def _grown(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Values wherever there is any weight, and smooth ones elsewhere.

    Args:
        weighted: values times weight, (h, w).
        weight: 0 (nothing known) to 1, (h, w).
    """
    own = np.divide(weighted, weight, out=np.zeros_like(weighted), where=weight > 0)
    if weight.all():
        return own
    height, width = weight.shape
    half = (max((width + 1) // 2, 1), max((height + 1) // 2, 1))
    less = [cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (weighted, weight)]
    large = cv2.resize(_grown(*less), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(weight > 0, own, large)


def donors(images: Images) -> np.ndarray:
    """For each image the position of another patient's, at random, (n,); -1 where there is no other patient.

    It is of another class where there is one: what goes with the class, as a marker may, then is gone.
    """
    chosen = np.full(len(images.ids), -1)
    everyone = np.arange(len(images.ids))
    for at, image_id in enumerate(images.ids):
        others = everyone[images.patient_ids != images.patient_ids[at]]
        unlike = others[images.labels[others] != images.labels[at]]
        pool = unlike if len(unlike) else others
        if len(pool):
            chosen[at] = stream("donor", image_id).choice(pool)
    return chosen


def fitted(images: Images, donor: int, image: int) -> np.ndarray:
    """A donor's film, its content brought to the place that another image's has, (size, size) uint8."""
    top, left, bottom, right = images.content[image]
    from_top, from_left, from_bottom, from_right = images.content[donor]
    content = images.pixels[donor][from_top:from_bottom, from_left:from_right]
    if content.shape != (bottom - top, right - left):
        content = cv2.resize(content, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA)
    film = images.pixels[image].copy()
    film[top:bottom, left:right] = content
    return film
