"""Quantities in which every class counts alike: means of class means, and their errors, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evidrift.base.seeds import stream
from evidrift.claims.estimate import estimate
from evidrift.claims.quantities import Cells, quantities

RARE, COMMON, SEEDS = 4, 16, 3


def cells(classes: np.ndarray | None) -> Cells:
    """Drift of 20 patients of two classes, 0.6 in the rare one and 0.2 in the other, and noise."""
    random = stream("classes alike")
    n = RARE + COMMON
    drift = np.where(np.arange(n) < RARE, 0.6, 0.2)[:, None] + random.normal(scale=0.05, size=(n, SEEDS))
    floors = random.uniform(0.1, 0.2, (3, n, SEEDS))  # as many pairs of seeds as seeds
    return Cells(np.arange(n), drift, *floors, scale=np.full((n, SEEDS), np.nan), classes=classes)


CLASSES = np.repeat([7, 2], [RARE, COMMON])


def test_drift_is_the_mean_of_the_classes_means():
    drift = cells(CLASSES).drift
    expected = (drift[:RARE].mean() + drift[RARE:].mean()) / 2
    assert quantities(cells(CLASSES)).drift.value == pytest.approx(expected)
    assert quantities(cells(None)).drift.value == pytest.approx(drift.mean())


def test_each_class_has_its_own_variance_over_patients_and_its_own_degrees_of_freedom():
    own = cells(CLASSES).drift.mean(axis=1)
    reach = [
        stats.t.ppf(0.975, len(each) - 1) ** 2 * each.var(ddof=1) / len(each) / 4
        for each in (own[:RARE], own[RARE:])
    ]
    found = estimate([quantities(cells(CLASSES)).drift], "these checkpoints")
    assert found.half_width() == pytest.approx(np.sqrt(sum(reach)))


def test_the_seeds_noise_is_that_of_the_classes_mean():
    drift = cells(CLASSES).drift
    by_seed = (drift[:RARE].mean(axis=0) + drift[RARE:].mean(axis=0)) / 2
    recipe, fixed = (
        estimate([quantities(cells(CLASSES)).drift], estimand) for estimand in ("recipe", "these checkpoints")
    )
    assert recipe.error**2 - fixed.error**2 == pytest.approx(by_seed.var(ddof=1) / SEEDS)


def test_differences_keep_the_classes():
    one = quantities(cells(CLASSES)).drift
    difference = one - one
    assert difference.value == 0
    assert difference.groups is one.groups
    assert len(estimate([one, -one], "these checkpoints").parts) == 2


def test_of_a_single_class_it_is_the_plain_mean_with_the_plain_interval():
    alike, plain = (quantities(cells(each)).shared for each in (np.zeros(RARE + COMMON, int), None))
    assert alike.value == pytest.approx(plain.value)
    assert estimate([alike], "recipe").interval() == pytest.approx(estimate([plain], "recipe").interval())


def test_a_patient_with_many_images_is_one_patient():
    twice = cells(CLASSES)
    both = np.repeat(np.arange(RARE + COMMON), 2)
    doubled = replace(
        twice,
        patients=both,
        classes=CLASSES[both],
        **{name: getattr(twice, name)[both] for name in ("drift", "cross", "floor_tl", "floor_ft", "scale")},
    )
    one, other = (estimate([quantities(each).drift], "recipe") for each in (twice, doubled))
    assert other.interval() == pytest.approx(one.interval())


def test_a_class_with_a_single_patient_leaves_the_error_unknown():
    one = np.where(np.arange(RARE + COMMON) == 0, 7, 2)
    found = estimate([quantities(cells(one)).drift], "these checkpoints")
    assert found.value > 0 and not found.known
