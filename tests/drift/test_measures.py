import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evidrift.drift.canvas import OK
from evidrift.drift.measures import describe, measure
from tests.drift.maps import canvases_of, rectangle

CURVE = (0.05, 0.5)
OVERLAPS = ("overlap", "iou_half_max", "overlap_5", "overlap_50")
SYMMETRIC = ("displacement", "correlation", "spearman", "ssim", *OVERLAPS)
SIGNED = ("concentration", "entropy")

cell = st.floats(-1, 4, width=32)
a_map = arrays(np.float32, (5, 5), elements=cell)


def measured(*maps: np.ndarray, before: int = 0, after: int = 1) -> dict[str, float]:
    features = describe(canvases_of(*maps), (0.2, *CURVE))
    found = measure(features, np.array([before]), np.array([after]), 0.2, CURVE)
    return {name: float(values[0]) for name, values in found.items()}


def usable(*maps: np.ndarray) -> bool:
    return bool((canvases_of(*maps).status == OK).all())


@given(a_map)
@settings(max_examples=40, deadline=None)
def test_a_map_has_not_drifted_from_itself(one):
    found = measured(one, one)
    if not usable(one):
        assert all(np.isnan(value) for value in found.values())
        return
    for name in ("displacement", *SIGNED):
        assert found[name] == 0
    for name in set(SYMMETRIC) - {"displacement"}:
        assert found[name] == pytest.approx(1, abs=1e-4)  # SSIM cancels in float32


@given(a_map, a_map)
@settings(max_examples=40, deadline=None)
def test_exchanging_the_maps_keeps_or_negates_every_measure(one, other):
    there, back = measured(one, other), measured(one, other, before=1, after=0)
    for name in SYMMETRIC:
        assert there[name] == pytest.approx(back[name], abs=1e-6, nan_ok=True)
    for name in SIGNED:
        assert there[name] == pytest.approx(-back[name], abs=1e-6, nan_ok=True)


@given(a_map, a_map, st.sampled_from([2.0**-20, 2.0**-3, 2.0**12]))
@settings(max_examples=40, deadline=None)
def test_scaling_a_map_changes_nothing(one, other, factor):
    # Powers of two, which are exact: another factor may break a tie by its rounding.
    plain, scaled = measured(one, other), measured(one * np.float32(factor), other)
    for name, value in plain.items():
        assert scaled[name] == pytest.approx(value, abs=1e-5, nan_ok=True)


@given(a_map, a_map)
@settings(max_examples=40, deadline=None)
def test_every_measure_stays_in_its_range(one, other):
    found = measured(one, other)
    for name in ("displacement", *OVERLAPS):
        assert np.isnan(found[name]) or 0 <= found[name] <= 1
    for name in ("correlation", "spearman", "ssim", *SIGNED):
        assert np.isnan(found[name]) or -1 - 1e-6 <= found[name] <= 1 + 1e-6
    assert usable(one, other) != all(np.isnan(value) for value in found.values())


def test_displacement_is_the_distance_of_centres_over_the_diagonal():
    # Centres (7, 7) and (7 + 21, 7 + 28) cells of 56: 35 cells of a diagonal of 56 sqrt 2.
    found = measured(rectangle(0, 0, 14, 14), rectangle(21, 28, 35, 42))
    assert found["displacement"] == pytest.approx(35 / (56 * np.sqrt(2)), abs=1e-6)


def test_opposite_corners_are_nearly_a_diagonal_apart():
    assert measured(rectangle(0, 0, 1, 1), rectangle(55, 55, 56, 56))["displacement"] == pytest.approx(
        55 / 56, abs=1e-6
    )


def test_concentration_rises_when_the_map_contracts():
    wide, narrow = rectangle(0, 0, 56, 56), rectangle(0, 0, 14, 14)
    wide[0, 0] = 2  # else it were flat
    found = measured(wide, narrow)
    # One sixteenth of the cells hold everything evenly: Gini 15/16; the wide map's is near 0.
    assert found["concentration"] == pytest.approx(15 / 16, abs=1e-3)
    assert found["entropy"] == pytest.approx(np.log(196) / np.log(3136) - 1, abs=1e-3)


def test_a_pair_with_an_unusable_map_measures_nan():
    good = np.eye(7)
    for bad in (np.full((7, 7), np.nan), -good, np.ones((7, 7))):
        assert all(np.isnan(value) for value in measured(good, bad).values())
