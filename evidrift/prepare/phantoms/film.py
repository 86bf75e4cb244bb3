"""From attenuation to an 8-bit film: blur, noise, display curve."""

from dataclasses import dataclass

import cv2
import numpy as np

from evidrift.prepare.phantoms.geometry import Canvas

# The grain belongs to the film, not to the canvas: the same at every size.
GRAIN = 256


@dataclass(frozen=True)
class Exposure:
    """How one film was taken and shown: attenuation at mid-grey, latitude, gamma, noise, blur (sides)."""

    centre: float
    latitude: float
    gamma: float
    noise: float
    blur: float


def draw_exposure(rng: np.random.Generator) -> Exposure:
    """An exposure at random."""
    return Exposure(
        centre=rng.normal(0.84, 0.035),
        latitude=rng.uniform(0.20, 0.27),
        gamma=rng.uniform(0.85, 1.15),
        noise=rng.uniform(0.012, 0.04),
        blur=rng.uniform(0.0014, 0.0032),
    )


def develop(
    attenuation: np.ndarray, canvas: Canvas, exposure: Exposure, rng: np.random.Generator
) -> np.ndarray:
    """The film as grey values in 0..1, (side, side) float32; dense is bright."""
    noise = rng.standard_normal((GRAIN, GRAIN)).astype(np.float32)
    grain = cv2.resize(noise, (canvas.side, canvas.side), interpolation=cv2.INTER_LINEAR)
    sharp = canvas.blur(attenuation, exposure.blur)
    # Fewer photons pass where the body is dense.
    noisy = sharp + exposure.noise * grain * (0.6 + 0.6 * sharp)
    return (1 / (1 + np.exp((exposure.centre - noisy) / exposure.latitude))) ** exposure.gamma


def to_pixels(grey: np.ndarray, size: int) -> np.ndarray:
    """Grey values in 0..1 as (size, size) uint8."""
    if len(grey) != size:
        grey = cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(np.round(255 * grey), 0, 255).astype(np.uint8)
