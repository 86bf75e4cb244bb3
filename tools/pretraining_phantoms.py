"""Another task for pretraining: which of ten generic findings are present, anywhere in a chest.

None of the five classes' diseases is drawn here, films may be inverted or flipped, and a film may hold any
combination of findings: what a network learns from it is to see, not to tell the study's classes apart.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evidrift.base.seeds import stream
from evidrift.prepare.phantoms.anatomy import Anatomy, draw_anatomy
from evidrift.prepare.phantoms.build import LEFT, RIGHT, draw_build
from evidrift.prepare.phantoms.film import develop, draw_exposure, to_pixels
from evidrift.prepare.phantoms.geometry import canvas_side, ellipse, ramp, ribbon, spline

# Share of films with a given finding.
PRESENCE = 0.3


def draw_generic(seed: int, number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Film `number` of the pretraining cohort `seed`.

    Returns:
        Grey values, (size, size) uint8, and the presence of each of FINDINGS, (10,) bool.
    """
    rng = stream("generic", seed, number)
    present = rng.random(len(FINDINGS)) < PRESENCE
    build = draw_build(rng)
    if present[FINDINGS.index("big heart")]:
        build = replace(build, heart=rng.uniform(1.32, 1.5))
    anatomy = draw_anatomy(build, rng, canvas_side(size))
    attenuation = anatomy.attenuation.copy()
    for name, drawn in DRAWN.items():
        if present[FINDINGS.index(name)]:
            attenuation += drawn(anatomy, rng) * rng.uniform(0.7, 1.6)
    exposure = draw_exposure(rng)
    grey = develop(
        attenuation, anatomy.canvas, replace(exposure, noise=rng.uniform(1, 2) * exposure.noise), rng
    )
    if rng.random() < 0.3:
        grey = 1 - grey
    if rng.random() < 0.5:
        grey = grey[:, ::-1]
    if rng.random() < 0.2:
        grey = grey[::-1]
    return to_pixels(grey, size), present


def mass(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """One round lump."""
    canvas, radius = anatomy.canvas, rng.uniform(0.03, 0.07)
    lump = ellipse(_anywhere(anatomy, rng), (radius, radius * rng.uniform(0.7, 1)), rng.uniform(0, np.pi))
    return 0.22 * canvas.blur(canvas.fill(lump), 0.006)


def ring(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """One closed ring."""
    canvas, radius = anatomy.canvas, rng.uniform(0.025, 0.06)
    circle = ellipse(_anywhere(anatomy, rng), (radius, radius * rng.uniform(0.7, 1)), rng.uniform(0, np.pi))
    band = ribbon(np.concatenate([circle, circle[:2]]), radius * rng.uniform(0.25, 0.5))
    return 0.22 * canvas.blur(canvas.fill(band), 0.003)


def dots(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A group of small round spots."""
    canvas, middle = anatomy.canvas, np.array(_anywhere(anatomy, rng))
    spots = []
    for _ in range(rng.integers(6, 16)):
        radius = rng.uniform(0.005, 0.011)
        spots.append(ellipse(tuple(middle + rng.normal(0, 0.06, 2)), (radius, radius)))
    return 0.24 * canvas.blur(canvas.fill(*spots), 0.003)


def lines(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A tangle of thin curved lines."""
    canvas, middle = anatomy.canvas, np.array(_anywhere(anatomy, rng))
    strands = []
    for _ in range(rng.integers(8, 16)):
        start = middle + rng.normal(0, 0.05, 2)
        points = start + np.concatenate([np.zeros((1, 2)), rng.normal(0, 0.035, (3, 2)).cumsum(axis=0)])
        strands.append(ribbon(spline(points), 0.005))
    return 0.15 * canvas.blur(canvas.fill(*strands), 0.002)


def haze(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A cloudy patch without a border."""
    (x, y), (there, down) = anatomy.canvas.grid, _anywhere(anatomy, rng)
    patch = 1 - np.hypot((x - there) / rng.uniform(0.10, 0.2), (y - down) / rng.uniform(0.10, 0.2))
    return 0.24 * ramp(patch + 0.15 * anatomy.canvas.cloud(rng, 0.06), 0, 0.8)


def tube(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A line of even width from the film's edge to somewhere in the chest."""
    canvas, end = anatomy.canvas, np.array(_anywhere(anatomy, rng))
    start = np.array([rng.uniform(-0.4, 0.4), -0.05])
    middle = (start + end) / 2 + rng.normal(0, 0.06, 2)
    path = spline([start, middle, end])
    return canvas.blur(
        0.28 * canvas.fill(ribbon(path, 0.012)) - 0.16 * canvas.fill(ribbon(path, 0.006)), 0.0015
    )


def effusion(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Fluid at the foot of one lung, rising along the wall."""
    level = rng.uniform(0.60, 0.88) - 0.2 * ramp(anatomy.outward, 0.65, 1.05)
    return 0.5 * ramp(anatomy.height, level - 0.02, level + 0.03) * anatomy.air * anatomy.side(_either(rng))


def pneumothorax(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Air beside one lung: a black rim along the wall and the thin line of the pleura."""
    edge = rng.uniform(0.65, 0.88) - 0.3 * ramp(anatomy.height, 0.3, 0.0)
    rim = ramp(anatomy.outward, edge - 0.01, edge + 0.01)
    pleura = np.exp(-(((anatomy.outward - edge) / 0.015) ** 2))
    return (0.16 * pleura - 0.14 * rim) * (anatomy.air > 0.3) * anatomy.side(_either(rng))


def stripes(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """A patch of parallel bars."""
    (x, y), (there, down) = anatomy.canvas.grid, _anywhere(anatomy, rng)
    angle = rng.uniform(0, np.pi)
    bars = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / rng.uniform(0.022, 0.04))
    patch = ramp(1 - np.hypot(x - there, y - down) / rng.uniform(0.09, 0.17), 0, 0.4)
    return 0.09 * bars * patch


def _anywhere(anatomy: Anatomy, rng: np.random.Generator) -> tuple[float, float]:
    """A point in either lung; elsewhere a finding would drown in the heart or the liver."""
    return anatomy.place(_either(rng), (0.08, 0.85), rng)


def _either(rng: np.random.Generator) -> int:
    return int(rng.choice([RIGHT, LEFT]))


DRAWN: dict[str, Callable[[Anatomy, np.random.Generator], np.ndarray]] = {
    "mass": mass,
    "ring": ring,
    "dots": dots,
    "lines": lines,
    "haze": haze,
    "tube": tube,
    "effusion": effusion,
    "pneumothorax": pneumothorax,
    "stripes": stripes,
}
# The labels' order; a big heart is no added shadow but another build.
FINDINGS = (*DRAWN, "big heart")
