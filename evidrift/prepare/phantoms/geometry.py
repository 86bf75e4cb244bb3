"""Curves and the canvas that they are drawn on, in units of the image's side.

The patient frame has x to the right of the image with 0 at the midline (the patient's left is at x > 0),
y downwards with 0 at the top of the image; the image is 1 high and reaches from x = -0.5 to 0.5.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike

# Fractional bits of OpenCV's fixed-point coordinates.
SHIFT = 6
# Smallest canvas, px: films up to this size are one picture, averaged.
SMALLEST = 256
ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)


def canvas_side(size: int) -> int:
    """Side of the canvas on which a film of `size` px is drawn."""
    return max(SMALLEST, size)


def spline(points: ArrayLike, closed: bool = False, samples: int = 8) -> np.ndarray:
    """A Catmull-Rom curve through points (n, 2), with `samples` points between two of them."""
    points = np.asarray(points, dtype=float)
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, samples, endpoint=False)[:, None, None]
    curve = start + 0.5 * t * (
        end
        - before
        + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )
    curve = curve.transpose(1, 0, 2).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, points[-1:]])


def ribbon(path: np.ndarray, widths: np.ndarray | float) -> np.ndarray:
    """The outlines of bands of the given widths (..., n) around paths (..., n, 2)."""
    normal = np.gradient(path, axis=-2)[..., ::-1] * (-1, 1)
    normal /= np.maximum(np.hypot(normal[..., :1], normal[..., 1:]), 1e-9)
    half = normal * np.broadcast_to(np.asarray(widths) / 2, path.shape[:-1])[..., None]
    return np.concatenate([path + half, (path - half)[..., ::-1, :]], axis=-2)


def ellipse(centre: ArrayLike, radii: tuple[float, float], tilt: float = 0.0) -> np.ndarray:
    """The outlines of equal ellipses around centres (..., 2), turned by `tilt` radians."""
    x, y = radii[0] * np.cos(ANGLES), radii[1] * np.sin(ANGLES)
    turned = np.stack([x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1)
    return turned + np.asarray(centre)[..., None, :]


def mirrored(points: ArrayLike, side: int) -> np.ndarray:
    """Points given by their distance from the midline, put on one side of it (-1 or 1)."""
    return np.asarray(points, dtype=float) * (side, 1)


@dataclass(frozen=True)
class Pose:
    """How the patient stands before the film: turned (radians), scaled and moved (x, y)."""

    turn: float
    scale: float
    shift: tuple[float, float]


@dataclass(frozen=True)
class Canvas:
    """A square of `side` px on which shapes of the patient frame are drawn."""

    side: int
    pose: Pose

    @cached_property
    def _matrix(self) -> np.ndarray:
        cos, sin = np.cos(self.pose.turn) * self.pose.scale, np.sin(self.pose.turn) * self.pose.scale
        # Turned and scaled about the middle of the chest, which is also the middle of the image.
        return np.array([[cos, -sin], [sin, cos]])

    @cached_property
    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Every pixel's x and y in the patient frame, (side, side) each."""
        centres = (np.arange(self.side) + 0.5) / self.side - 0.5
        inverse = np.linalg.inv(self._matrix)
        across, down = centres - self.pose.shift[0], centres - self.pose.shift[1]
        x = inverse[0, 0] * across[None, :] + inverse[0, 1] * down[:, None]
        y = inverse[1, 0] * across[None, :] + inverse[1, 1] * down[:, None] + 0.5
        return x.astype(np.float32), y.astype(np.float32)

    def fill(self, *outlines: np.ndarray) -> np.ndarray:
        """The union of the insides of outlines, each (points, 2) or (n, points, 2).

        Returns:
            Anti-aliased, (side, side) float32 in 0..1.
        """
        layer = np.zeros((self.side, self.side), np.uint8)
        for group in outlines:
            placed = (group - (0, 0.5)) @ self._matrix.T + self.pose.shift + 0.5
            fixed = np.round((placed * self.side - 0.5) * 2**SHIFT).astype(np.int32)
            for outline in fixed.reshape(-1, *fixed.shape[-2:]):
                # One at a time: together, overlaps would cancel (even-odd rule).
                cv2.fillPoly(layer, [outline], 255, cv2.LINE_AA, SHIFT)
        return layer.astype(np.float32) / 255

    def blur(self, layer: np.ndarray, sigma: float) -> np.ndarray:
        """Gaussian blur by `sigma` sides; borders replicated, so that nothing darkens at the edge."""
        pixels = sigma * self.side
        factor = int(max(1, pixels // 4))
        if factor == 1:
            return cv2.GaussianBlur(layer, (0, 0), pixels, borderType=cv2.BORDER_REPLICATE)
        # A wide blur leaves nothing that a smaller canvas could not hold.
        small = cv2.resize(layer, (self.side // factor,) * 2, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), pixels / factor, borderType=cv2.BORDER_REPLICATE)
        return cv2.resize(small, (self.side, self.side), interpolation=cv2.INTER_LINEAR)

    def cloud(self, rng: np.random.Generator, scale: float) -> np.ndarray:
        """Smooth noise of mean 0 and standard deviation 1 whose lumps are `scale` sides across."""
        # Drawn on a grid that does not depend on the canvas: the same cloud at every size.
        cells = max(4, round(2 / scale))
        noise = rng.standard_normal((cells, cells)).astype(np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)
        smooth = (smooth - smooth.mean()) / smooth.std()
        return cv2.resize(smooth, (self.side, self.side), interpolation=cv2.INTER_CUBIC)


def ramp(values: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """0 at `low`, 1 at `high`, smooth between (low may be the larger one)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
