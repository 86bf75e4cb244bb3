"""What each disease adds to a chest: attenuation at contrast 1, drawn where the disease draws it."""

from collections.abc import Callable

import numpy as np

from evidrift.prepare.phantoms.anatomy import HILA, Anatomy
from evidrift.prepare.phantoms.build import LEFT, RIGHT
from evidrift.prepare.phantoms.geometry import ramp
from evidrift.prepare.phantoms.nodules import cavity, nodules, strands
from evidrift.prepare.phantoms.vessels import fan, trees

# Attenuation from which a finding counts as seen, for its mask.
SEEN = 0.045
# Lobes that a frontal film tells apart.
LOBES = ((RIGHT, "upper"), (RIGHT, "middle"), (RIGHT, "lower"), (LEFT, "upper"), (LEFT, "lower"))
# Per lobe: centre (outward, height; a range each) and half axes of what fills it, and where its bronchus
# points (degrees, 0 away from the midline, positive downwards).
LOBE_SHAPES = {
    "upper": ((0.45, 0.65), (0.22, 0.32), (0.62, 0.30), -50),
    "middle": ((0.35, 0.50), (0.64, 0.72), (0.50, 0.26), 40),
    "lower": ((0.45, 0.70), (0.74, 0.82), (0.58, 0.30), 62),
}


def normal(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Nothing."""
    return np.zeros_like(anatomy.air)


def bacterial_pneumonia(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Consolidation of one lobe: dense, cloudy, cut off by the fissure, with air in the bronchi."""
    canvas = anatomy.canvas
    side, lobe = LOBES[rng.integers(len(LOBES))]
    outward, height, axes, degrees = LOBE_SHAPES[lobe]
    size = rng.uniform(0.75, 1.05)
    centre = rng.uniform(*outward), rng.uniform(*height)
    inside = anatomy.ball(centre, (size * axes[0], size * axes[1]), side)
    dense = ramp(inside + 0.13 * canvas.cloud(rng, 0.09) + 0.06 * canvas.cloud(rng, 0.035), 0.0, 0.45)
    if side == RIGHT and lobe != "lower":
        # The horizontal fissure bounds the right upper lobe from below and the middle lobe from above.
        beyond = anatomy.height - (0.42 + 0.05 * (anatomy.outward - 0.5))
        dense = dense * (ramp(beyond, 0.008, -0.008) if lobe == "upper" else ramp(beyond, -0.008, 0.008))
    roots, headings = fan(rng, {side: HILA[side]}, (degrees,))
    bronchi = trees(rng, roots, headings, rng.uniform(0.22, 0.28, 1), np.array([0.015]), 2)
    airy = canvas.blur(canvas.fill(*bronchi), 0.003)
    patchy = 1 + 0.12 * canvas.cloud(rng, 0.03)
    return 0.36 * dense * patchy * (1 - 0.55 * airy) * anatomy.air * anatomy.side(side)


def viral_pneumonia(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Interstitial pattern in both lungs: a soft net and thickened bronchi, densest near the hila."""
    canvas = anatomy.canvas
    spread = (1 - 0.5 * ramp(anatomy.outward, 0.4, 1.0)) * ramp(anatomy.height, -0.1, 0.3)
    spread *= 1 + 0.25 * canvas.cloud(rng, 0.15)
    net = np.zeros_like(spread)
    for scale in (0.03, 0.05):
        # The zero line of a smooth field is a net of closed meshes.
        net += np.exp(-((canvas.cloud(rng, scale) / 0.3) ** 2))
    roots, headings = fan(rng, HILA, (-70, -40, -10, 20, 45, 70))
    n = len(roots)
    bronchi = trees(rng, roots, headings, rng.uniform(0.15, 0.22, n), rng.uniform(0.012, 0.018, n), 2)
    thickened = canvas.blur(canvas.fill(*bronchi), 0.004)
    return spread * (0.03 + 0.105 * canvas.blur(net, 0.002) + 0.09 * thickened) * anatomy.air


def covid19(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """Ground glass: hazy patches in both lungs, along the wall, below the upper zones."""
    canvas = anatomy.canvas
    patches = np.full_like(anatomy.air, -1)
    for side in (RIGHT, LEFT):
        for _ in range(rng.integers(2, 5)):
            centre = rng.uniform(0.72, 0.98), rng.uniform(0.40, 0.88)
            axes = rng.uniform(0.20, 0.34), rng.uniform(0.12, 0.22)
            patches = np.maximum(patches, anatomy.ball(centre, axes, side))
    haze = ramp(patches + 0.12 * canvas.cloud(rng, 0.06), 0.0, 0.75)
    grainy = 1 + 0.15 * canvas.cloud(rng, 0.014)
    return 0.26 * haze * grainy * ramp(anatomy.outward, 0.35, 0.65) * anatomy.air


def tuberculosis(anatomy: Anatomy, rng: np.random.Generator) -> np.ndarray:
    """In the upper third: thick-walled cavities, nodules, patches, and strands that draw to the hilum."""
    canvas = anatomy.canvas
    added = np.zeros_like(anatomy.air)
    first = int(rng.choice([RIGHT, LEFT]))
    for side in (first, -first)[: rng.integers(1, 3)]:
        patch = anatomy.ball((rng.uniform(0.4, 0.7), rng.uniform(0.12, 0.22)), (0.5, 0.2), side)
        patch = ramp(patch + 0.2 * canvas.cloud(rng, 0.04), 0.1, 0.8)
        holes = [cavity(anatomy, side, rng) for _ in range(rng.integers(1, 3))]
        spots, lines = nodules(anatomy, side, rng), strands(anatomy, side, rng)
        added += 0.30 * np.max(holes, axis=0) + 0.20 * spots + 0.10 * lines + 0.11 * patch
    return added * ramp(anatomy.height, 1 / 3, 0.27) * anatomy.air


Draw = Callable[[Anatomy, np.random.Generator], np.ndarray]

# How each class is drawn, and how far apart parts of its pattern may lie, in sides, that are outlined as one.
DISEASES: dict[str, tuple[Draw, float]] = {
    "bacterial_pneumonia": (bacterial_pneumonia, 0.006),
    "covid19": (covid19, 0.008),
    "normal": (normal, 0.006),
    "tuberculosis": (tuberculosis, 0.008),
    "viral_pneumonia": (viral_pneumonia, 0.03),
}


def draw_findings(anatomy: Anatomy, label: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Added attenuation at contrast 1, (side, side) float32, and where it is seen in the lungs, bool."""
    disease, reach = DISEASES[label]
    added = disease(anatomy, rng)
    return added, (anatomy.canvas.blur(added, reach) > SEEN) & anatomy.lungs
