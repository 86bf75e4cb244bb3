"""Basins: trainings of one cloud stay together, those of several are told apart."""

from itertools import combinations

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.claims.basins import _cuts, _of_one_cloud, clearest_split, find_basins


def distances(points: np.ndarray) -> np.ndarray:
    """Squared, of points (k, dimensions)."""
    return np.square(points[:, None] - points[None]).sum(axis=-1)


def apart(*sizes: int, by: float, dimensions: int = 200) -> np.ndarray:
    """Points of variance 1 around centres of which any two are `by` from each other."""
    points = stream("basins", *sizes).normal(size=(sum(sizes), dimensions))
    points[np.arange(len(points)), np.repeat(np.arange(len(sizes)), sizes)] += by / np.sqrt(2)
    return points


def test_the_clearest_cut_has_the_largest_share_of_the_variance_between_its_parts():
    points = stream("cut").normal(size=7)
    points -= points.mean()

    def between(one: tuple[int, ...]) -> float:
        other = [at for at in range(7) if at not in one]
        means = points[list(one)].mean(), points[other].mean()
        return (len(one) * means[0] ** 2 + len(other) * means[1] ** 2) / np.square(points).sum()

    every = {one: between(one) for size in range(2, 6) for one in combinations(range(7), size)}
    order, shares = _cuts((points / np.linalg.norm(points))[:, None])
    at = shares[0].argmax()
    assert shares.shape == (1, 4)
    assert shares[0, at] == pytest.approx(max(every.values()))
    assert every[tuple(sorted(order[0, : at + 2].tolist()))] == pytest.approx(max(every.values()))


@pytest.mark.parametrize("share", [0.9, 0.97])
def test_four_trainings_of_a_normal_cloud_divide_as_often_as_the_caps_of_a_sphere_say(share):
    # their axis is a random point of a sphere, and the three ways to divide them are three axes of it: six
    # caps of height 1 - sqrt(share), each with half of that as its part of the surface
    found = np.mean(_of_one_cloud(4, 1)[0] >= share)
    expected = 3 * (1 - np.sqrt(share))
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / 10_000)


def test_four_trainings_of_an_even_line_divide_as_often_as_other_draws_of_it():
    points = np.sort(np.random.default_rng(1).uniform(size=(10_000, 4)), axis=1)
    between = np.square(points[:, 2:].mean(axis=1) - points[:, :2].mean(axis=1))
    found = np.mean(_of_one_cloud(4, 1)[1] >= 0.95)
    assert abs(found - np.mean(between / points.var(axis=1) / 4 >= 0.95)) < 0.015


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ((4, 6), ((0, 1, 2, 3), (4, 5, 6, 7, 8, 9))),
        ((2, 8), ((0, 1), (2, 3, 4, 5, 6, 7, 8, 9))),
        ((3, 3, 4), ((0, 1, 2), (3, 4, 5), (6, 7, 8, 9))),
    ],
)
def test_groups_that_are_clearly_apart_are_found(sizes, groups):
    found = find_basins(distances(apart(*sizes, by=60)), n_tests=6)
    assert found.groups == groups
    assert found.p < 0.01


def test_the_unit_of_the_distances_and_the_order_of_the_trainings_do_not_matter():
    squares = distances(apart(4, 6, by=25))
    order = np.arange(10)[::-1]
    one, other = find_basins(squares), find_basins(squares[np.ix_(order, order)] / 1000)
    assert one.p == other.p
    assert {tuple(sorted(order[list(group)].tolist())) for group in other.groups} == set(one.groups)


@pytest.mark.parametrize("seed", range(3))
def test_trainings_far_from_all_others_are_no_basin(seed):
    points = stream("basins", "outliers", seed).normal(size=(10, 200))
    one, two = points.copy(), points.copy()
    one[0] += 5
    two[:2] *= 4  # each in its own direction: as far from each other as from the rest
    assert find_basins(distances(one)).groups == find_basins(distances(two)).groups == (tuple(range(10)),)


@pytest.mark.parametrize("squares", [np.zeros((6, 6)), 1 - np.eye(6), distances(apart(2, 1, by=60))])
def test_trainings_that_are_alike_or_too_few_have_no_division(squares):
    assert clearest_split(squares) is None
    assert find_basins(squares) == ((tuple(range(len(squares))),), 1.0)


def test_trainings_on_a_line_are_divided_along_it():
    line = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [5.3]])
    assert find_basins(distances(line)).groups == ((0, 1, 2), (3, 4, 5, 6))


def test_more_tests_ask_for_a_clearer_division():
    squares = distances(apart(3, 3, by=25))
    alone = find_basins(squares)
    assert len(alone.groups) == 2
    many = find_basins(squares, n_tests=1000)
    assert (len(many.groups), many.p) == (1, min(1.0, 1000 * alone.p))
