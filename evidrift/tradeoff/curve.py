"""The quantities of every point of one architecture: accuracy, drift, flips, places.

Accuracy and flips are of the whole test split. Drift is of the common cohort of what is compared: a point and
`tl`, plain fine-tuning and the dials that it is measured against. These are the images that all of them get
right under every seed, and whose maps can be used in all of them. So points are compared on the same films,
and a training of another strategy that failed takes nothing away from them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
        cohort: images that `tl`, plain fine-tuning, every dial and the point get right, (n,) bool.
        moved: by layer and method, of that cohort.
        plain: the same of plain fine-tuning, of the same images.
        drifts: by layer and method, the drift of `tl` (from itself), plain fine-tuning, the dials and the
            point, of the same images; without an entry where there is none.
        drift_all: of all test images whose maps can be used, under LayerCAM at the layer that conclusions
            rest on; None where there are none.
        places: by place, the share of the evidence there less that under `tl`, on the cohort; those that are
            known.
    """

    accuracy: Quantity
    gain: Quantity
    flips: Quantity
    cohort: np.ndarray
    moved: Mapping[Key, Quantities]
    plain: Mapping[Key, Quantities]
    drifts: Mapping[Key, Mapping[Point, Quantity]]
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
        evidence: what it is made of.
        figures: by point, plain fine-tuning first.
        accuracy_tl: of transfer learning.
    """

    evidence: Evidence
    figures: Mapping[Point, Figures]
    accuracy_tl: Quantity

    @property
    def architecture(self) -> str:
        """Its name."""
        return self.evidence.architecture

    @property
    def points(self) -> tuple[Point, ...]:
        """Plain fine-tuning first."""
        return self.evidence.points

    def gains(self) -> dict[Point, Quantity]:
        """Accuracy less that of `tl`, by point, that of `tl` among them."""
        origin = self.accuracy_tl - self.accuracy_tl
        return {TL: origin, **{point: self.figures[point].gain for point in self.points}}

    def gain_kept(self, point: Point) -> Quantity | None:
        """Share of what plain fine-tuning gains in accuracy; None where that gains nothing."""
        return ratio(self.figures[point].gain, self.figures[PLAIN].gain)


def curve_of(evidence: Evidence) -> Curve:
    """Quantities of every point of one architecture."""
    return Curve(
        evidence,
        {point: _figures(evidence, point) for point in evidence.points},
        _over(evidence, evidence.right[TL].astype(float)),
    )


def rivals_of(points: Iterable[Point]) -> list[Point]:
    """Those that trace the curve which every method is measured against, `tl` apart."""
    return [point for point in points if point.role in ("plain", "dial")]


def _over(evidence: Evidence, values: np.ndarray, images: np.ndarray | None = None) -> Quantity:
    """Mean of values, (n, seeds), over images, (n,) bool, or all."""
    chosen = np.ones(len(values), bool) if images is None else images
    return mean_over(values, evidence.patients, chosen, len(evidence.seeds) > 1)


def _figures(evidence: Evidence, point: Point) -> Figures:
    tl, right = (evidence.right[each].astype(float) for each in (TL, point))
    compared = list(dict.fromkeys([*rivals_of(evidence.points), point]))
    cohort = np.logical_and.reduce([evidence.right[each].all(axis=1) for each in (TL, *compared)])
    moved, plain, drifts = {}, {}, {}
    for key, of_points in evidence.moved.items():
        images = cohort & _usable(of_points[each] for each in compared)
        found = {each: quantities(restricted(of_points[each], images)) for each in compared}
        moved[key], plain[key] = found[point], found[PLAIN]
        known = {each: own.drift for each, own in found.items() if own.drift is not None}
        if known:  # of the same images: of all points or of none
            drifts[key] = {TL: known[PLAIN] - known[PLAIN], **known}
    all_films = NOTHING
    if PRIMARY in evidence.moved:
        of_points = evidence.moved[PRIMARY]
        usable = _usable(of_points[each] for each in compared)
        all_films = quantities(restricted(of_points[point], usable))
    return Figures(
        _over(evidence, right),
        _over(evidence, right - tl),
        _over(evidence, tl * (1 - right)),
        cohort,
        moved,
        plain,
        drifts,
        all_films.drift,
        _places(evidence, point, compared, cohort),
    )


def _places(
    evidence: Evidence, point: Point, compared: Sequence[Point], cohort: np.ndarray
) -> dict[str, Quantity]:
    found = {}
    for place, shares in evidence.places.items():
        known = cohort & np.logical_and.reduce(
            [np.isfinite(shares[each]).all(axis=1) for each in (TL, *compared)]
        )
        if known.any():
            found[place] = _over(evidence, shares[point] - shares[TL], known)
    return found


def _usable(cells: Iterable[Cells]) -> np.ndarray:
    """Images whose map can be used in every point and under every seed, (n,) bool."""
    known = [
        np.isfinite(values).all(axis=1)
        for each in cells
        for values in (each.drift, each.floor_tl, each.floor_ft)
    ]
    return np.logical_and.reduce(known)


def restricted(cells: Cells, images: np.ndarray) -> Cells:
    """Cells of which only some images count, (n,) bool."""

    def only(values: np.ndarray) -> np.ndarray:
        return np.where(images[:, None], values, np.nan).astype(np.float64)

    return cells.changed(only)
