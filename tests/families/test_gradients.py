"""Each method on the toy network, against values worked out from its formula; what holds of any network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.base.section import validate
from evidrift.families import gradients
from evidrift.networks.target.layers import resolve
from tests.attribution import small
from tests.attribution.toy import SHAPES, SQUARE, UNIT, WIDE, cell_sums, explain, network, params, parts

WHITE_IN_UNITS = 255 / UNIT


def by_pixel(method, image, target=0, score="centred", **changes):
    net = network(image.shape, score)
    settings = params("gradients", [method], score=score, **changes)
    return gradients.attributions(method, net, image[None], np.array([target]), settings)[0]


def slopes(image):
    """dF/ds of each cell at each of its pixels: 3 / cells for each active channel."""
    s = cell_sums(image)
    by_cell = 3 * ((s > 1).astype(float) + (s < 2)) / s.size
    return by_cell.repeat(2, 0).repeat(2, 1)


def path_integral(image, start):
    """Integrated gradients where each cell's part depends on its sum alone: shares of the cell's change.

    The integral of dF/ds along a straight path is (F(end) - F(start)) / (s(end) - s(start)) for every pixel
    of the cell, times the pixel's own change.
    """
    way = (image - start) / UNIT
    change = cell_sums(image) - cell_sums(start)
    by_cell = np.divide(parts(image) - parts(start), change, out=np.zeros_like(change), where=change != 0)
    return way * by_cell.repeat(2, 0).repeat(2, 1)


def test_gradient_input_by_hand():
    # dF/ds is 3/4, in the upper right cell 3/2; times pixels of 1, 1/2; 1, 1, 1/2, 1/2; 2, 1, 1/2, 1/2
    expected = [
        [0, 0, 1.5, 0.75],
        [0, 0, 0, 0],
        [0.75, 0.75, 1.5, 0.75],
        [0.375, 0.375, 0.375, 0.375],
    ]
    np.testing.assert_allclose(by_pixel("gradient_input", SQUARE), expected, rtol=1e-5)
    np.testing.assert_allclose(
        explain("gradients", "gradient_input", SQUARE), [[0, 2.25], [2.25, 3]], rtol=1e-5
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_input_is_the_slope_times_the_grey_above_black(shape):
    image = SHAPES[shape]
    np.testing.assert_allclose(by_pixel("gradient_input", image), slopes(image) * image / UNIT, rtol=1e-5)


def test_integrated_gradients_by_hand():
    # A2 goes from 2 to max(2 - s, 0), A1 from 0 to max(s - 1, 0): F rises by 3/4 of their changes. The kinks
    # lie at 1/4, 1/3, 1/2 and 2/3 of the path, where steps of a twelfth end
    expected = [[0, 1.5], [3, 3.75]]
    maps = explain("gradients", "integrated_gradients", SQUARE, steps=12)
    np.testing.assert_allclose(maps, expected, rtol=1e-5)
    assert np.sum(expected) == parts(SQUARE).sum() + 6  # the black image's score is -6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("baseline", ["black", "white", "mean"])
def test_integrated_gradients_are_the_integral_along_the_path(shape, baseline):
    image = SHAPES[shape]
    start = np.full(image.shape, {"black": 0, "white": 255, "mean": image.mean()}[baseline])
    found = by_pixel("integrated_gradients", image, baselines=[baseline], steps=512, batch_size=128)
    # a kink is seen where it is, to half a step
    np.testing.assert_allclose(found, path_integral(image, start), rtol=0.01, atol=0.02)


def test_the_map_holds_the_positive_part_only():
    # class 1 has the same evidence with the other sign, so no pixel above black speaks for it
    assert (explain("gradients", "integrated_gradients", SQUARE, target=1) == 0).all()
    white = explain("gradients", "integrated_gradients", SQUARE, target=1, baselines=["white"], steps=512)
    start = np.full(SQUARE.shape, 255)
    expected = -path_integral(SQUARE, start)  # all positive: every pixel is darker than white
    np.testing.assert_allclose(white, UNIT * cell_sums(expected), rtol=0.01)


def test_several_baselines_are_averaged():
    one, other = (by_pixel("integrated_gradients", SQUARE, baselines=[name]) for name in ("black", "white"))
    both = by_pixel("integrated_gradients", SQUARE, baselines=["black", "white"])
    np.testing.assert_allclose(both, (one + other) / 2, rtol=1e-5)
    assert not np.allclose(one, other, rtol=0.1)


@given(st.lists(st.integers(0, 255), min_size=16, max_size=16), st.sampled_from([0, 1, 2]))
def test_completeness_of_any_image(values, target):
    image, targets = np.array(values, np.uint8).reshape(1, 4, 4), np.array([target])
    net = network()
    for name in ("black", "mean"):
        found = gradients.integrated_gradients(net, image, targets, [name], 256, 64)
        ends = net.scores(net.inputs(image), targets) - net.scores(
            net.inputs(gradients.baseline(name, image)), targets
        )
        # four cells with two kinks each, where half a step of the slope's jump goes wrong at most
        jump = 3 / 4 * np.abs(cell_sums(image[0]) - (0 if name == "black" else image.mean() / 16)).sum()
        assert abs(found.sum() - ends[0]) <= 2 * jump / 512 + 1e-4


def test_incompleteness_is_the_missing_share_of_the_mean_difference():
    net, pixels, targets = network(), np.stack([SQUARE, SQUARE // 2]), np.array([0, 0])
    # S from black: 8.25; of the halved image, cells 0, .75, 1.5, 2: F = -1.5, -.9375, 0, .75 and so 4.3125
    attributed = np.zeros((2, 4, 4))
    attributed[:, 0, 0] = [8.25, 4.3125 + 0.0628125]
    found = gradients.incompleteness(net, pixels, targets, ["black"], attributed)
    np.testing.assert_allclose(found, [0, 0.01], atol=1e-6)


def test_smooth_grad_is_the_derivative_of_a_score_blurred_by_the_noise():
    # noise of u units in each pixel is 2 u in a cell's sum, here 1/2: the share of the copies in which a
    # channel is active is the normal distribution function of its distance from the kink, over 1/2
    noise = 0.25 / WHITE_IN_UNITS
    found = explain("gradients", "smooth_grad", WIDE, noise=noise, samples=3000, batch_size=1000)
    s = cell_sums(WIDE)
    expected = 3 / s.size * (norm.cdf((s - 1) / 0.5) + norm.cdf((2 - s) / 0.5)) * 4 * WHITE_IN_UNITS
    np.testing.assert_allclose(found, expected, rtol=0.03)


def test_the_noise_is_the_same_for_every_image_and_another_for_another_seed():
    pixels, targets, net = np.stack([SQUARE, SQUARE]), np.array([0, 0]), network()
    first, again = gradients.smooth_grad(net, pixels, targets, 7, 0.3, 1, 5)
    np.testing.assert_array_equal(first, again)
    assert (gradients.smooth_grad(net, pixels, targets, 7, 0.3, 2, 5)[0] != first).any()
    # a sample's noise does not depend on how many there are
    halves = [gradients._noise(1, sample, (4, 4)) for sample in range(2)]
    assert (halves[0] != halves[1]).any()


def test_channels_of_the_input_that_are_scaled_apart_count_by_what_the_grey_does_to_them():
    """The derivative by a pixel's grey, against a difference of scores."""
    net = network(WIDE.shape)
    pixels = WIDE[None] + np.float32(0.25)
    found = gradients.grey_gradients(net, pixels, np.array([0]))[0]
    for place in [(0, 0), (0, 2), (3, 5)]:
        up, down = pixels.copy(), pixels.copy()
        up[0][place] += 0.5
        down[0][place] -= 0.5
        high, low = net.scores(net.inputs(np.concatenate([up, down])), np.zeros(2, int))
        assert found[place] == pytest.approx(255 * (high - low), rel=1e-3)


def test_no_pass_is_larger_than_the_batch_whatever_the_number_of_steps(monkeypatch):
    net, passes = network(), []
    whole = net.input_gradients
    monkeypatch.setattr(net, "input_gradients", lambda x, t: passes.append(len(x)) or whole(x, t))
    for method in ("integrated_gradients", "smooth_grad"):
        explain("gradients", method, SQUARE, net=net, steps=13, samples=13, baselines=["black", "mean"])
    assert passes == [5] * 5 + [1] + [5, 5, 3]


def test_a_map_on_a_real_grid_keeps_the_total_of_the_positive_attributions():
    model = small.small_classifier()
    net = Network(model, resolve(model, ["penultimate"]), small.prepare, "centred")
    settings = params("gradients", ["gradient_input"])
    pixels, targets = small.small_pixels(), small.small_targets()
    found = gradients.explain(net, pixels, targets, settings, 1.0).layers["penultimate"]
    assert (found.name, found.rectified, found.constant_gradient) == ("before", True, False)
    whole = np.maximum(gradients.gradient_input(net, pixels, targets), 0)
    np.testing.assert_allclose(
        found.methods["gradient_input"], whole.reshape(-1, 8, 2, 8, 2).sum(axis=(2, 4)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": ["ig"]}, "methods.0 is 'ig'"),
        ({"baselines": []}, "baselines is"),
        (
            {"baselines": ["grey"]},
            "baselines.0 is 'grey'. Input should be 'black', 'white', 'mean'",
        ),
        ({"baselines": ["black", "black"]}, "black stands in it more than once"),
        ({"steps": 0}, "steps is 0"),
        ({"samples": 0}, "samples is 0"),
        ({"noise": 0.0}, "noise is 0.0"),
        ({"layers": ["penultimate"]}, "layers is not a parameter"),
    ],
)
def test_wrong_parameters_are_refused_by_name(change, message):
    valid = params("gradients", ["smooth_grad"]).model_dump()
    assert validate(valid, gradients.Params, "").layers == ("penultimate",)
    with pytest.raises(UserError, match=message):
        validate(valid | change, gradients.Params, "explain.gradients: ")
