"""Each epoch's maps against tl's, by hand: squares on a grid that is the canvas itself."""

import numpy as np
import pytest

from evidrift.base.seeds import stream
from evidrift.measures.canvas import SIDE, draw
from evidrift.measures.of_pairs import describe, measure
from evidrift.trajectory.measuring import measure_maps


def block(column):
    """28 x 28 cells of 1 from a column on, a quarter of the area: at that share the set is all of them."""
    drawn = np.zeros((SIDE, SIDE), np.float32)
    drawn[:28, column : column + 28] = 1
    return drawn


def certain(labels, m):
    """Logits of networks that are sure of every label, (m, n, 2)."""
    return np.tile(20 * np.eye(2)[list(labels)], (m, 1, 1))


def measured(maps, labels=(0,), patients=("p",), area=0.25, logits=None):
    maps = np.array(maps, np.float32)
    content = np.tile([0, 0, SIDE, SIDE], (maps.shape[1], 1))
    logits = certain(labels, len(maps)) if logits is None else np.array(logits)
    return measure_maps(maps, content, SIDE, logits, np.array(labels), np.array(patients), area)


def test_of_a_block_moved_by_half_its_width_half_has_moved_and_all_of_it_beyond():
    found = measured([[block(0)], [block(14)], [block(28)], [block(28)]])
    np.testing.assert_allclose(found["moved_share"][:, 0], [0, 1 / 2, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(found["moved_share_previous"][:, 0], [np.nan, 1 / 2, 1 / 2, 0], rtol=1e-6)
    steps = np.array([0, 14, 28, 28]) / SIDE / np.sqrt(2)
    np.testing.assert_allclose(found["displacement"][:, 0], steps, atol=1e-6)
    np.testing.assert_allclose(found["concentration"], 0, atol=1e-6)


def test_the_scale_is_the_mean_of_what_lies_between_patients_under_tl_and_under_the_epochs_checkpoint():
    maps = [
        [block(0), block(0), block(14), block(28)],
        [block(0), block(14), block(28), block(0)],
    ]
    # patient p has two images of the class, which are no two patients; the last is of another class
    found = measured(maps, labels=(0, 0, 0, 1), patients=("p", "p", "q", "r"))
    under_tl = np.array([1 / 2, 1 / 2, 1 / 2, np.nan])
    under_first = np.array([1, 1 / 2, (1 + 1 / 2) / 2, np.nan])  # q's map beside both of p's
    np.testing.assert_allclose(found["scale"], [under_tl, (under_tl + under_first) / 2], rtol=1e-6)


def test_where_all_patients_maps_move_alike_the_scale_stays_and_drift_rises():
    maps = [[block(0), block(14)], [block(14), block(28)]]
    found = measured(maps, labels=(0, 0), patients=("p", "q"))
    np.testing.assert_allclose(found["moved_share"][1], 1 / 2, rtol=1e-6)
    np.testing.assert_allclose(found["scale"], 1 / 2, rtol=1e-6)


def test_a_blank_map_has_a_status_and_no_measures_and_is_no_other_patient():
    blank = np.zeros((SIDE, SIDE))
    maps = [[block(0), block(0), block(0)], [block(0), blank, block(14)], [block(0)] * 3]
    found = measured(maps, labels=(0, 0, 0), patients=("p", "q", "r"))
    assert found["status"].tolist() == [["ok"] * 3, ["ok", "blank", "ok"], ["ok"] * 3]
    assert np.isnan(found["moved_share"][1, 1])
    assert np.isnan(found["scale"][1, 1])
    assert np.isnan(found["moved_share_previous"][2, 1])  # the map before is the blank one
    assert found["moved_share"][2, 1] == 0
    assert found["scale"][1, 0] == pytest.approx((0 + 1 / 2) / 2)  # r's alone


def test_the_scale_agrees_with_a_loop_over_pairs():
    m, n = 3, 6
    signed = stream("maps").normal(size=(m, n, 8, 8)).astype(np.float32)
    labels, patients = np.array([0, 0, 0, 1, 1, 1]), np.array(list("aabccd"))
    content = np.tile([0, 0, 32, 32], (n, 1))
    found = measure_maps(signed, content, 32, certain(labels, m), labels, patients, 0.2)
    features = describe(draw(signed.reshape(-1, 8, 8), np.tile(content, (m, 1)), 32), [0.2])
    for epoch in range(m):
        for image in range(n):
            others = [j for j in range(n) if labels[j] == labels[image] and patients[j] != patients[image]]
            means = [
                measure(features, at + np.full(len(others), image), at + np.array(others), 0.2, [])
                for at in (0, epoch * n)
            ]
            expected = sum(each["moved_share"].mean() for each in means) / 2
            assert found["scale"][epoch, image] == pytest.approx(expected, rel=1e-5)


def test_each_epoch_s_consistency_is_of_its_own_maps_and_of_the_images_it_gets_right():
    maps = [
        [block(0), block(0), block(14), block(0)],
        [block(0), block(14), block(14), block(0)],
    ]
    logits = certain((0, 0, 0, 1), 2)
    logits[1, 2] = [0, 20]  # r's image is wrong at the second epoch
    found = measured(maps, labels=(0, 0, 0, 1), patients=("p", "q", "r", "s"), logits=logits)
    third = 1 / 3  # halves of blocks: 14 of 42 columns
    np.testing.assert_allclose(found["consistency"][0], [(1 + third) / 2] * 2 + [third, np.nan], rtol=1e-6)
    np.testing.assert_allclose(found["consistency"][1], [third, third, np.nan, np.nan], rtol=1e-6)
    # of blocks of a quarter of the area: 1/16 of it shared, of 7/16
    np.testing.assert_allclose(found["consistency_chance"][1, :2], 1 / 7, rtol=1e-6)
    np.testing.assert_allclose(found["confidence"][1], [1, 1, 0, 1], atol=1e-6)
