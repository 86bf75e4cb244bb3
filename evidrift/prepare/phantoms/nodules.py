"""Small round and stringy findings in the upper third of a lung, as tuberculosis leaves them."""

import numpy as np

from evidrift.prepare.phantoms.anatomy import HILA, Anatomy
from evidrift.prepare.phantoms.geometry import ANGLES, ellipse, ribbon, spline

UPPER_THIRD = (0.09, 0.24)


def nodules(anatomy: Anatomy, side: int, rng: np.random.Generator) -> np.ndarray:
    """Five to ten soft spots, (side, side) in 0..1."""
    spots = []
    for _ in range(rng.integers(5, 11)):
        radius = rng.uniform(0.006, 0.014)
        place = anatomy.place(side, UPPER_THIRD, rng)
        spots.append(ellipse(place, (radius, radius * rng.uniform(0.7, 1.1)), rng.uniform(0, np.pi)))
    return anatomy.canvas.blur(anatomy.canvas.fill(*spots), 0.004)


def strands(anatomy: Anatomy, side: int, rng: np.random.Generator) -> np.ndarray:
    """Four scars that draw to the hilum, (side, side) in 0..1."""
    lines = []
    for _ in range(4):
        start, end = np.array(anatomy.place(side, UPPER_THIRD, rng)), np.array(HILA[side])
        middle = (start + end) / 2 + rng.normal(0, 0.012, 2)
        lines.append(ribbon(spline(np.array([start, middle, end])), rng.uniform(0.004, 0.008)))
    return anatomy.canvas.blur(anatomy.canvas.fill(*lines), 0.003)


def cavity(anatomy: Anatomy, side: int, rng: np.random.Generator) -> np.ndarray:
    """A hole with a thick uneven wall, (side, side) in 0..1."""
    canvas = anatomy.canvas
    centre = anatomy.place(side, UPPER_THIRD, rng)
    radius, tilt, hole = rng.uniform(0.030, 0.048), rng.uniform(0, np.pi), rng.uniform(0.45, 0.65)
    outer = _uneven(ellipse((0, 0), (radius, 0.85 * radius), tilt), rng, 0.10)
    inner = _uneven(ellipse((0, 0), (hole * radius, 0.8 * hole * radius), tilt), rng, 0.15)
    # Off the middle: an even wall looks like a wire ring.
    inner += rng.normal(0, 0.10, 2) * radius
    wall = canvas.blur(canvas.fill(outer + centre), 0.006)
    return wall * (1 - 0.8 * canvas.blur(canvas.fill(inner + centre), 0.004))


def _uneven(outline: np.ndarray, rng: np.random.Generator, amount: float) -> np.ndarray:
    """An outline around (0, 0) with waves of 2 to 5 periods on it."""
    waves = [np.cos(k * ANGLES + rng.uniform(0, 2 * np.pi)) / k for k in (2, 3, 4, 5)]
    return outline * (1 + amount * np.sum(waves, axis=0))[:, None]
