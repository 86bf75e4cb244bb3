"""Soft overlap and what chance gives of it, by hand and against slower ways."""

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.measures.soft import overlap_by_chance, relative, soft_overlap


def test_maps_are_relative_to_their_maximum_and_one_without_evidence_stays_nothing():
    found = relative(np.array([[[1, 4], [0, 2]], [[0, 0], [0, 0]]], np.float32))
    assert found.tolist() == [[0.25, 1, 0, 0.5], [0, 0, 0, 0]]


def test_soft_overlap_is_the_sum_of_minima_over_the_sum_of_maxima():
    maps = np.array([[1, 0.5, 0, 0], [0.5, 0.5, 1, 0], [0, 0, 0, 1]])
    # of the first two: (0.5 + 0.5) / (1 + 0.5 + 1); nothing is shared with the third
    expected = [[1, 0.4, 0], [0.4, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(soft_overlap(maps), expected, rtol=1e-12)


def test_of_sets_it_is_intersection_over_union():
    first, second = (stream("sets", each).random(200) < 0.3 for each in (1, 2))
    found = soft_overlap(np.array([first, second], float))[0, 1]
    assert found == pytest.approx((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 1.0])
def test_by_chance_sets_of_a_share_q_overlap_by_q_over_2_less_q(share):
    maps = np.tile(np.arange(100) < 100 * share, (2, 1)).astype(float)
    np.testing.assert_allclose(overlap_by_chance(maps), share / (2 - share), rtol=1e-12)


def test_by_chance_by_hand():
    """Minima over all pairs of cells of (1, 0.5, 0, 0) and (0.75, 0, 0, 0): 0.75 + 0.5, a quarter of it."""
    found = overlap_by_chance(np.array([[1, 0.5, 0, 0], [0.75, 0, 0, 0]]))[0, 1]
    assert found == pytest.approx(0.3125 / (2.25 - 0.3125), rel=1e-12)


def test_what_chance_gives_is_the_mean_over_all_shifts_around_the_borders():
    """The sum of minima over every shift of one map, wherever its values lie; and over permutations of it."""
    first, second = (stream("fields", each).random((2, 12, 12)) ** 3 for each in (1, 2))
    a, b = relative(first[:1])[0].reshape(12, 12), relative(second[:1])[0].reshape(12, 12)
    shifted = [np.roll(b, (y, x), (0, 1)) for y in range(12) for x in range(12)]
    shared = np.mean([np.minimum(a, each).sum() for each in shifted])
    found = overlap_by_chance(np.array([a.ravel(), b.ravel()]))[0, 1]
    assert found == pytest.approx(shared / (a.sum() + b.sum() - shared), abs=2e-3)  # 1/256 a value
    order = stream("order")
    mean = np.mean(
        [soft_overlap(np.array([a.ravel(), order.permutation(b.ravel())]))[0, 1] for _ in range(400)]
    )
    assert found == pytest.approx(mean, abs=5e-3)


def test_there_may_be_no_maps():
    none = relative(np.zeros((0, 4, 4)))
    assert soft_overlap(none).shape == overlap_by_chance(none).shape == (0, 0)
