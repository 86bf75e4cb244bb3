"""Bones: bands with a brighter rim, as cortex shows them on a film."""

import numpy as np

from evidrift.images.phantoms.build import LEFT, RIGHT, Build, wall_distance
from evidrift.images.phantoms.geometry import Canvas, ellipse, mirrored, ribbon, spline

N_RIBS = 10


def skeleton(canvas: Canvas, build: Build) -> np.ndarray:
    """Attenuation of all bones, (side, side)."""
    return _ribs(canvas, build) + _clavicles(canvas, build) + _spine(canvas) + _scapulae(canvas, build)


def rib_path(build: Build, side: int, number: int) -> np.ndarray:
    """A rib round the chest, from the spine along the back and the wall to its front end."""
    angle = np.radians(np.linspace(10, 148, 30))
    start = build.apex + 0.012 + build.ribs * number
    drop = build.slope * (0.075 + 0.024 * number)
    y = start + drop * ((1 - np.cos(angle)) / 2) ** 1.15 - 0.012 * np.sin(2 * angle)
    reach = wall_distance(build, np.array([start + drop / 2]))[0] + 0.004
    return mirrored(np.stack([reach * np.sin(angle), y], axis=1), side)


def _ribs(canvas: Canvas, build: Build) -> np.ndarray:
    back, front = [], []
    for side in (RIGHT, LEFT):
        for number in range(N_RIBS):
            path = rib_path(build, side, number)
            back.append(path[:19])
            front.append(path[17:])
    behind = _bone(canvas, back, 0.021)
    before = _bone(canvas, front, 0.019)
    return 0.135 * behind + 0.085 * before


def _bone(canvas: Canvas, paths: list[np.ndarray], width: float) -> np.ndarray:
    whole = canvas.fill(*(ribbon(path, width) for path in paths))
    core = canvas.fill(*(ribbon(path, 0.5 * width) for path in paths))
    return canvas.blur(whole - 0.35 * core, 0.0022)


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
    whole = canvas.fill(*(ribbon(path, widths) for path in paths))
    core = canvas.fill(*(ribbon(path, 0.55 * widths) for path in paths))
    return canvas.blur(0.19 * whole - 0.08 * core, 0.0028)


def _spine(canvas: Canvas) -> np.ndarray:
    bodies, pedicles = [], []
    height = 0.052
    for number in range(-2, 20):
        y = 0.02 + number * (height + 0.009)
        half = 0.034 + 0.0007 * number
        waist = [(half, y), (0.92 * half, y + height / 2), (half, y + height)]
        bodies.append(np.concatenate([mirrored(waist, LEFT), mirrored(waist, RIGHT)[::-1]]))
        pedicles += [
            ellipse((side * 0.62 * half, y + 0.35 * height), (0.007, 0.012)) for side in (RIGHT, LEFT)
        ]
        pedicles.append(ellipse((0, y + 0.9 * height), (0.005, 0.014)))
    return canvas.blur(0.10 * canvas.fill(*bodies) + 0.05 * canvas.fill(*pedicles), 0.005)


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
