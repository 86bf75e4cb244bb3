"""The record's rows: each model and each pair on every group of films, with 95 % intervals over patients."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evidrift.auditing.films.calls import Scores, Truth
from evidrift.auditing.performance.areas import area_bounds
from evidrift.auditing.performance.calibration import calibration_bounds, calibration_difference
from evidrift.auditing.performance.measures import Measured, Sample, measured
from evidrift.auditing.performance.shares import difference_bounds, many_mean_bounds
from evidrift.auditing.performance.subgroups import Subgroups
from evidrift.base.interval import Bounds, share_bounds
from evidrift.compare.record import Difference, Estimate, Group, Performance

ERROR = 0.025  # of either end
DECIMALS = 6
MEANS = ("accuracy", "sensitivity", "specificity")
Cells = dict[str, Sample | Bounds | None]


class Rows(NamedTuple):
    """What the record holds of performance."""

    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]


class _Asked(NamedTuple):
    group: Group
    films: np.ndarray
    label: int | None


def rows(
    truth: Truth,
    scores: Mapping[str, Scores],
    pairs: Sequence[tuple[str, str]],
    columns: Sequence[Subgroups],
) -> Rows:
    """Every model and every pair, on all films and on each subgroup, all together and about each label.

    Args:
        truth: of the films.
        scores: by the models' parts.
        pairs: parts, reference and candidate.
        columns: by which subgroups are made.
    """
    asked = list(_groups(truth, columns))
    found = {
        part: [measured(truth, of_model, each.films, each.label) for each in asked]
        for part, of_model in scores.items()
    }
    models = [(part, each.group) for part in found for each in asked]
    pairwise = [(pair, each.group) for pair in pairs for each in asked]
    levels = _estimates([_level(each) for every in found.values() for each in every], 0.0)
    changes = _estimates(
        [
            _change(after, before)
            for reference, candidate in pairs
            for before, after in zip(found[reference], found[candidate], strict=True)
        ],
        -1.0,
    )
    return Rows(
        tuple(
            Performance(part=part, group=group, **each)
            for (part, group), each in zip(models, levels, strict=True)
        ),
        tuple(
            Difference(reference=pair[0], candidate=pair[1], group=group, **each)
            for (pair, group), each in zip(pairwise, changes, strict=True)
        ),
    )


def estimate(bounds: Bounds) -> Estimate:
    """Rounded, so that the same files give the same bytes."""
    known = {name: each for name, each in bounds._asdict().items() if each == each}
    return Estimate(**{"value": None} | {name: round(float(each), DECIMALS) for name, each in known.items()})


def _groups(truth: Truth, columns: Sequence[Subgroups]) -> Iterator[_Asked]:
    whole = np.ones(len(truth.ids), dtype=bool)
    chosen: list[tuple[str | None, str | None, np.ndarray]] = [(None, None, whole)]
    chosen += [(each.column, value, each.values == value) for each in columns for value in each.groups]
    for column, value, films in chosen:
        for label in (None, *range(len(truth.labels))):
            known = films if label is None else films & truth.known[:, label]
            has = None if label is None else known & truth.truth[:, label]
            group = Group(
                label=None if label is None else truth.labels[label],
                column=column,
                value=value,
                n_films=int(known.sum()),
                n_patients=len(np.unique(truth.patient[known])),
                n_positive=None if has is None else len(np.unique(truth.patient[has])),
            )
            yield _Asked(group, films, label)


def _level(found: Measured) -> Cells:
    return {
        **{name: getattr(found, name) for name in MEANS},
        "auc": area_bounds(found.places, 0.0, ERROR, ERROR) if found.places else None,
        "calibration_error": None if found.gaps is None else calibration_bounds(found.gaps, ERROR, ERROR),
    }


def _change(after: Measured, before: Measured) -> Cells:
    ranked = [one.less(other) for one, other in zip(after.places, before.places, strict=True)]
    both = after.gaps, before.gaps
    return {
        **{name: _less(getattr(after, name), getattr(before, name)) for name in MEANS},
        "auc": area_bounds(ranked, -1.0, ERROR, ERROR) if ranked else None,
        "calibration_error": None
        if both[0] is None or both[1] is None
        else calibration_difference(both[0], both[1], ERROR, ERROR),
    }


def _less(after: Sample | None, before: Sample | None) -> Sample | None:
    return None if after is None or before is None else after.less(before)


def _estimates(every: Sequence[Cells], lowest: float) -> list[dict[str, Estimate | None]]:
    """With the bounds of samples, those with several films a patient all at once."""
    where = [
        (row, name)
        for row, cells in enumerate(every)
        for name, cell in cells.items()
        if isinstance(cell, Sample) and not cell.exact
    ]
    samples = [cell.values for cell in (every[row][name] for row, name in where) if isinstance(cell, Sample)]
    bounds = dict(zip(where, many_mean_bounds(samples, lowest, ERROR), strict=True))
    return [
        {name: _estimate(cell, lowest, bounds.get((row, name))) for name, cell in cells.items()}
        for row, cells in enumerate(every)
    ]


def _estimate(cell: Sample | Bounds | None, lowest: float, found: Bounds | None) -> Estimate | None:
    if cell is None:
        return None
    if isinstance(cell, Sample):
        cell = found or _exact(cell.values, lowest)
    return estimate(cell)


def _exact(values: np.ndarray, lowest: float) -> Bounds:
    if lowest < 0:
        more, less = int((values > 0).sum()), int((values < 0).sum())
        return difference_bounds(more, less, len(values), ERROR, ERROR)
    return share_bounds(values.sum(), len(values), ERROR, ERROR)
