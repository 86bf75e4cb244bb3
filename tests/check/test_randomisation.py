"""The chance level of likeness under random weights: by hand, and the error rate of what it decides."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.random_weights import exact_p, study
from evidrift.base.seeds import stream
from evidrift.check.randomisation import chance_level

THREE = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.4], [0.5, 0.6, 0.7]])


def test_chance_is_what_row_and_column_have_with_other_patients_worked_out_by_hand():
    found = chance_level(THREE, np.ones((3, 3), bool), np.array(["a", "b", "c"]))
    # rows without the diagonal 0.15, 0.35, 0.55; columns 0.4, 0.35, 0.3; all of them 0.35
    np.testing.assert_allclose(found, [0.15 + 0.4 - 0.35, 0.35 + 0.35 - 0.35, 0.55 + 0.3 - 0.35])


def test_images_of_one_patient_of_another_group_or_without_a_map_are_no_partners():
    likeness = np.full((7, 7), 0.99)
    likeness[:3, :3] = THREE
    likeness[3, :] = likeness[:, 3] = THREE[[0, 1, 2, 0, 0, 0, 0], 0]  # again the first patient
    likeness[5, :] = likeness[:, 5] = np.nan
    patients = np.array(["a", "b", "c", "a", "d", "e", "f"])
    group = np.array([0, 0, 0, 0, 1, 0, 1])
    found = chance_level(likeness, group[:, None] == group, patients)
    assert np.isfinite(found[:4]).all() and found[:4].max() < 0.99
    assert np.isnan(found[4:]).all()  # two patients of a group are too few, and one has no map


@pytest.mark.parametrize(
    ("n_classes", "n", "kind", "shared"),
    [(5, 12, "heavy tails", 2), (5, 3, "even", 1), (2, 8, "one pattern", 1)],
)
def test_maps_that_hold_nothing_of_the_image_are_marked_as_seldom_as_stated(n_classes, n, kind, shared):
    """In 200 studies a rate of 5 % gives at most 18 (probability 0.007 of more); an exact test agrees."""
    random, labels = stream("randomisation test", n_classes, n, kind), np.repeat(np.arange(n_classes), n)
    p_values, exact = [], []
    for _ in range(200):
        likeness = study(random, kind, shared, labels)
        chance = chance_level(likeness, labels[:, None] == labels, np.arange(len(labels)))
        excess = np.diagonal(likeness) - chance
        p_values.append(stats.ttest_1samp(excess, 0, alternative="greater").pvalue)
        exact.append(exact_p(random, likeness, n_classes, draws=99))
    assert 3 <= np.sum(np.array(p_values) < 0.05) <= 18
    assert np.corrcoef(p_values, exact)[0, 1] > 0.9
