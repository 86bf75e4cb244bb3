"""What makes one patient's chest another than the next one's, and the outlines that follow from it."""

from dataclasses import dataclass

import numpy as np

from evidrift.prepare.phantoms.geometry import Pose, mirrored, spline

RIGHT, LEFT = -1, 1  # the patient's right lung is on the image's left


@dataclass(frozen=True)
class Build:
    """A patient's measures; lengths in units of the image's side.

    Attributes:
        width: of the chest, 1 on average.
        domes: height of the right and left diaphragm, y.
        depth: y of the costophrenic angles.
        apex: y of the lungs' tops.
        heart: size of the heart, 1 on average.
        knob: prominence of the aortic knob.
        shoulder: y of the shoulders at the image's edge.
        flesh: thickness of the soft tissue, 1 on average.
        breasts: attenuation of the breast shadows, 0 for none.
        ribs: distance between two ribs.
        slope: how steeply the ribs fall, 1 on average.
        clavicle: y of the clavicles' inner ends.
        stomach: size of the gas bubble under the left dome, 0 for none.
    """

    pose: Pose
    width: float
    domes: tuple[float, float]
    depth: float
    apex: float
    heart: float
    knob: float
    shoulder: float
    flesh: float
    breasts: float
    ribs: float
    slope: float
    clavicle: float
    stomach: float


def draw_build(rng: np.random.Generator) -> Build:
    """A patient at random."""
    dome = rng.uniform(0.655, 0.72)
    return Build(
        pose=Pose(
            rng.normal(0, 0.018), rng.uniform(0.95, 1.06), (rng.normal(0, 0.012), rng.normal(0, 0.012))
        ),
        width=rng.uniform(0.93, 1.06),
        domes=(dome, dome + rng.uniform(0.005, 0.035)),
        depth=dome + rng.uniform(0.12, 0.16),
        apex=rng.uniform(0.07, 0.10),
        heart=rng.uniform(0.88, 1.14),
        knob=rng.uniform(0.4, 1.2),
        shoulder=rng.uniform(0.09, 0.17),
        flesh=rng.uniform(0.88, 1.15),
        breasts=rng.uniform(0.05, 0.13) if rng.random() < 0.45 else 0.0,
        ribs=rng.uniform(0.058, 0.066),
        slope=rng.uniform(0.85, 1.25),
        clavicle=rng.uniform(0.165, 0.215),
        stomach=rng.uniform(0.6, 1.2) if rng.random() < 0.6 else 0.0,
    )


def lung_outline(build: Build, side: int) -> np.ndarray:
    """One lung as air shows it: to the midline's tissue, behind the heart, down to its dome."""
    wide, dome, depth = build.width, build.domes[0 if side == RIGHT else 1], build.depth
    top = build.apex
    wall = spline(
        [
            (0.388 * wide, depth),
            (0.398 * wide, depth - 0.07),
            (0.402 * wide, 0.64),
            (0.388 * wide, 0.50),
            (0.352 * wide, 0.345),
            (0.290 * wide, top + 0.115),
            (0.222 * wide, top + 0.028),
            (0.158 * wide, top),
            (0.102 * wide, top + 0.030),
            (0.072, top + 0.105),
            (0.064, 0.32),
            (0.060, 0.50),
            (0.058, dome + 0.05),
        ]
    )
    floor = spline(
        [
            (0.058, dome + 0.05),
            (0.105, dome + 0.022),
            (0.170 * wide, dome + 0.002),
            (0.235 * wide, dome + 0.004),
            (0.300 * wide, dome + 0.035),
            (0.352 * wide, dome + 0.085),
            (0.388 * wide, depth),
        ]
    )
    return mirrored(np.concatenate([wall, floor[1:-1]]), side)


def wall_distance(build: Build, y: np.ndarray) -> np.ndarray:
    """Distance of the lungs' outer wall from the midline at height y."""
    outline = lung_outline(build, LEFT)
    outer = outline[: np.argmin(outline[:, 1]) + 1][::-1]
    return np.interp(y, outer[:, 1], outer[:, 0]).astype(np.float32)


def heart_outline(build: Build) -> np.ndarray:
    """Heart and great vessels; the apex points to the patient's left and dips below the dome."""
    size, floor = build.heart, build.domes[1] + 0.045
    points = [
        (-0.048, -0.05),
        (-0.052, 0.16),
        (-0.056, 0.36),
        (-0.070, 0.44),
        (-0.100 * size, 0.53),
        (-0.110 * size, 0.60),
        (-0.100 * size, 0.68),
        (-0.070, floor),
        (0.060, floor + 0.035),
        (0.150 * size, floor + 0.030),
        (0.215 * size, floor + 0.005),
        (0.243 * size, floor - 0.055),
        (0.225 * size, floor - 0.120),
        (0.165 * size, 0.52),
        (0.112, 0.44),
        (0.086, 0.385),
        (0.070, 0.335),
        (0.066 + 0.022 * build.knob, 0.285),
        (0.060 + 0.020 * build.knob, 0.235),
        (0.050, 0.19),
        (0.046, -0.05),
    ]
    return spline(points, closed=True)


def body_outline(build: Build) -> np.ndarray:
    """Neck, shoulders, arms held away, and the chest wall below the armpits."""
    wide, shoulder = build.width, build.shoulder
    half = [
        (0.105, -0.2),
        (0.108, 0.0),
        (0.125, 0.035),
        (0.19, 0.065),
        (0.32, 0.5 * (0.085 + shoulder)),
        (0.47, shoulder),
        (0.60, shoulder + 0.05),
        (0.75, shoulder + 0.20),
        (0.75, 0.42),
        (0.56, 0.43),
        (0.475 * wide, 0.50),
        (0.458 * wide, 0.60),
        (0.455 * wide, 0.72),
        (0.462 * wide, 0.86),
        (0.470 * wide, 1.05),
        (0.470 * wide, 1.2),
    ]
    right = spline(mirrored(half, RIGHT))
    left = spline(mirrored(half, LEFT))
    return np.concatenate([left, right[::-1]])
