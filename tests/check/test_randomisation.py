"""The chance level of likeness under random weights: by hand, and the error rate of what it decides."""

import numpy as np
import pytest
from scipy import stats

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


def spearman(one, other):
    rows = [stats.rankdata(values, axis=1) for values in (one, other)]
    centred = [values - values.mean(axis=1, keepdims=True) for values in rows]
    first, second = (values / np.linalg.norm(values, axis=1, keepdims=True) for values in centred)
    return first @ second.T


def study(random, classes, n, shared):
    """Likeness of originals and of random maps that hold nothing of the image but what the class shares."""
    patients, cells = classes * n, 36
    prior, label = random.normal(size=(2, cells)), np.repeat(np.arange(classes), n)
    by_class = random.normal(size=(2, classes, cells))
    originals, drawn = (
        random.standard_t(2, (patients, cells))
        + shared * (random.uniform(0, 2, (patients, 1)) * prior[at] + by_class[at][label])
        for at in (0, 1)
    )
    return spearman(originals, drawn), label[:, None] == label


@pytest.mark.parametrize(("classes", "n", "shared"), [(5, 12, 0), (5, 12, 2), (5, 3, 2), (2, 8, 2)])
def test_maps_that_hold_nothing_of_the_image_are_marked_as_seldom_as_stated(classes, n, shared):
    """In 400 studies a rate of 5 % gives at most 31 (probability 0.006 of more); an exact test agrees."""
    random = stream("randomisation test", classes, n, shared)
    p_values, exact = [], []
    for _ in range(400):
        likeness, alike = study(random, classes, n, shared)
        excess = np.diagonal(likeness) - chance_level(likeness, alike, np.arange(len(likeness)))
        p_values.append(stats.ttest_1samp(excess, 0, alternative="greater").pvalue)
        exact.append(permutation_p(random, likeness, alike))
    assert 5 <= np.sum(np.array(p_values) < 0.05) <= 31
    assert np.corrcoef(p_values, exact)[0, 1] > 0.9


def permutation_p(random, likeness, alike, draws=99):
    """Of partners drawn anew within the classes, the share that are as much alike."""
    n = int(alike[0].sum())
    start = np.arange(0, len(likeness), n)[:, None]
    orders = (start + random.permuted(np.tile(np.arange(n), (draws, len(start), 1)), axis=2)).reshape(
        draws, -1
    )
    sums = likeness[np.arange(len(likeness)), orders].sum(axis=1)
    return (1 + (sums >= np.trace(likeness)).sum()) / (1 + draws)
