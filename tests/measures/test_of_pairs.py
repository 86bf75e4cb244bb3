import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import center_of_mass
from scipy.stats import entropy as scipy_entropy
from scipy.stats import pearsonr, spearmanr
from skimage.metrics import structural_similarity

from evidrift.measures.canvas import OK
from evidrift.measures.of_pairs import describe, measure
from tests.drift.maps import canvases_of, membership, rectangle

CURVE = (0.05, 0.5)
MOVED = ("moved_share", "moved_share_5", "moved_share_50")
OVERLAPS = ("overlap", "iou_half_max")
DISTANCES = ("displacement", *MOVED)
SYMMETRIC = (*DISTANCES, "correlation", "spearman", "ssim", *OVERLAPS)
SIGNED = ("concentration", "entropy")

cell = st.floats(-1, 4, width=32)
a_map = arrays(np.float32, (5, 5), elements=cell)
# Without values so small that a factor makes zeros of them.
scalable_map = arrays(np.float32, (5, 5), elements=st.integers(-25, 100).map(lambda value: value / 25))
# Many ties and many zeros, and now and then less than a fifth of the area that is positive.
some_map = a_map | arrays(np.float32, (5, 5), elements=st.integers(-2, 2).map(float), fill=st.just(-1.0))


def measured(*maps: np.ndarray, before: int = 0, after: int = 1) -> dict[str, float]:
    features = describe(canvases_of(*maps), (0.2, *CURVE))
    found = measure(features, np.array([before]), np.array([after]), 0.2, CURVE)
    return {name: float(values[0]) for name, values in found.items()}


def overlap_by_loop(one: np.ndarray, other: np.ndarray, area: float) -> float:
    first, second = membership(one.ravel(), area), membership(other.ravel(), area)
    return np.minimum(first, second).sum() / np.maximum(first, second).sum()


def moved_share_by_loop(one: np.ndarray, other: np.ndarray, area: float) -> float:
    apart = membership(one.ravel(), area) - membership(other.ravel(), area)
    return (apart**2).sum() / (2 * area * one.size)


def gini_by_loop(native: np.ndarray) -> float:
    cells = native.ravel()
    return sum(abs(a - b) for a in cells for b in cells) / (2 * cells.size * cells.sum())


def independent(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Every measure of two maps by other means: scipy, scikit-image, plain loops. Both maps must be `ok`."""
    first, second = canvases_of(one, other).values.astype(np.float64)
    above = [canvas >= canvas.max() / 2 for canvas in (first, second)]
    native = [np.maximum(each.astype(np.float64), 0) for each in (one, other)]
    entropies = [scipy_entropy(each.ravel()) / np.log(each.size) for each in native]
    return {
        "displacement": np.linalg.norm(np.subtract(center_of_mass(first), center_of_mass(second)))
        / np.hypot(*first.shape),
        "overlap": overlap_by_loop(first, second, 0.2),
        "moved_share": moved_share_by_loop(first, second, 0.2),
        "moved_share_5": moved_share_by_loop(first, second, 0.05),
        "moved_share_50": moved_share_by_loop(first, second, 0.5),
        "iou_half_max": (above[0] & above[1]).sum() / (above[0] | above[1]).sum(),
        "correlation": pearsonr(first.ravel(), second.ravel())[0],
        "spearman": spearmanr(first.ravel(), second.ravel())[0],
        "ssim": structural_similarity(first / first.max(), second / second.max(), data_range=1.0),
        "concentration": gini_by_loop(native[1]) - gini_by_loop(native[0]),
        "entropy": entropies[1] - entropies[0],
    }


def usable(*maps: np.ndarray) -> bool:
    return bool((canvases_of(*maps).status == OK).all())


@given(a_map)
def test_a_map_has_not_drifted_from_itself(one):
    found = measured(one, one)
    if not usable(one):
        assert all(np.isnan(value) for value in found.values())
        return
    for name in (*DISTANCES, *SIGNED):
        assert found[name] == pytest.approx(0, abs=1e-6)
    for name in set(SYMMETRIC) - set(DISTANCES):
        assert found[name] == pytest.approx(1, abs=1e-4)  # SSIM cancels in float32


@given(a_map, a_map)
def test_exchanging_the_maps_keeps_or_negates_every_measure(one, other):
    there, back = measured(one, other), measured(one, other, before=1, after=0)
    for name in SYMMETRIC:
        assert there[name] == pytest.approx(back[name], abs=1e-6, nan_ok=True)
    for name in SIGNED:
        assert there[name] == pytest.approx(-back[name], abs=1e-6, nan_ok=True)


@given(scalable_map, scalable_map, st.sampled_from([2.0**-20, 2.0**-3, 2.0**12]))
def test_scaling_a_map_changes_nothing(one, other, factor):
    # Powers of two, which are exact: another factor may break a tie by its rounding.
    plain, scaled = measured(one, other), measured(one * np.float32(factor), other)
    for name, value in plain.items():
        assert scaled[name] == pytest.approx(value, abs=1e-5, nan_ok=True)


@given(scalable_map, scalable_map, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_measures_without_a_threshold_ignore_any_positive_factors(one, other, factor, another):
    plain, scaled = measured(one, other), measured(one * np.float64(factor), other * np.float64(another))
    for name in ("displacement", "correlation", "ssim", *SIGNED):
        assert scaled[name] == pytest.approx(plain[name], abs=1e-4, nan_ok=True)


@given(some_map, some_map)
def test_every_measure_is_that_of_scipy_scikit_image_or_a_plain_loop(one, other):
    assume(usable(one, other))
    found, expected = measured(one, other), independent(one, other)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        # Sums of 3136 equal float32 products round the same way; SSIM's variances cancel besides.
        assert found[name] == pytest.approx(value, abs=2e-4 if name == "ssim" else 5e-5), name


@given(a_map, st.integers(0, 24), st.integers(0, 24))
def test_thin_maps_are_measured_as_all_that_is_positive(wide, here, there):
    one, other = (np.eye(1, 25, cell, dtype=np.float32).reshape(5, 5) for cell in (here, there))
    thin = describe(canvases_of(one, other), (0.2,)).top[0.2]
    covered = canvases_of(one, other).values > 0
    assert thin.thin.all()
    assert thin.area.tolist() == covered.sum(axis=(1, 2)).tolist()
    both = (covered[0] & covered[1]).sum() / (covered[0] | covered[1]).sum()
    assert measured(one, other)["overlap"] == pytest.approx(both)
    if usable(wide):
        assert all(np.isfinite(value) for value in measured(one, wide).values())
        # The smaller set over the larger at the most.
        most = thin.area[0] / describe(canvases_of(wide), (0.2,)).top[0.2].area[0]
        assert measured(one, wide)["overlap"] <= min(most, 1 / most) + 1e-6


@given(a_map, a_map)
def test_every_measure_stays_in_its_range(one, other):
    found = measured(one, other)
    for name in (*DISTANCES, *OVERLAPS):
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


@given(a_map, st.sampled_from(["nan", "infinite", "blank", "flat"]))
def test_a_pair_with_an_unusable_map_measures_nan_whichever_comes_first(good, kind):
    bad = {"nan": good.copy(), "infinite": good.copy(), "blank": -np.abs(good), "flat": np.ones((5, 5))}[kind]
    if kind in ("nan", "infinite"):
        bad[2, 3] = np.float32(kind[:3])
    for pair in ((good, bad), (bad, good)):
        assert all(np.isnan(value) for value in measured(*pair).values())
