"""What is estimated of one architecture under one method, with every patient's and seed's part in it.

Drift is what fine-tuning moved in each training. Its shared part is what every training moves alike, its
erratic part the rest. Scale is how far one patient's map lies from another's (docs/design.md, Drift).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from evidrift.claims.estimate import Quantity
from evidrift.claims.functions import mean_over, ratio


@dataclass(frozen=True)
class Cells:
    """One measure of one architecture, layer and method on the common cohort; larger is more drift.

    Attributes:
        patients: index of each image's patient among the cohort's, (n,).
        drift: between `tl` and `ft` of a seed, (n, seeds); NaN where it could not be measured, as everywhere.
        cross: between `tl` of one seed and `ft` of another, mean of both ways, (n, pairs of seeds), pairs as
            `combinations` gives them.
        floor_tl, floor_ft: between the `tl`, and the `ft`, of two seeds, (n, pairs of seeds).
        scale: between two patients under one checkpoint, mean of `tl` and `ft`, (n, seeds); see
            `scale_cells`.
        squared: whether the measure is a squared distance, so that drift has a shared and an erratic part.
        classes: index of each image's class, (n,), where every class that is there shall count alike; None
            where every image does.
    """

    patients: np.ndarray
    drift: np.ndarray
    cross: np.ndarray
    floor_tl: np.ndarray
    floor_ft: np.ndarray
    scale: np.ndarray
    squared: bool = True
    classes: np.ndarray | None = None

    def changed(self, change: Callable[[np.ndarray], np.ndarray]) -> "Cells":
        """The same with all that was measured changed alike; every array is (n, ...)."""
        return replace(
            self,
            drift=change(self.drift),
            cross=change(self.cross),
            floor_tl=change(self.floor_tl),
            floor_ft=change(self.floor_ft),
            scale=change(self.scale),
        )


@dataclass(frozen=True)
class Quantities:
    """Quantities of one measure. None where the cells don't allow them.

    Attributes:
        drift: its mean over images of the mean over seeds.
        floor_tl, floor_ft: what two trainings differ by; None with one seed.
        shared: the squared distance of the mean maps; None with one seed and where the measure is no squared
            distance. Without bias, so that it may fall below 0.
        erratic: drift - shared.
        scale: None where no patient of the cohort has another one of its class beside it.
        over_scale: drift / scale.
        by_seed: mean drift of each seed, (seeds,); empty without any.
    """

    drift: Quantity | None = None
    floor_tl: Quantity | None = None
    floor_ft: Quantity | None = None
    shared: Quantity | None = None
    erratic: Quantity | None = None
    scale: Quantity | None = None
    over_scale: Quantity | None = None
    by_seed: np.ndarray = field(default_factory=lambda: np.empty(0))


NOTHING = Quantities()  # where nothing could be measured


def usable_images(cells: Cells) -> tuple[np.ndarray, tuple[bool, bool]]:
    """Images whose maps can be used under every seed, (n,) bool; whether tl and ft have a seed floor."""
    # of several models before and a single one after, or the other way round, there is one floor alone
    has_floors = bool(np.isfinite(cells.floor_tl).any()), bool(np.isfinite(cells.floor_ft).any())
    usable = np.isfinite(cells.drift).all(axis=1)
    for known, values in zip(has_floors, (cells.floor_tl, cells.floor_ft), strict=True):
        if known:
            usable &= np.isfinite(values).all(axis=1)
    return usable, has_floors


def quantities(cells: Cells) -> Quantities:
    """Estimate one measure's drift with its parts, the seed floors and the scale.

    An image counts if its map can be used under every seed: a map that is missing is not filled in, which
    would count as a training without noise.
    """
    n_seeds = cells.drift.shape[1]
    floors = (cells.floor_tl, cells.floor_ft)
    usable, has_floors = usable_images(cells)
    if not usable.any():
        return NOTHING

    def quantity(values: np.ndarray, known: bool) -> Quantity:
        return mean_over(values, cells.patients, usable, known, cells.classes)

    between = all(has_floors)
    drift, by_seed = quantity(cells.drift, between), cells.drift[usable].mean(axis=0)
    floor_tl, floor_ft = (
        quantity(pseudo_values(values, n_seeds), n_seeds > 2) if known else None
        for known, values in zip(has_floors, floors, strict=True)
    )
    shared = erratic = None
    if between and cells.squared:
        # of the displacements D of two seeds: <D, D'> / (2 q), whose mean is the shared part
        products = cells.cross - (cells.floor_tl + cells.floor_ft) / 2
        # the variance over seeds of a mean over pairs needs three seeds
        shared = quantity(pseudo_values(products, n_seeds), n_seeds > 2)
        erratic = drift - shared
    scale = _scale(cells, between)
    return Quantities(
        drift, floor_tl, floor_ft, shared, erratic, scale, scale and ratio(drift, scale), by_seed
    )


def _scale(cells: Cells, known: bool) -> Quantity | None:
    usable = np.isfinite(cells.scale).all(axis=1)
    if not usable.any():
        return None
    return mean_over(cells.scale, cells.patients, usable, known, cells.classes)


def scale_cells(values: np.ndarray, image: np.ndarray, partner: np.ndarray, n: int) -> np.ndarray:
    """Each image's part in the mean over pairs of patients of one seed, (n,): their mean is that mean.

    An image takes part as itself and as the partner of others; without the latter, the mean would look surer
    than it is (the projection of a U-statistic, Hoeffding 1948).

    Args:
        values: of the pairs, (pairs,); NaN where a pair could not be measured.
        image: index of each pair's own image, below `n`.
        partner: index of the other patient's image, likewise.
        n: images.

    Returns:
        NaN for an image that stands in no measured pair.
    """
    known = np.isfinite(values)
    values, image, partner = values[known], image[known], partner[known]
    times = np.bincount(image, minlength=n) + np.bincount(partner, minlength=n)
    there = times > 0
    if not there.any():
        return np.full(n, np.nan)
    above = values - values.mean()
    # each pair's deviation counts for both of its images: the mean over images stays that over pairs
    parts = (np.bincount(image, above, n) + np.bincount(partner, above, n)) * there.sum() / len(values)
    return np.where(there, values.mean() + parts, np.nan)


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
