"""Each epoch's maps against tl's, by hand: squares on a grid that is the canvas itself."""

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.measures.canvas import SIDE, draw
from evidrift.measures.of_pairs import describe, measure
from evidrift.trajectory.measuring import measure_maps


def block(column):
    """14 x 28 cells of 1 from a column on: less than a fifth of the area, so the top set is all of them."""
    drawn = np.zeros((SIDE, SIDE), np.float32)
    drawn[:14, column : column + 28] = 1
    return drawn


def measured(maps, labels=(0,), patients=("p",)):
    maps = np.array(maps, np.float32)
    content = np.tile([0, 0, SIDE, SIDE], (maps.shape[1], 1))
    return measure_maps(maps, content, SIDE, np.array(labels), np.array(patients), 0.2)


def test_a_block_moved_by_half_its_width_overlaps_by_a_third_with_tl_and_not_at_all_beyond():
    found = measured([[block(0)], [block(14)], [block(28)], [block(28)]])
    np.testing.assert_allclose(found["overlap"][:, 0], [1, 1 / 3, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(found["overlap_previous"][:, 0], [np.nan, 1 / 3, 1 / 3, 1], rtol=1e-6)
    steps = np.array([0, 14, 28, 28]) / SIDE / np.sqrt(2)
    np.testing.assert_allclose(found["displacement"][:, 0], steps, atol=1e-6)
    np.testing.assert_allclose(found["concentration"], 0, atol=1e-6)


def test_chance_is_tl_against_other_patients_of_the_class_at_that_epoch():
    maps = [
        [block(0), block(0), block(14), block(28)],
        [block(0), block(14), block(28), block(0)],
    ]
    # patient p has two images of the class, which are no chance pair of each other; the last is of another
    found = measured(maps, labels=(0, 0, 0, 1), patients=("p", "p", "q", "r"))
    third = 1 / 3
    expected = [
        [third, third, third, np.nan],  # q's map beside p's, and the mean of p's two beside q's
        [0, 0, (third + 1) / 2, np.nan],
    ]
    np.testing.assert_allclose(found["overlap_chance"], expected, rtol=1e-6)


def test_a_blank_map_has_a_status_and_no_measures_and_is_no_chance_partner():
    blank = np.zeros((SIDE, SIDE))
    maps = [[block(0), block(0), block(0)], [block(0), blank, block(14)], [block(0)] * 3]
    found = measured(maps, labels=(0, 0, 0), patients=("p", "q", "r"))
    assert found["status"].tolist() == [["ok"] * 3, ["ok", "blank", "ok"], ["ok"] * 3]
    assert np.isnan(found["overlap"][1, 1])
    assert np.isnan(found["overlap_previous"][2, 1])  # the map before is the blank one
    assert found["overlap"][2, 1] == 1
    assert found["overlap_chance"][1, 0] == pytest.approx(1 / 3)  # r's alone


def test_chance_agrees_with_a_loop_over_pairs():
    m, n = 3, 6
    signed = stream("maps").normal(size=(m, n, 8, 8)).astype(np.float32)
    labels, patients = np.array([0, 0, 0, 1, 1, 1]), np.array(list("aabccd"))
    content = np.tile([0, 0, 32, 32], (n, 1))
    found = measure_maps(signed, content, 32, labels, patients, 0.2)
    features = describe(draw(signed.reshape(-1, 8, 8), np.tile(content, (m, 1)), 32), [0.2])
    for epoch in range(m):
        for image in range(n):
            others = [j for j in range(n) if labels[j] == labels[image] and patients[j] != patients[image]]
            pairs = np.array([image] * len(others)), epoch * n + np.array(others)
            expected = measure(features, *pairs, 0.2, [])["overlap"].mean()
            assert found["overlap_chance"][epoch, image] == pytest.approx(expected, rel=1e-5)
