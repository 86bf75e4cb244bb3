"""Random places of a region."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evidrift.base.seeds import stream
from evidrift.reliance.placing import moved, outline

MASKS = st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=7, max_size=7).map(np.array)


@given(MASKS, st.integers(0, 1000))
def test_a_random_place_has_exactly_the_regions_area(mask, draw):
    assert moved(mask, stream("place", draw)).sum() == mask.sum()


def corner(top, left):
    mask = np.zeros((40, 40), bool)
    mask[top : top + 6, left : left + 6] = True
    return mask


def test_a_corner_keeps_its_shape_and_goes_everywhere():
    places = [moved(corner(0, 0), stream("place", draw)) for draw in range(200)]
    assert {outline(place) for place in places} == {outline(corner(20, 7))}
    reached = np.logical_or.reduce(places)
    assert reached.mean() > 0.9


def test_four_corners_stay_four_squares():
    mask = corner(0, 0) | corner(0, 34) | corner(34, 0) | corner(34, 34)
    place = moved(mask, stream("place", 1))
    assert place.sum() == 4 * 36
    assert not np.array_equal(place, mask)
    # squares of six have 25 inner corners each: no two have merged into a strip or grown together as a cross
    inner = place[1:, 1:] & place[:-1, :-1] & place[1:, :-1] & place[:-1, 1:]
    assert inner.sum() >= 4 * 25


def test_a_border_is_moved_as_on_a_torus():
    border = np.ones((20, 20), bool)
    border[2:-2, 2:-2] = False
    place = moved(border, stream("place", 3))
    assert place.sum() == border.sum()
    assert (place.all(axis=1).sum(), place.all(axis=0).sum()) == (4, 4)
