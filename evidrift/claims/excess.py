"""Excess drift of one architecture under one method: quantities with every patient's and seed's part in it.

The mean drift lies between two marks: the floor, what another seed does to the same image's map, and chance,
another patient's map. Normalised excess = (drift - floor) / (chance - floor) says how much of the way from
floor to chance the evidence went: 0, no further than between two trainings; 1, as far as another patient's.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from evidrift.claims.estimate import Quantity

# Floor and chance that are closer are the same but for rounding.
SAME = 1e-9


@dataclass(frozen=True)
class Cells:
    """One measure of one architecture, layer and method on the common cohort; larger is more drift.

    Attributes:
        patients: index of each image's patient among the cohort's, (n,).
        drift: between `tl` and `ft`, (n, seeds); NaN where it could not be measured, as everywhere here.
        floor: between the `ft` of two seeds, (n, pairs of seeds), pairs as `combinations` gives them.
        chance: between different patients, (n, seeds), see `chance_cells`.
    """

    patients: np.ndarray
    drift: np.ndarray
    floor: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True)
class Excess:
    """Quantities of one measure. None where the cells don't allow them.

    Attributes:
        drift: its mean over images of the mean over seeds.
        floor, chance: likewise; None with one seed, or one patient a class.
        excess: drift - floor.
        room: chance - floor.
        normalised: excess / room; also None where room is not above zero.
        by_seed: mean drift of each seed, (seeds,); empty without any.
    """

    drift: Quantity | None
    floor: Quantity | None
    chance: Quantity | None
    excess: Quantity | None
    room: Quantity | None
    normalised: Quantity | None
    by_seed: np.ndarray = field(default_factory=lambda: np.empty(0))


NOTHING = Excess(None, None, None, None, None, None)  # where nothing could be measured


def excess(cells: Cells) -> Excess:
    """Estimate one measure's drift, floor, chance and excess.

    Images count for all of it if drift was measured, and floor and chance too where there are any. An image
    whose map is missing under some seed is filled up by its mean over the others.
    """
    n_seeds = cells.drift.shape[1]
    has_floor, has_chance = (np.isfinite(each).any() for each in (cells.floor, cells.chance))
    usable = np.isfinite(cells.drift).any(axis=1)
    for known, values in ((has_floor, cells.floor), (has_chance, cells.chance)):
        if known:
            usable &= np.isfinite(values).any(axis=1)
    if not usable.any():
        return NOTHING

    def quantity(values: np.ndarray, known: bool) -> Quantity:
        return _quantity(values, cells.patients, usable, known)

    drifts, chances = _filled(cells.drift), _filled(cells.chance)
    floors = pseudo_values(_filled(cells.floor), n_seeds) if has_floor else None
    # a floor needs three seeds to show how much it depends on them
    known = n_seeds > 2
    drift, by_seed = quantity(drifts, n_seeds > 1), drifts[usable].mean(axis=0)
    chance = quantity(chances, n_seeds > 1) if has_chance else None
    if floors is None:
        return Excess(drift, None, chance, None, None, None, by_seed)
    floor, over = quantity(floors, known), quantity(drifts - floors, known)
    if chance is None:
        return Excess(drift, floor, None, over, None, None, by_seed)
    room = quantity(chances - floors, known)
    if not room.value > SAME:
        return Excess(drift, floor, chance, over, room, None, by_seed)
    ratio = over.value / room.value
    # first-order expansion of the ratio of means (delta method)
    weights = (over.weights - ratio * room.weights) / room.value
    normalised = Quantity(ratio, weights, over.measured, over.n_images, known)
    return Excess(drift, floor, chance, over, room, normalised, by_seed)


def without_floor(found: Excess) -> Quantity | None:
    """Drift as a share of chance: the normalised excess with a floor of 0; None where either is missing.

    Whatever the floor is, (drift - floor) / (chance - floor) is at most this, as long as drift does not pass
    chance.
    """
    drift, chance = found.drift, found.chance
    if drift is None or chance is None or not chance.value > SAME:
        return None
    ratio = drift.value / chance.value
    weights = (drift.weights - ratio * chance.weights) / chance.value
    return Quantity(ratio, weights, drift.measured & chance.measured, drift.n_images, drift.seeds_known)


def chance_cells(values: np.ndarray, image: np.ndarray, partner: np.ndarray, n: int) -> np.ndarray:
    """Each image's part in the mean over random pairs of one seed, (n,): their mean is the mean of chance.

    An image takes part as itself and as the partner of others; without the latter, the mean would look surer
    than it is (the projection of a two-sample U-statistic, Hoeffding 1948).

    Args:
        values: of the pairs, (pairs,); NaN where a pair could not be measured.
        image: index of each pair's own image, below `n`.
        partner: index of the other patient's image; those that are not among the n images are -1.
        n: images.

    Returns:
        NaN for an image without a measured pair of its own.
    """
    known = np.isfinite(values)
    values, image, partner = values[known], image[known], partner[known]
    own = np.bincount(image, values, n) / np.maximum(np.bincount(image, minlength=n), 1)
    own = np.where(np.bincount(image, minlength=n) > 0, own, np.nan)
    among = partner >= 0
    if not among.any():
        return own
    above = values[among] - values[among].mean()
    return own + np.bincount(partner[among], above, n) * n / len(values)


def pseudo_values(pairs: np.ndarray, n_seeds: int) -> np.ndarray:
    """Jackknife pseudo-values of the mean over pairs of seeds (Efron and Stein 1981), (n, seeds).

    Seeds stand in several pairs each; the pseudo-values' mean over seeds is the mean over pairs, and their
    variance over seeds tells how much that depends on the seeds.

    Args:
        pairs: (n, pairs of seeds), pairs as `combinations` gives them.
        n_seeds: at least two; with two, where nothing can be left out, each seed has the pair's value.
    """
    mean = pairs.mean(axis=1)
    if n_seeds == 2:
        return np.repeat(mean[:, None], 2, axis=1)
    both = list(combinations(range(n_seeds), 2))
    without = [
        pairs[:, [seed not in pair for pair in both]].mean(axis=1)  # of the other seeds' pairs
        for seed in range(n_seeds)
    ]
    return n_seeds * mean[:, None] - (n_seeds - 1) * np.stack(without, axis=1)


def _filled(values: np.ndarray) -> np.ndarray:
    """Missing cells as their image's mean over the others; NaN where there are none."""
    known = np.isfinite(values)
    count = known.sum(axis=1, keepdims=True)
    total = np.where(known, values, 0).sum(axis=1, keepdims=True)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.where(known, values, mean)


def _quantity(values: np.ndarray, patients: np.ndarray, usable: np.ndarray, known: bool) -> Quantity:
    """The mean over usable images, and what each patient's images add to it under each seed."""
    n_patients = int(patients.max()) + 1
    chosen, of = values[usable], patients[usable]
    mean = float(chosen.mean())
    weights = np.zeros((n_patients, values.shape[1]))
    np.add.at(weights, of, (chosen - mean) / len(chosen))
    measured = np.zeros(n_patients, dtype=bool)
    measured[of] = True
    return Quantity(mean, weights, measured, len(chosen), known)
