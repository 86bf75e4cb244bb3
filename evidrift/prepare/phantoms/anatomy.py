"""A patient's chest without disease: attenuation, masks and landmarks."""

from dataclasses import dataclass

import numpy as np

from evidrift.prepare.phantoms.build import (
    LEFT,
    RIGHT,
    Build,
    body_outline,
    heart_outline,
    lung_outline,
    wall_distance,
)
from evidrift.prepare.phantoms.geometry import Canvas, ellipse, ramp, ribbon, spline
from evidrift.prepare.phantoms.skeleton import skeleton
from evidrift.prepare.phantoms.vessels import fan, trees

# Hila by distance from the midline and height; the left one stands higher.
HILA = {RIGHT: (-0.095, 0.425), LEFT: (0.100, 0.395)}


@dataclass(frozen=True)
class Anatomy:
    """What findings are drawn into; arrays are (side, side) float32.

    Attributes:
        canvas: where everything of this patient is drawn.
        build: the patient's measures.
        attenuation: of the healthy chest.
        air: how much lung lies in the beam, 0..1, also behind the heart.
        lungs: the lung fields beside heart and mediastinum, bool.
        height: 0 at the lungs' top, 1 at their lowest edge.
        outward: 0 at the midline, 1 at the chest wall.
    """

    canvas: Canvas
    build: Build
    attenuation: np.ndarray
    air: np.ndarray
    lungs: np.ndarray
    height: np.ndarray
    outward: np.ndarray

    def side(self, side: int) -> np.ndarray:
        """The half of the image of one lung, bool."""
        return self.canvas.grid[0] * side > 0

    def ball(self, centre: tuple[float, float], axes: tuple[float, float], side: int) -> np.ndarray:
        """1 at the centre (outward, height) of an ellipse in one lung, 0 at its edge, negative beyond."""
        across, down = (self.outward - centre[0]) / axes[0], (self.height - centre[1]) / axes[1]
        return np.where(self.side(side), 1 - np.hypot(across, down), -1)

    def place(self, side: int, heights: tuple[float, float], rng: np.random.Generator) -> tuple[float, float]:
        """A random point (x, y) of one lung between two heights, patient frame."""
        y = self.build.apex + rng.uniform(*heights) * (self.build.depth - self.build.apex)
        wall = wall_distance(self.build, np.array([y]))[0]
        return side * rng.uniform(0.09, wall - 0.03), y


def draw_anatomy(build: Build, rng: np.random.Generator, side: int) -> Anatomy:
    """The chest of a patient of this build on a canvas of `side` px; vessels and textures at random."""
    canvas = Canvas(side, build.pose)
    x, y = canvas.grid
    body = canvas.fill(body_outline(build))
    fields = canvas.fill(lung_outline(build, RIGHT), lung_outline(build, LEFT))
    heart = canvas.fill(heart_outline(build)) * ramp(y, 0.05, 0.22)
    # Air thins out towards the lung's edge, as a cut through a rounded body does; the heart takes its place.
    air = canvas.blur(fields, 0.002) * (0.62 + 0.38 * ramp(canvas.blur(fields, 0.035), 0.45, 1.0))
    air *= 1 - 0.62 * canvas.blur(heart, 0.004)
    attenuation = (
        _soft_tissue(canvas, build, body, rng)
        + _abdomen(canvas, build, body - fields, rng)
        + _mediastinum(canvas, build, heart)
        # Scattered rays veil the bones behind the heart.
        + skeleton(canvas, build) * body * (1 - 0.4 * heart)
        + _vessels(canvas, rng) * (0.15 + 0.85 * fields) * (1 - 0.6 * heart)
        + _airways(canvas)
        - 0.64 * air
    )
    return Anatomy(
        canvas=canvas,
        build=build,
        attenuation=attenuation,
        air=air,
        lungs=(fields > 0.5) & (heart < 0.5),
        height=(y - build.apex) / (build.depth - build.apex),
        outward=np.abs(x) / wall_distance(build, y),
    )


def _soft_tissue(canvas: Canvas, build: Build, body: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    thick = canvas.blur(body, 0.004) * (0.5 + 0.5 * ramp(canvas.blur(body, 0.05), 0.4, 1))
    tissue = thick * (build.flesh + 0.035 * canvas.cloud(rng, 0.12))
    if build.breasts:
        lower = [ellipse((side * 0.235, 0.655), (0.135, 0.125), -0.2 * side) for side in (RIGHT, LEFT)]
        tissue += build.breasts * canvas.blur(canvas.fill(*lower), 0.008) * ramp(canvas.grid[1], 0.52, 0.70)
    return tissue


def _abdomen(canvas: Canvas, build: Build, outside: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dense below the domes, but for the lung behind them and the gas in the stomach."""
    y = canvas.grid[1]
    dense = 0.36 * ramp(y, build.domes[0] - 0.02, build.domes[0] + 0.12) * canvas.blur(outside, 0.003)
    behind = canvas.fill(*(np.add(lung_outline(build, side), (0, 0.05)) for side in (RIGHT, LEFT)))
    dense -= 0.09 * canvas.blur(behind, 0.008) * np.maximum(outside, 0)
    size = build.stomach * 0.045
    place = rng.uniform(0.13, 0.21)
    if size:
        bubble = ellipse((place, build.domes[1] + 0.075 + 0.4 * size), (1.5 * size, 0.7 * size), 0.15)
        dense -= 0.22 * canvas.blur(canvas.fill(bubble), 0.006)
    return dense


def _mediastinum(canvas: Canvas, build: Build, heart: np.ndarray) -> np.ndarray:
    y = canvas.grid[1]
    middle = ribbon(spline([(0, -0.2), (0, 0.25), (0, 1.2)]), 0.1)
    hila = canvas.fill(*(ellipse(HILA[side], (0.030, 0.055), 0.15 * side) for side in (RIGHT, LEFT)))
    # Below the dome, heart and liver share the beam's path.
    seen = 1 - 0.8 * ramp(y, build.domes[1] - 0.01, build.domes[1] + 0.04)
    return (
        0.17 * seen * canvas.blur(heart, 0.004)
        + 0.12 * seen * ramp(canvas.blur(heart, 0.03), 0.3, 1)
        + 0.05 * canvas.blur(canvas.fill(middle), 0.012)
        + 0.09 * canvas.blur(hila, 0.018)
    )


def _vessels(canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    degrees = (-82, -60, -38, -15, 8, 32, 52, 68, 82)
    roots, headings = fan(rng, HILA, degrees)
    lengths = rng.uniform(0.17, 0.25, len(roots)) * np.tile(np.where(np.array(degrees) > 30, 1.2, 1), 2)
    first, second, third = trees(rng, roots, headings, lengths, rng.uniform(0.010, 0.016, len(roots)), 3)
    return canvas.blur(0.09 * canvas.fill(first, second) + 0.08 * canvas.fill(first, second, third), 0.0018)


def _airways(canvas: Canvas) -> np.ndarray:
    windpipe = ribbon(spline([(0.0, -0.2), (0.0, 0.1), (-0.004, 0.25), (-0.004, 0.335)]), 0.034)
    bronchi = [
        ribbon(spline([(-0.004, 0.325), (-0.035, 0.370), (-0.085, 0.415)]), 0.022),
        ribbon(spline([(-0.004, 0.325), (0.045, 0.372), (0.095, 0.400)]), 0.019),
    ]
    return -canvas.blur(0.24 * canvas.fill(windpipe) + 0.14 * canvas.fill(*bronchi), 0.004)
