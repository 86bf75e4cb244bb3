"""The quantities of every point of one architecture: accuracy, drift, flips, places.

Accuracy and flips are of the whole test split. Drift is of the common cohort: images right in `tl`, in plain
fine-tuning and in every point, under every seed, whose maps can be used in all of them. So two points are
compared on the same films, and what tells them apart is paired.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evidrift.claims.estimate import Quantity
from evidrift.claims.functions import mean_over, ratio
from evidrift.claims.quantities import NOTHING, Cells, Quantities, quantities
from evidrift.tradeoff.evidence import PRIMARY, Evidence, Key
from evidrift.tradeoff.points import PLAIN, TL, Point


@dataclass(frozen=True)
class Figures:
    """Quantities of one point.

    Attributes:
        accuracy: on the test split, 0 to 1.
        gain: accuracy less that of `tl`.
        flips: share of the test images that are right in `tl` and wrong in the point.
        moved: by layer and method, of the common cohort.
        drift_all: of all test images whose maps can be used, under LayerCAM at the layer that conclusions
            rest on; None where there are none.
        places: by place, the share of the evidence there less that under `tl`, on the common cohort; those
            that are known.
    """

    accuracy: Quantity
    gain: Quantity
    flips: Quantity
    moved: Mapping[Key, Quantities]
    drift_all: Quantity | None
    places: Mapping[str, Quantity]

    @property
    def drift(self) -> Quantity | None:
        """Under LayerCAM at the layer that conclusions rest on."""
        return self.moved.get(PRIMARY, NOTHING).drift


@dataclass(frozen=True)
class Curve:
    """All points of one architecture.

    Attributes:
        architecture: its name.
        points: plain fine-tuning first.
        figures: by point.
        accuracy_tl: of transfer learning.
        keys: layers and methods.
        cohort: images that are right in every checkpoint, (n,) bool.
        n_test: images of the test split.
        n_seeds: trainings of each point.
        area: share of the image's area that the strongest cells are; unrelated maps drift by the rest.
    """

    architecture: str
    points: tuple[Point, ...]
    figures: Mapping[Point, Figures]
    accuracy_tl: Quantity
    keys: tuple[Key, ...]
    cohort: np.ndarray
    n_test: int
    n_seeds: int
    area: float

    def gains(self) -> dict[Point, Quantity]:
        """Accuracy less that of `tl`, by point, that of `tl` among them."""
        origin = self.accuracy_tl - self.accuracy_tl
        return {TL: origin, **{point: self.figures[point].gain for point in self.points}}

    def drifts(self, key: Key = PRIMARY) -> dict[Point, Quantity]:
        """Drift by point under a method, that of `tl` from itself among them; empty where there is none."""
        found = {point: self.figures[point].moved[key].drift for point in self.points}
        known = {point: each for point, each in found.items() if each is not None}
        if len(known) < len(found):
            return {}
        return {TL: known[PLAIN] - known[PLAIN], **known}

    def gain_kept(self, point: Point) -> Quantity | None:
        """Share of what plain fine-tuning gains in accuracy; None where that gains nothing."""
        return ratio(self.figures[point].gain, self.figures[PLAIN].gain)


def curve_of(evidence: Evidence) -> Curve:
    """Quantities of every point of one architecture."""
    patients = evidence.patients
    every = np.ones(len(patients), bool)
    several = len(evidence.seeds) > 1
    cohort = np.logical_and.reduce([right.all(axis=1) for right in evidence.right.values()])
    right = {point: each.astype(float) for point, each in evidence.right.items()}

    def over_split(values: np.ndarray) -> Quantity:
        return mean_over(values, patients, every, several)

    def changes(point: Point) -> dict[str, Quantity]:
        found = {}
        for place, shares in evidence.places.items():
            known = cohort & np.logical_and.reduce(
                [np.isfinite(each).all(axis=1) for each in shares.values()]
            )
            if known.any():
                found[place] = mean_over(shares[point] - shares[TL], patients, known, several)
        return found

    usable = {key: _usable(of_points) for key, of_points in evidence.moved.items()}
    figures = {
        point: Figures(
            accuracy=over_split(right[point]),
            gain=over_split(right[point] - right[TL]),
            flips=over_split(right[TL] * (1 - right[point])),
            moved={
                key: quantities(restricted(of_points[point], cohort & usable[key]))
                for key, of_points in evidence.moved.items()
            },
            drift_all=quantities(restricted(evidence.moved[PRIMARY][point], usable[PRIMARY])).drift
            if PRIMARY in evidence.moved
            else None,
            places=changes(point),
        )
        for point in evidence.points
    }
    return Curve(
        evidence.architecture,
        evidence.points,
        figures,
        over_split(right[TL]),
        tuple(evidence.moved),
        cohort,
        len(patients),
        len(evidence.seeds),
        evidence.area,
    )


def _usable(of_points: Mapping[Point, Cells]) -> np.ndarray:
    """Images whose map can be used in every point and under every seed, (n,) bool."""
    known = [
        np.isfinite(values).all(axis=1)
        for cells in of_points.values()
        for values in (cells.drift, cells.floor_tl, cells.floor_ft)
    ]
    return np.logical_and.reduce(known)


def restricted(cells: Cells, images: np.ndarray) -> Cells:
    """Cells of which only some images count, (n,) bool."""

    def only(values: np.ndarray) -> np.ndarray:
        return np.where(images[:, None], values, np.nan).astype(np.float64)

    return replace(
        cells,
        drift=only(cells.drift),
        cross=only(cells.cross),
        floor_tl=only(cells.floor_tl),
        floor_ft=only(cells.floor_ft),
        scale=only(cells.scale),
    )
