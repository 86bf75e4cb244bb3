"""Bones: bands with a brighter rim, as cortex shows them on a film."""

import numpy as np

from evidrift.prepare.phantoms.build import LEFT, RIGHT, Build, wall_distance
from evidrift.prepare.phantoms.geometry import Canvas, ellipse, mirrored, ribbon, spline

N_RIBS = 10


def skeleton(canvas: Canvas, build: Build) -> np.ndarray:
    """Attenuation of all bones, (side, side)."""
    return _ribs(canvas, build) + _clavicles(canvas, build) + _spine(canvas) + _scapulae(canvas, build)


def rib_paths(build: Build, side: int) -> np.ndarray:
    """One side's ribs from the spine along the back and the wall to their front ends, (ribs, points, 2)."""
    number = np.arange(N_RIBS)[:, None]
    angle = np.radians(np.linspace(10, 148, 30))
    start = build.apex + 0.012 + build.ribs * number
    drop = build.slope * (0.075 + 0.024 * number)
    y = start + drop * ((1 - np.cos(angle)) / 2) ** 1.15 - 0.012 * np.sin(2 * angle)
    reach = wall_distance(build, start + drop / 2) + 0.004
    return mirrored(np.stack([reach * np.sin(angle), y], axis=-1), side)


def _ribs(canvas: Canvas, build: Build) -> np.ndarray:
    paths = np.concatenate([rib_paths(build, side) for side in (RIGHT, LEFT)])
    behind = _bone(canvas, paths[:, :19], 0.021)
    before = _bone(canvas, paths[:, 17:], 0.019)
    return canvas.blur(0.135 * behind + 0.085 * before, 0.0022)


def _bone(canvas: Canvas, path: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """Bands whose core is darker than their rims, where the cortex is cut lengthwise."""
    return canvas.fill(ribbon(path, width)) - 0.38 * canvas.fill(ribbon(path, 0.52 * np.asarray(width)))


def _clavicles(canvas: Canvas, build: Build) -> np.ndarray:
    paths = []
    for side in (RIGHT, LEFT):
        rise = build.shoulder + 0.020 - build.clavicle
        # (distance from the midline, share of the rise, bow): an S, seen almost from the side.
        bows = [
            (0.042, 0, 0.004),
            (0.12, 0.04, -0.012),
            (0.22, 0.42, -0.008),
            (0.33, 0.85, 0.008),
            (0.43, 1, 0),
        ]
        points = [(x, build.clavicle + share * rise + bow) for x, share, bow in bows]
        paths.append(spline(mirrored(points, side)))
    widths = np.interp(
        np.linspace(0, 1, len(paths[0])), [0, 0.12, 0.5, 0.9, 1], [0.038, 0.027, 0.022, 0.028, 0.008]
    )
    return canvas.blur(0.19 * _bone(canvas, np.stack(paths), widths), 0.0028)


def _spine(canvas: Canvas) -> np.ndarray:
    tall = 0.052
    number = np.arange(-2, 20)
    top, half = 0.02 + number * (tall + 0.009), 0.034 + 0.0007 * number
    # Vertebral bodies are waisted; pedicles and spinous processes are seen end on.
    share = np.array([(1, 0), (0.92, 0.5), (1, 1), (-1, 1), (-0.92, 0.5), (-1, 0)])
    bodies = np.stack([half[:, None] * share[:, 0], top[:, None] + tall * share[:, 1]], axis=-1)
    ends = [ellipse(np.stack([s * half, top + 0.35 * tall], axis=-1), (0.007, 0.012)) for s in (-0.62, 0.62)]
    ends.append(ellipse(np.stack([0 * half, top + 0.9 * tall], axis=-1), (0.005, 0.014)))
    return canvas.blur(0.10 * canvas.fill(bodies) + 0.05 * canvas.fill(*ends), 0.005)


def _scapulae(canvas: Canvas, build: Build) -> np.ndarray:
    wide = build.width
    blade = [
        (0.335, 0.165),
        (0.405, 0.135),
        (0.47, 0.16),
        (0.455, 0.27),
        (0.425, 0.41),
        (0.408, 0.42),
        (0.365, 0.29),
    ]
    outlines = [spline(mirrored(np.array(blade) * (wide, 1), side), closed=True) for side in (RIGHT, LEFT)]
    heads = [ellipse((side * 0.535 * wide, 0.185), (0.055, 0.06)) for side in (RIGHT, LEFT)]
    return canvas.blur(0.06 * canvas.fill(*outlines) + 0.14 * canvas.fill(*heads), 0.004)
