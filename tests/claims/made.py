"""Made-up quantities and excesses for the tests of verdicts."""

import numpy as np

from evidrift.claims.estimate import Quantity
from evidrift.claims.excess import Cells, Excess, excess


def quantity(cells: np.ndarray, seeds_known: bool = True) -> Quantity:
    """The mean over a table of patients x seeds."""
    cells = np.asarray(cells, dtype=float)
    n = len(cells)
    return Quantity(cells.mean(), (cells - cells.mean()) / n, np.ones(n, dtype=bool), n, seeds_known)


def study_cells(
    n: int = 30,
    seeds: int = 3,
    drift: float = 0.5,
    floor: float = 0.3,
    chance: float = 0.8,
    *,
    noise: float = 0.02,
    stream: int = 0,
) -> Cells:
    """Cells of n patients, one image each, around the given means."""
    random = np.random.default_rng(stream)
    pairs = seeds * (seeds - 1) // 2

    def around(mean: float, columns: int) -> np.ndarray:
        spread = random.normal(scale=noise, size=(n, columns))
        return mean + spread - (spread.mean() if columns else 0)

    return Cells(np.arange(n), around(drift, seeds), around(floor, pairs), around(chance, seeds))


def study_excess(**changes: float) -> Excess:
    """Their excess; its normalised value is (drift - floor) / (chance - floor) exactly."""
    return excess(study_cells(**changes))
