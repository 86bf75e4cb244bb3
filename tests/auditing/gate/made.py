"""Films and interventions as a gate sees them, made up: arrays instead of networks."""

import numpy as np
import pandas as pd
from scipy.special import softmax

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.gate.films import Films
from evidrift.auditing.gate.knowledge import Known, known_of
from evidrift.auditing.gate.performance import Predicted
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.compare.findings.reliance import Asked

CLASSES = ("covid19", "normal", "tuberculosis")
CORNERS = ("upper_left", "upper_right", "lower_left", "lower_right")


def films(n: int = 150, seed: int = 0, pairs: int = 1, moved: float = 0.25) -> Films:
    """As of an unchanged retraining: a quarter moved, little in the corners, 2 % regressed, 2 % fixed."""
    random = np.random.default_rng(seed)
    right = np.ones((2, pairs, n), dtype=bool)
    right[1, :, : n // 50], right[0, :, n // 50 : 2 * (n // 50)] = False, False
    corners = random.beta(2, 60, (2, pairs, n))
    return Films(
        patients=np.array([f"p{number}" for number in range(n)]),
        classes=np.array(CLASSES)[np.arange(n) % 3],
        every_class=CLASSES,
        moved=random.beta(10 * moved, 10 * (1 - moved), (pairs, n)),
        places={"corners": corners, "border": corners},
        unusable=np.zeros((pairs, n), dtype=bool),
        right=right,
    )


def scores(called: np.ndarray) -> Scores:
    """Of these class indices, (n,), each called with 0.8."""
    one_hot = np.eye(len(CLASSES), dtype=bool)[called]
    return Scores(np.where(one_hot, 0.8, 0.1), one_hot)


def predicted(seen: Films, columns: tuple[Subgroups, ...] = ()) -> Predicted:
    """What the models say of films, of the right class or of the next one."""
    labels = np.array([CLASSES.index(name) for name in seen.classes])
    truth = np.eye(len(CLASSES), dtype=bool)[labels]
    known = Truth(seen.patients, seen.patients, CLASSES, truth, np.ones_like(truth), True)
    sides = [[scores(np.where(right, labels, (labels + 1) % 3)) for right in side] for side in seen.right]
    return Predicted(known, tuple(zip(*sides, strict=True)), columns)


def reliance(
    n: int = 150,
    flipped: float = 0.0,
    spiked: float = 0.0,
    before: float = 0.0,
    spiked_before: float = 0.0,
    towards: str = "normal",
) -> Asked:
    """One pair of models: shares of the films whose prediction changes, before and after.

    A letter turns them to `normal` before, and to the class `towards` after.
    """
    ids = [f"{number}.png" for number in range(n)]
    common = {"image_id": ids, "patient_id": ids, "seed": 1}

    def flips(share: float) -> np.ndarray:
        return np.arange(n) < round(share * n)

    regions = [
        pd.DataFrame(common | {"checkpoint": side, "region": region, "fill": fill, "flipped": flips(share)})
        for side, share in (("tl", before), ("ft", flipped))
        for region in ("corners", "border")
        for fill in ("surroundings", "patient")
    ]
    spikes = [
        pd.DataFrame(
            common | {"checkpoint": side, "corner": corner, "flipped": flips(share), "class_spiked": turned}
        )
        for side, share, turned in (("tl", spiked_before, "normal"), ("ft", spiked, towards))
        for corner in CORNERS
    ]
    return Asked(pd.concat(regions, ignore_index=True), pd.concat(spikes, ignore_index=True))


def logits(called: np.ndarray) -> np.ndarray:
    """Logits of these class indices, (n, classes)."""
    return 3.0 * np.eye(len(CLASSES))[called]


def known(after: np.ndarray | None = None, labels: bool = True, n: int = 150) -> dict[str, Known]:
    """A model before that is right in nine of ten films, and one after; by default they call them the same.

    Args:
        after: class indices, (n,).
        labels: whether they are known.
        n: films, of the classes in turn.
    """
    truth = np.arange(n) % 3
    before = np.where(np.arange(n) % 10 == 0, (truth + 1) % 3, truth)
    patients = np.array([f"p{number}" for number in range(n)])
    return {
        name: known_of(softmax(logits(called), axis=1), truth if labels else None, patients, CLASSES)
        for name, called in (("before 1", before), ("after 1", before if after is None else after))
    }
