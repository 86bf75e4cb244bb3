"""Branching trees: the vessels of the lungs, and the airways that run with them."""

import numpy as np

from evidrift.prepare.phantoms.geometry import ribbon

STEPS = 9
TAPER = np.linspace(1, 0.3, STEPS)
# Steps of a branch at which its children leave, on alternating sides.
FORKS = np.array([2, 4, 6])
FORK_SIDES = np.array([1, -1, 1])


def trees(
    rng: np.random.Generator,
    roots: np.ndarray,
    headings: np.ndarray,
    lengths: np.ndarray,
    widths: np.ndarray,
    generations: int,
) -> list[np.ndarray]:
    """Tapered branches that fork three times each.

    Args:
        rng: of these trees.
        roots: where they begin, (n, 2), patient frame.
        headings: radians, (n,); 0 to the image's right, growing downwards.
        lengths: of the first branches, (n,), sides.
        widths: at their roots, (n,), sides.
        generations: the first branches and so many less one after them.

    Returns:
        The outlines of each generation's branches, (branches, points, 2).
    """
    n = len(roots)
    bend = rng.normal(0, 0.35, (n, 1)) * np.linspace(0, 1, STEPS)
    angle = headings[:, None] + bend + rng.normal(0, 0.07, (n, STEPS)).cumsum(axis=1)
    moves = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * (lengths / (STEPS - 1))[:, None, None]
    paths = roots[:, None] + moves.cumsum(axis=1) - moves[:, :1]
    tapered = widths[:, None] * TAPER
    outlines = ribbon(paths, tapered)
    if generations == 1:
        return [outlines]
    forks = (n, len(FORKS))
    turns = rng.choice([-1, 1], (n, 1)) * FORK_SIDES * rng.uniform(0.3, 0.85, forks)
    children = trees(
        rng,
        paths[:, FORKS].reshape(-1, 2),
        (angle[:, FORKS] + turns).ravel(),
        (lengths[:, None] * rng.uniform(0.5, 0.75, forks) * (1.1 - FORKS / 12)).ravel(),
        (tapered[:, FORKS] * rng.uniform(0.6, 0.85, forks)).ravel(),
        generations - 1,
    )
    return [outlines, *children]


def fan(
    rng: np.random.Generator, hila: dict[int, tuple[float, float]], degrees: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Roots (n, 2) and headings (n,) of branches that leave each hilum.

    Args:
        rng: of the fan.
        hila: place of the hilum by side.
        degrees: 0 away from the midline, positive downwards.
    """
    slant = np.radians(np.array(degrees) + rng.normal(0, 6, (len(hila), len(degrees))))
    # Lower branches leave the hilum lower down.
    roots = np.array([[(x, y + 0.0006 * each) for each in degrees] for x, y in hila.values()])
    headings = np.stack([slant[row] if side > 0 else np.pi - slant[row] for row, side in enumerate(hila)])
    return roots.reshape(-1, 2), headings.ravel()
