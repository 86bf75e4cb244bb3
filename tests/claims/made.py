"""Made-up quantities and cells for the tests of verdicts."""

from itertools import combinations

import numpy as np

from evidrift.claims.estimate import Quantity
from evidrift.claims.quantities import Cells, Quantities, quantities

Q = 0.2  # of the distance of vectors


def quantity(cells: np.ndarray, seeds_known: bool = True) -> Quantity:
    """The mean over a table of patients x seeds."""
    cells = np.asarray(cells, dtype=float)
    n = len(cells)
    return Quantity(cells.mean(), (cells - cells.mean()) / n, np.ones(n, dtype=bool), n, seeds_known)


def study_cells(
    n: int = 30,
    seeds: int = 3,
    drift: float = 0.5,
    shared: float = 0.3,
    scale: float = 0.8,
    *,
    floor_tl: float = 0.1,
    floor_ft: float = 0.2,
    noise: float = 0.02,
    stream: int = 0,
) -> Cells:
    """Cells of n patients, one image each, around the given means."""
    random = np.random.default_rng(stream)
    pairs = seeds * (seeds - 1) // 2

    def around(mean: float, columns: int) -> np.ndarray:
        spread = random.normal(scale=noise, size=(n, columns))
        return mean + spread - (spread.mean() if columns else 0)

    return Cells(
        np.arange(n),
        around(drift, seeds),
        around(shared + (floor_tl + floor_ft) / 2, pairs),
        around(floor_tl, pairs),
        around(floor_ft, pairs),
        around(scale, seeds),
    )


def study_quantities(**changes: float) -> Quantities:
    """Their quantities, whose values are the given means exactly."""
    return quantities(study_cells(**changes))


def distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """As the moved share is one of indicator vectors."""
    return np.square(one - other).sum(axis=-1) / (2 * Q)


def cells_of_vectors(before: np.ndarray, after: np.ndarray) -> Cells:
    """Cells of maps as vectors, both (seeds, images, k), every image a patient's and all of one class."""
    both = list(combinations(range(len(before)), 2))
    n = before.shape[1]
    others = ~np.eye(n, dtype=bool)
    between_patients = [
        np.stack(
            [
                distance(each[s, :, None], each[s, None])[others].reshape(n, -1).mean(axis=1)
                for s in range(len(each))
            ]
        )
        for each in (before, after)
    ]

    def pairs(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.array([distance(first[s], second[t]) for s, t in both]).reshape(len(both), n).T

    return Cells(
        np.arange(n),
        distance(before, after).T,
        (pairs(before, after) + pairs(after, before)) / 2,
        pairs(before, before),
        pairs(after, after),
        np.mean(between_patients, axis=0).T,
    )
