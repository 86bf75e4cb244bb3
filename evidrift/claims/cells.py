"""The drift tables as arrays: one set of cells by architecture, layer, method and measure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from evidrift.claims.cohort import CommonCohort
from evidrift.claims.quantities import Cells, Quantities, quantities, scale_cells
from evidrift.drift.oriented import as_drift, is_squared
from evidrift.drift.pairs import SCALE

Key = tuple[str, str, str]  # architecture, layer, method
AllQuantities = Mapping[tuple[Key, str], Quantities]  # by key and measure


@dataclass(frozen=True)
class Arranged:
    """All measures of one architecture, layer and method on the common cohort.

    Attributes:
        measures: names, in the order of the last axis of the arrays.
        patients, classes: see `Cells`.
        drift, cross, floor_tl, floor_ft, scale: see `Cells`, with the measures as last axis.
    """

    measures: tuple[str, ...]
    patients: np.ndarray
    classes: np.ndarray
    drift: np.ndarray
    cross: np.ndarray
    floor_tl: np.ndarray
    floor_ft: np.ndarray
    scale: np.ndarray

    def cells(self, measure: str, by_class: bool = False) -> Cells:
        """One measure's cells; `by_class` lets every class count alike instead of every image."""
        at = self.measures.index(measure)
        return Cells(
            patients=self.patients,
            drift=self.drift[..., at],
            cross=self.cross[..., at],
            floor_tl=self.floor_tl[..., at],
            floor_ft=self.floor_ft[..., at],
            scale=self.scale[..., at],
            squared=is_squared(measure),
            classes=self.classes if by_class else None,
        )


def quantities_of(pairs: pd.DataFrame, cohort: CommonCohort, seeds: tuple[int, ...]) -> AllQuantities:
    """Quantities of everything that was measured on the common cohort.

    Args:
        pairs: drift tables.
        cohort: whose images count.
        seeds: of the grid.
    """
    return quantities_in(arrange(pairs, cohort, seeds))


def quantities_in(arranged: Mapping[Key, Arranged], by_class: bool = False) -> AllQuantities:
    """Quantities of everything that was arranged; `by_class` as for `Arranged.cells`."""
    return {
        (key, measure): quantities(each.cells(measure, by_class))
        for key, each in arranged.items()
        for measure in each.measures
    }


def arrange(pairs: pd.DataFrame, cohort: CommonCohort, seeds: tuple[int, ...]) -> dict[Key, Arranged]:
    """Arrange the rows of the common cohort; what has no row is NaN.

    Args:
        pairs: drift tables.
        cohort: whose images count.
        seeds: of the grid.
    """
    return dict(_arranged(cohort.select(pairs), cohort, seeds))


def _arranged(
    pairs: pd.DataFrame, cohort: CommonCohort, seeds: tuple[int, ...]
) -> Iterator[tuple[Key, Arranged]]:
    image_at = {image_id: at for at, image_id in enumerate(cohort.image_ids)}
    seed_at = {seed: at for at, seed in enumerate(seeds)}
    shape = (len(image_at), len(seeds))
    both = list(combinations(range(len(seeds)), 2))
    pair_at = np.zeros((len(seeds), len(seeds)), dtype=int)
    for at, (one, other) in enumerate(both):
        pair_at[one, other] = pair_at[other, one] = at
    patients, classes = (_index_of(pairs, name, image_at) for name in ("patient_id", "label"))
    oriented = as_drift(pairs)
    measures, all_values = tuple(oriented.columns), oriented.to_numpy()
    images = pairs["image_id"].map(image_at).to_numpy(int)
    # both patients of a pair belong to the cohort, so that the scale is of the same films as the drift
    partners = pairs["image_id_after"].astype(str).map(image_at).fillna(-1).to_numpy(int)
    before, after = (pairs[name].map(seed_at).to_numpy(int) for name in ("seed_before", "seed_after"))
    kinds = pairs["pair_kind"].astype(str).to_numpy()
    for key, rows in pairs.groupby(["arch", "layer", "method"], observed=True).indices.items():
        rows = rows[partners[rows] >= 0]
        values, kind, image, partner = all_values[rows], kinds[rows], images[rows], partners[rows]
        first, second = before[rows], after[rows]
        between = {
            name: _means(values, kind == name, image, pair_at[first, second], (len(image_at), len(both)))
            for name in ("cross", "seed_tl", "seed_ft")
        }
        scales = [
            _scale(values[of], image[of], partner[of], first[of], shape)
            for of in (kind == name for name in SCALE)
        ]
        yield (
            (str(key[0]), str(key[1]), str(key[2])),
            Arranged(
                measures,
                patients,
                classes,
                drift=_means(values, kind == "drift", image, first, shape),
                cross=between["cross"],
                floor_tl=between["seed_tl"],
                floor_ft=between["seed_ft"],
                scale=(scales[0] + scales[1]) / 2,
            ),
        )


def _index_of(pairs: pd.DataFrame, name: str, image_at: Mapping[str, int]) -> np.ndarray:
    """Index of each image's word in a column, as of its patient, (n,)."""
    rows = pairs.drop_duplicates("image_id")
    word = dict(zip(rows["image_id"].astype(str), rows[name].astype(str), strict=True))
    return np.unique([word[image_id] for image_id in image_at], return_inverse=True)[1]


def _scale(
    values: np.ndarray, image: np.ndarray, partner: np.ndarray, column: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """See `scale_cells`, (images, seeds, measures)."""
    cells = np.full((*shape, values.shape[1]), np.nan)
    for at in range(shape[1]):
        of_seed = column == at
        for measure in range(values.shape[1]):
            cells[:, at, measure] = scale_cells(
                values[of_seed, measure], image[of_seed], partner[of_seed], shape[0]
            )
    return cells


def _means(
    values: np.ndarray, chosen: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Mean of the finite values that fall into each cell, (rows, columns, measures); NaN where none does."""
    place = rows[chosen] * shape[1] + columns[chosen]
    found = values[chosen]
    known = np.isfinite(found)
    n = shape[0] * shape[1]
    total, count = np.zeros((n, found.shape[1])), np.zeros((n, found.shape[1]))
    np.add.at(total, place, np.where(known, found, 0))
    np.add.at(count, place, known)
    means = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return means.reshape(*shape, found.shape[1])
