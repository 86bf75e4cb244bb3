from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidrift.check.curves import areas, baseline_image, enlarge, probabilities, ranks
from evidrift.measures.canvas import SIDE, resample
from tests.check.study import grey, linear_network

A = log(3)
# sigmoid of k ln 3 is 3^k / (1 + 3^k)
WEIGHTS = np.array([[2 * A, A], [0, -A]])
TRUE_ORDER = np.array([[0, 1], [2, 3]])
WHITE = np.full((2, 2), 255, np.uint8)
WHOLE = np.array([0, 0, 2, 2])


def curve_areas(orders, steps=4, targets=None, batch_size=3):
    targets = np.ones(len(orders), int) if targets is None else np.array(targets)
    black = np.zeros((2, 2), np.float32)
    found = areas(linear_network(WEIGHTS), WHITE, black, WHOLE, np.array(orders), targets, steps, batch_size)
    return np.array(found)


# Deleting the weights 2a, a, 0, -a in turn leaves 2a, 0, -a, -a, 0; inserting them gives 0, 2a, 3a, 3a, 2a.
FALLING = (0.9 / 2 + 0.5 + 0.25 + 0.25 + 0.5 / 2) / 4
RISING = (0.5 / 2 + 0.9 + 27 / 28 + 27 / 28 + 0.9 / 2) / 4


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_areas_of_the_true_and_the_reversed_order_worked_out_by_hand(batch_size):
    insertion, deletion = curve_areas([TRUE_ORDER, 3 - TRUE_ORDER], batch_size=batch_size)
    np.testing.assert_allclose(insertion, [RISING, FALLING], atol=1e-6)
    np.testing.assert_allclose(deletion, [FALLING, RISING], atol=1e-6)


def test_fewer_steps_take_the_trapezoid_over_larger_shares():
    # after none, two and all pixels: deletion leaves 2a, -a, 0; insertion gives 0, 3a, 2a
    insertion, deletion = curve_areas([TRUE_ORDER], steps=2)
    assert deletion == pytest.approx((0.9 / 2 + 0.25 + 0.5 / 2) / 2, abs=1e-6)
    assert insertion == pytest.approx((0.5 / 2 + 27 / 28 + 0.9 / 2) / 2, abs=1e-6)


def test_steps_that_do_not_divide_the_pixels_count_with_the_share_they_have():
    # three steps of four pixels: none, 1, 3 (2.67), 4
    _, deletion = curve_areas([TRUE_ORDER], steps=3)
    expected = (0.9 + 0.5) / 2 * 0.25 + (0.5 + 0.25) / 2 * 0.5 + (0.25 + 0.5) / 2 * 0.25
    assert deletion == pytest.approx(expected, abs=1e-6)


def test_each_order_is_measured_by_its_own_target():
    _, deletion = curve_areas([TRUE_ORDER, TRUE_ORDER], targets=[1, 0])
    np.testing.assert_allclose(deletion, [FALLING, 1 - FALLING], atol=1e-6)


def test_the_true_order_beats_random_ones_and_the_reversed_is_worse_than_they():
    random = np.random.default_rng(0)
    orders = [TRUE_ORDER, 3 - TRUE_ORDER, *(random.permutation(4).reshape(2, 2) for _ in range(20))]
    insertion, deletion = curve_areas(orders)
    quality = insertion - deletion
    assert quality[0] == quality.max()
    assert quality[1] == quality.min()
    assert quality[1] < quality[2:].mean() < quality[0]


class Recorder:
    """A network that keeps what it is shown, and answers with the mean grey."""

    def __init__(self):
        self.seen = []

    inputs = staticmethod(grey)

    def logits(self, inputs):
        self.seen.append(inputs)
        mean = inputs.mean(axis=(1, 2, 3))
        return np.stack([np.zeros_like(mean), mean], axis=1)


def test_padding_is_never_touched_and_does_not_count():
    pixels = np.full((4, 4), 7, np.uint8)
    pixels[1:3, 1:3] = 255
    content = np.array([1, 1, 3, 3])
    network = Recorder()
    empty = baseline_image(pixels, content, "black")
    areas(network, pixels, empty, content, TRUE_ORDER[None], np.array([1]), 4, 100)
    steps = np.concatenate(network.seen)
    outside = np.ones((4, 4), bool)
    outside[1:3, 1:3] = False
    np.testing.assert_allclose(steps[:, outside], 7 / 255)
    # both ends, then one, two and three of the four pixels inserted and deleted
    shown = (steps[:, 1:3, 1:3, 0] == 1).reshape(-1, 4).sum(axis=1)
    assert shown.tolist() == [0, 4, 1, 2, 3, 3, 2, 1]


def test_no_pass_is_larger_than_the_batch():
    network = Recorder()
    orders = np.stack([TRUE_ORDER, 3 - TRUE_ORDER])
    areas(network, WHITE, np.zeros((2, 2), np.float32), WHOLE, orders, np.array([1, 1]), 4, 5)
    # two orders, three steps between the ends, two curves
    assert [len(inputs) for inputs in network.seen] == [2, 5, 5, 2]


def test_enlarging_reads_half_pixel_centres_and_repeats_the_outermost():
    # four pixels over two cells: their centres lie at -0.25, 0.25, 0.75 and 1.25 cells
    row = enlarge(np.array([[0.0, 4.0]]), np.array([0, 0, 1, 4]), (1, 4))
    np.testing.assert_allclose(row, [[0, 1, 3, 4]])
    inner = enlarge(np.array([[0.0, 4.0]]), np.array([0, 1, 1, 3]), (1, 4))
    np.testing.assert_allclose(inner, [[1, 3]])


def test_enlarging_is_the_canvas_where_the_image_has_its_side():
    signed = np.random.default_rng(0).normal(size=(5, 7))
    content = np.array([10, 3, 10 + SIDE, 3 + SIDE])
    expected = resample(signed[None], content[None], 80)[0]
    np.testing.assert_allclose(enlarge(signed, content, (80, 80)), expected, atol=1e-6)


def test_ranks_follow_falling_values_negative_ones_too_and_ties_the_other_order():
    values = np.array([[0.5, -2.0], [0.5, 3.0]])
    np.testing.assert_array_equal(ranks(values, np.array([[0, 1], [2, 3]])), [[1, 3], [2, 0]])
    np.testing.assert_array_equal(ranks(values, np.array([[3, 1], [2, 0]])), [[2, 3], [1, 0]])


@given(seed=st.integers(0, 1000), power=st.integers(-3, 3), shift=st.integers(-4, 4))
def test_only_the_order_of_a_maps_values_matters(seed, power, shift):
    random = np.random.default_rng(seed)
    values = random.integers(-3, 4, (4, 5)).astype(float)  # with ties
    ties = random.permutation(20).reshape(4, 5)
    order = ranks(values, ties)
    assert sorted(order.ravel()) == list(range(20))
    np.testing.assert_array_equal(ranks(2.0**power * values + shift, ties), order)


def test_baselines_leave_the_padding_alone():
    pixels = np.arange(36, dtype=np.uint8).reshape(6, 6)
    content = np.array([1, 2, 5, 4])
    inside = np.zeros((6, 6), bool)
    inside[1:5, 2:4] = True
    for kind, value in (("black", 0), ("white", 255), ("mean", pixels[inside].mean())):
        empty = baseline_image(pixels, content, kind)
        np.testing.assert_allclose(empty[inside], value)
        np.testing.assert_array_equal(empty[~inside], pixels[~inside])
    blurred = baseline_image(pixels, content, "blur")
    np.testing.assert_array_equal(blurred[~inside], pixels[~inside])
    assert np.ptp(blurred[inside]) < np.ptp(pixels[inside])
    # the padding does not leak into the blur
    other = np.where(inside, pixels, 255).astype(np.uint8)
    np.testing.assert_array_equal(baseline_image(other, content, "blur")[inside], blurred[inside])


def test_probabilities_are_softmax_and_for_a_single_output_sigmoid():
    logits = np.log(np.array([[1.0, 2, 5], [3, 3, 2]]))
    np.testing.assert_allclose(probabilities(logits, np.array([2, 0])), [5 / 8, 3 / 8])
    np.testing.assert_allclose(probabilities(np.full((2, 1), A), np.array([1, 0])), [0.75, 0.25])
