import numpy as np
import pytest

from evidrift.base.progress import Progress
from evidrift.check.curves import areas, baseline_image
from evidrift.check.faithfulness import faithfulness, random_order
from evidrift.check.originals import Originals
from tests.check.study import images_of, linear_network, params

GRID, SIDE, N = 4, 8, 6
EVIDENCE = np.random.default_rng(1).normal(size=(GRID, GRID))
# each cell's weight on its 2x2 pixels
WEIGHTS = np.kron(EVIDENCE, np.full((2, 2), 0.5))


def images(content=None):
    pixels = np.random.default_rng(2).integers(100, 255, (N, SIDE, SIDE), dtype=np.uint8)
    return images_of(pixels, np.ones(N), content)


def originals(targets=None, **maps):
    """Methods with the same map for all images, or one for each."""
    signed = {
        ("penultimate", name): np.broadcast_to(values, (N, *np.shape(values)[-2:])).astype(np.float32)
        for name, values in sorted(maps.items())
    }
    targets = np.ones(N, int) if targets is None else targets
    return Originals(None, np.arange(N), targets, None, signed)


def check(*families, of=None, **changes):
    of = of or images()
    return faithfulness(
        linear_network(WEIGHTS), of, list(families), params(**changes), Progress(disable=True)
    )


def of_method(rows, method):
    return {name: values[rows["method"] == method] for name, values in rows.items()}


def gain(rows):
    return rows["insertion"] - rows["insertion_random"] + rows["deletion_random"] - rows["deletion"]


def test_the_networks_own_evidence_beats_random_maps_and_its_opposite_loses_to_them():
    rows = check(originals(true=EVIDENCE, reversed=-EVIDENCE))
    assert (rows["status"] == "ok").all()
    assert (gain(of_method(rows, "true")) > 0.1).all()
    assert (gain(of_method(rows, "reversed")) < -0.1).all()


def test_rows_come_by_layer_method_and_image_and_values_are_float32():
    other = Originals(
        None, np.arange(N), np.ones(N, int), None, {("last", "b"): np.tile(EVIDENCE, (N, 1, 1))}
    )
    rows = check(originals(c=EVIDENCE, a=EVIDENCE), other)
    assert rows["layer"].tolist() == ["last"] * N + ["penultimate"] * 2 * N
    assert rows["method"].tolist() == ["b"] * N + ["a"] * N + ["c"] * N
    assert rows["image"].tolist() == list(range(N)) * 3
    assert rows["insertion"].dtype == np.float32


def test_the_opponent_is_the_images_random_map_whatever_the_method():
    of = images()
    rows = check(originals(true=EVIDENCE, reversed=-EVIDENCE), of=of)
    for image in range(N):
        content, pixels = of.content[image], of.pixels[image]
        order = random_order(of.ids[image], (GRID, GRID), content, pixels.shape)
        empty = baseline_image(pixels, content, "black")
        one = np.ones(1, int)
        expected = areas(linear_network(WEIGHTS), pixels, empty, content, order[None], one, 4, 8)
        for method in ("true", "reversed"):
            own = of_method(rows, method)
            assert own["insertion_random"][image] == pytest.approx(expected[0][0], abs=1e-6)
            assert own["deletion_random"][image] == pytest.approx(expected[1][0], abs=1e-6)


def test_a_coarse_grid_meets_coarse_opponents():
    content = np.array([0, 0, 8, 8])

    def mean_step(grid):
        """How far apart in the order neighbouring pixels are, over images."""
        return np.mean(
            [np.abs(np.diff(random_order(name, grid, content, (8, 8)), axis=0)).mean() for name in "abc"]
        )

    # pixels in random order differ by a third of their number, 21, on average
    assert mean_step((2, 2)) < 12 < 18 < mean_step((8, 8))


def test_random_order_depend_on_the_image_and_the_grid_alone():
    content = np.array([0, 0, 8, 8])
    once = random_order("a.png", (4, 4), content, (8, 8))
    np.testing.assert_array_equal(random_order("a.png", (4, 4), content, (8, 8)), once)
    assert (random_order("b.png", (4, 4), content, (8, 8)) != once).any()


def test_nan_blank_and_flat_maps_are_counted_by_status_and_have_no_areas():
    maps = np.tile(EVIDENCE, (N, 1, 1))
    maps[0, 1, 2] = np.nan
    maps[1] = -1
    maps[2] = 5
    rows = check(originals(some=maps, all=EVIDENCE))
    some = of_method(rows, "some")
    assert some["status"].tolist() == ["nan", "blank", "flat", "ok", "ok", "ok"]
    for name in ("insertion", "deletion", "insertion_random", "deletion_random"):
        np.testing.assert_array_equal(np.isnan(some[name]), [True] * 3 + [False] * 3)
    assert np.isfinite(of_method(rows, "all")["insertion"]).all()
    np.testing.assert_array_equal(some["insertion"][3:], of_method(rows, "all")["insertion"][3:])


def test_places_without_evidence_come_in_the_order_of_the_signed_map():
    """Two maps alike in their positive part: the one whose negative part is the network's does better."""
    reversed_below = np.where(EVIDENCE > 0, EVIDENCE, -3 - EVIDENCE)
    rows = check(originals(signed=EVIDENCE, turned=reversed_below))
    assert (gain(of_method(rows, "signed")) > gain(of_method(rows, "turned")) + 0.005).all()


def test_each_family_is_checked_at_the_class_it_explained():
    one, other = originals(present=EVIDENCE), originals(np.zeros(N, int), absent=-EVIDENCE)
    rows = check(one, other)
    assert (gain(of_method(rows, "present")) > 0.1).all()
    # absent's probability is 1 - present's, and its evidence is the reverse
    present, absent = of_method(rows, "present"), of_method(rows, "absent")
    np.testing.assert_allclose(absent["insertion_random"], 1 - present["insertion_random"], atol=1e-6)
    assert (gain(absent) > 0.1).all()


def test_a_family_that_explained_some_of_the_images_has_rows_of_those():
    some = np.array([1, 4])
    fewer = Originals(None, some, np.ones(2, int), None, {("penultimate", "b"): np.tile(EVIDENCE, (2, 1, 1))})
    rows = check(originals(a=EVIDENCE, c=EVIDENCE), fewer)
    assert of_method(rows, "b")["image"].tolist() == [1, 4]
    np.testing.assert_array_equal(gain(of_method(rows, "b")), gain(of_method(rows, "a"))[some])
    assert len(of_method(rows, "c")["image"]) == N


def test_a_padded_images_map_is_read_where_the_image_lies():
    """The map of the square: were it stretched over the image instead, its cells would be the wrong ones."""
    content = np.tile([0, 0, 8, 4], (N, 1))
    left = np.where(np.arange(GRID) < 2, EVIDENCE, 0)
    stretched = np.repeat(left[:, :2], 2, axis=1)
    rows = check(originals(right=left, wrong=stretched), of=images(content))
    assert (gain(of_method(rows, "right")) > gain(of_method(rows, "wrong"))).all()
    assert (gain(of_method(rows, "right")) > 0.05).all()
