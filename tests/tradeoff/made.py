"""A made-up sweep: predictions and moved shares of one architecture, without networks."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pandas as pd

from evidrift.claims.claim import Rules
from evidrift.claims.quantities import Cells
from evidrift.tradeoff.checks import Checks
from evidrift.tradeoff.evidence import PRIMARY, Evidence, Key
from evidrift.tradeoff.points import PLAIN, TL, Point

RULES = Rules(min_patients=20, margin=0.05, preserved=0.5)
OCCLUSION, LAST = ("penultimate", "occlusion"), ("last", "layer_cam")
LOW, MID, HIGH = "low", "mid", "high"
# Accuracy and drift of some points, in truth.
SWEEP = {
    PLAIN: (0.9, 0.4),
    Point("rate", LOW): (0.89, 0.33),
    Point("rate", MID): (0.86, 0.2),
    Point("rate", HIGH): (0.83, 0.1),
    Point("wise", LOW): (0.9, 0.22),
    Point("wise", MID): (0.88, 0.12),
    Point("wise", HIGH): (0.84, 0.06),
    Point("maps", LOW): (0.9, 0.2),
    Point("maps", MID): (0.89, 0.1),
    Point("maps", HIGH): (0.88, 0.05),
}


def evidence_of(
    truth: Mapping[Point, tuple[float, float]] = SWEEP,
    *,
    other: Mapping[tuple[str, Key], float] | None = None,
    keys: Sequence[Key] = (PRIMARY, OCCLUSION),
    name: str = "made",
    n: int = 200,
    seeds: int = 5,
    noise: float = 0.01,
    stream: int = 0,
) -> Evidence:
    """Evidence of points around their accuracy and drift; that of `tl` is 0.8.

    Args:
        truth: accuracy and drift, by point; plain fine-tuning is one of them.
        other: drift of a strategy under a method, if it is not as in `truth`.
        keys: layers and methods.
        name: of the architecture.
        n: images, each of its own patient.
        seeds: trainings.
        noise: standard deviation of a training's mean drift; of its accuracy half of that.
        stream: of the random numbers.
    """
    random = np.random.default_rng([stream, *map(ord, name)])
    patient, training = random.normal(size=(n, 1)), random.normal(size=seeds)

    def drawn() -> np.ndarray:
        return np.sqrt(0.7) * patient + np.sqrt(0.3) * random.normal(size=(n, seeds))

    def right(accuracy: float) -> np.ndarray:
        return drawn() < NormalDist().inv_cdf(accuracy) + 2 * noise * (training + random.normal(size=seeds))

    def cells(drift: float) -> Cells:
        moved = drift * (1 + 0.3 * drawn()) + noise * (training + random.normal(size=seeds)) / np.sqrt(2)
        pairs = len(list(combinations(range(seeds), 2)))
        floor = np.full((n, pairs), 0.05)
        cross = np.repeat(0.8 * drift * (1 + 0.3 * patient), pairs, axis=1) + floor
        return Cells(np.arange(n), moved, cross, floor, floor, np.full((n, seeds), 0.6) + 0.1 * patient)

    ids = np.array([f"{at:04d}" for at in range(n)])
    return Evidence(
        architecture=name,
        seeds=tuple(range(1, seeds + 1)),
        points=tuple(truth),
        image_ids=ids,
        patient_ids=ids,
        labels=np.full(n, "normal"),
        right={TL: right(0.8), **{point: right(accuracy) for point, (accuracy, _) in truth.items()}},
        moved={
            key: {
                point: cells((other or {}).get((point.strategy, key), drift))
                for point, (_, drift) in truth.items()
            }
            for key in keys
        },
        places={
            "lungs": {point: np.clip(0.5 + 0.1 * drawn(), 0, 1) for point in (TL, *truth)},
        },
        area=0.2,
    )


def checks_of(gain: float = 0.1, excess: float = 0.0, n: int = 20) -> Checks:
    """Tables of n patients whose maps gain so much over random ones, and outlive random weights so far."""
    spread = np.linspace(-0.02, 0.02, n)
    common = {
        "arch": "made",
        "seed": 1,
        "checkpoint": "ft",
        "layer": PRIMARY[0],
        "method": PRIMARY[1],
        "image_id": [f"{at:04d}" for at in range(n)],
        "patient_id": [f"{at:04d}" for at in range(n)],
        "label": "normal",
    }
    faithfulness = pd.DataFrame(
        common
        | {"status": "ok", "insertion": 0.6 + gain + spread, "insertion_random": 0.6}
        | {"deletion": 0.4, "deletion_random": 0.4}
    )
    randomisation = pd.DataFrame(
        common | {"depth": 0, "share": 1.0, "status": "ok", "similarity": excess + spread, "chance": 0.0}
    )
    return Checks(faithfulness, randomisation)
