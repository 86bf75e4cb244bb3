"""Do trainings lie in one cloud, or in several? A count of basins, from their mutual distances alone.

A basin is a group of two or more trainings that are nearer to each other than to the others. A training that
lies far from all the others makes none: it is an outlier. What is asked is whether the trainings fall apart
more clearly than as many draws from *one* cloud would.

The moved share is a squared Euclidean distance, so the mean over images is one too, and gives the trainings'
principal axes (Torgerson 1952). How clearly they fall into two along an axis is the share of their variance
along it that lies between the two groups, under the best cut. If trainings are drawn independently from one
normal cloud, the axes are a random rotation, whatever the cloud's shape and dimension: neither moves the
share, which depends on their number alone (the argument of a rotation test, Langsrud 2005). A cloud that is
spread evenly along an axis, with no middle, is cut more clearly than a normal one. So the share is held
against both, and the larger p counts. Images and patients are what the distances are measured by; they add no
noise to the question whether these trainings, on these images, lie in one cloud.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from evidrift.base.seeds import stream
from evidrift.claims.claim import ALPHA

Group = tuple[int, ...]
SMALLEST = 2  # trainings in a basin
DIVISIBLE = 2 * SMALLEST
# Three basins lie in a plane, and no axis of it need part one from the others: so the plane is searched, too.
IN_A_PLANE = 3 * SMALLEST
DIRECTIONS = 24  # of the plane, 7.5 degrees apart
DRAWS = 10_000  # of each cloud
ROUNDING = 1e-9


class Split(NamedTuple):
    """The clearest division of some trainings.

    Attributes:
        groups: indices of the trainings.
        p: how often at most trainings of one cloud divide as clearly.
    """

    groups: tuple[Group, Group]
    p: float


class Basins(NamedTuple):
    """Trainings by basin.

    Attributes:
        groups: indices of the trainings, a group a basin; a single one where they lie in one cloud as far
            as can be told.
        p: of the first division, times the number of tests (Bonferroni).
    """

    groups: tuple[Group, ...]
    p: float


def find_basins(distances: np.ndarray, n_tests: int = 1) -> Basins:
    """Divide the trainings, and their groups again, as long as one cloud would hardly divide as clearly.

    Args:
        distances: squared Euclidean distances of the trainings, (k, k), in any unit.
        n_tests: in the family. Where several groups are asked at once, their number is corrected for as well.
    """
    done: list[Group] = []
    asked: list[Group] = [tuple(range(len(distances)))]
    first: float | None = None
    while asked:
        n, parts = n_tests * len(asked), list[Group]()
        for group in asked:
            split = clearest_split(distances[np.ix_(group, group)])
            p = min(1.0, n * split.p) if split else 1.0
            first = p if first is None else first
            if split and p <= ALPHA:
                parts += [tuple(group[at] for at in part) for part in split.groups]
            else:
                done.append(group)
        done += [group for group in parts if len(group) < DIVISIBLE]
        asked = [group for group in parts if len(group) >= DIVISIBLE]
    return Basins(tuple(sorted(done)), 1.0 if first is None else first)


def clearest_split(distances: np.ndarray) -> Split | None:
    """The division that one cloud would least often show; None where no two groups are nearer within.

    Args:
        distances: squared Euclidean distances of the trainings, (k, k).
    """
    k = len(distances)
    dimensions = () if k < DIVISIBLE else (1,) if k < IN_A_PLANE else (1, 2)
    axes = _principal_axes(distances)
    found = []
    for m in dimensions:
        # a cloud that is a line has no plane
        if axes.shape[1] >= m and (best := _best(axes[:, :m], distances)):
            groups, share = best
            found.append(Split(groups, min(1.0, len(dimensions) * _p_value(share, k, m))))
    return min(found, key=lambda split: split.p, default=None)


def _principal_axes(distances: np.ndarray) -> np.ndarray:
    """The trainings' places along the two axes of most variance, scaled to length 1; (k, 2) or fewer."""
    centring = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-centring @ distances @ centring / 2)
    there = values > ROUNDING * max(values[-1], 1.0)
    return vectors[:, there][:, ::-1][:, :2]


def _best(axes: np.ndarray, distances: np.ndarray) -> tuple[tuple[Group, Group], float] | None:
    """The clearest cut between two groups that are nearer within than to each other, and its share."""
    order, shares = _cuts(axes)
    for place in np.argsort(-shares, axis=None, kind="stable"):
        direction, at = np.unravel_index(place, shares.shape)
        parts = order[direction, : at + SMALLEST], order[direction, at + SMALLEST :]
        if _nearer_within(distances, *parts):
            one, other = sorted(tuple(sorted(map(int, part))) for part in parts)
            return (one, other), float(shares[direction, at])
    return None


def _nearer_within(distances: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    between = distances[np.ix_(one, other)].mean()
    # of k trainings, k (k - 1) of the k^2 distances are between two of them
    within = (distances[np.ix_(part, part)].sum() / (len(part) * (len(part) - 1)) for part in (one, other))
    return all(between - each > ROUNDING for each in within)


def _cuts(axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every cut along every direction: the trainings' order, and the share of variance between the parts.

    Args:
        axes: orthonormal, each summing to zero, (..., k, m), m one or two.

    Returns:
        Order, (..., directions, k), and shares, (..., directions, k - 3): the first cut leaves two trainings
        on its left, the last one two on its right.
    """
    k, m = axes.shape[-2:]
    angles = np.arange(DIRECTIONS if m == 2 else 1) * np.pi / DIRECTIONS
    along = np.swapaxes(axes @ np.stack([np.cos(angles), np.sin(angles)])[:m], -1, -2)
    order = np.argsort(along, axis=-1, kind="stable")
    sums = np.cumsum(np.take_along_axis(along, order, axis=-1), axis=-1)[..., SMALLEST - 1 : k - SMALLEST]
    left = np.arange(SMALLEST, k - SMALLEST + 1)
    # all sum to 0 and their squares to 1: the parts' means are sums / left and -sums / (k - left)
    return order, sums**2 * (1 / left + 1 / (k - left))


def _p_value(share: float, k: int, m: int) -> float:
    """How often at most the clearest cut of k draws from one cloud has this share or more."""
    beyond = [DRAWS - np.searchsorted(each, share - ROUNDING) for each in _of_one_cloud(k, m)]
    return (1 + float(max(beyond))) / (1 + DRAWS)


@lru_cache(maxsize=64)
def _of_one_cloud(k: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the clearest cuts, sorted, of k draws from a normal and from an even cloud, (DRAWS,) each."""
    rng = stream("basins", k, m)
    clouds = rng.normal(size=(DRAWS, k, m)), rng.uniform(size=(DRAWS, k, m))
    normal, even = (np.sort(np.concatenate([_clearest(part) for part in np.split(c, 10)])) for c in clouds)
    return normal, even


def _clearest(points: np.ndarray) -> np.ndarray:
    """The share of the clearest cut of each set of points, (sets, k, m)."""
    axes, _ = np.linalg.qr(points - points.mean(axis=1, keepdims=True))
    return _cuts(axes)[1].max(axis=(-2, -1))
