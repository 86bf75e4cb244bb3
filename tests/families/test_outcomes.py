"""What every method of every family does with what is out of the ordinary."""

from dataclasses import replace
from functools import cache

import keras
import numpy as np
import pytest

from evidrift.attribution.network import Network
from evidrift.families import cam
from evidrift.measures.canvas import BLANK, IS_FLAT, NAN, OK, draw
from evidrift.networks.target.layers import resolve
from tests.attribution import small
from tests.attribution.toy import ALL, FAMILIES, SHAPES, SQUARE, channels, explain, params, prepare

CONTENT = [[0, 0, 4, 4]]
each_method = pytest.mark.parametrize(("family", "method"), ALL)


def status(signed):
    """What drift makes of one map of a 4x4 image."""
    return draw(signed[None], np.array(CONTENT), 4).status[0]


@cache
def small_network(height=small.SIZE, width=small.SIZE):
    """The small classifier for images of another shape, with the same weights."""
    square = small.small_classifier()
    model = keras.models.clone_model(square, keras.Input((height, width, 3)))
    model.set_weights(square.get_weights())
    return Network(model, resolve(model, ["penultimate"]), small.prepare, "centred")


@cache
def two_layers(biases, sign=1, activation="relu"):
    """A convolution and a head on the toy's images; of the raw scores, the third has no gradient."""
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Conv2D(2, 2, strides=2, name="sums")(inputs)
    x = keras.layers.Activation(activation, name="features")(x)
    model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x)))
    kernel = sign * np.array([1, 0.5]) * np.ones((2, 2, 2, 1))
    model.set_weights([kernel, np.array(biases), np.array([[2, -1, 0], [-1, 2, 0]]), np.array([0, 0, 3])])
    layer = replace(resolve(model, ["features"])[0], label="penultimate", rectified=True)
    return Network(model, [layer], prepare, "raw")


def maps_of(net, family, method, pixels, targets, **changes):
    settings = params(family, [method], **changes)
    return FAMILIES[family].explain(net, pixels, targets, settings, 1.0).layers["penultimate"].methods[method]


@each_method
def test_an_ordinary_image_has_an_ordinary_map(family, method):
    found = explain(family, method, SQUARE)
    assert (found.shape, found.dtype) == ((2, 2), np.float32)
    assert status(found) == OK


@each_method
def test_a_class_without_gradient_has_a_blank_map(family, method):
    net = two_layers((5, 5))
    found = maps_of(net, family, method, SQUARE[None], np.array([2]))[0]
    if method == "score_cam":  # the softmax of equal scores: the mean of the channels, whatever the class
        np.testing.assert_allclose(
            found, net.run(SQUARE[None], np.array([2])).activations["penultimate"][0].mean(axis=-1), rtol=1e-5
        )
        assert status(found) == OK
    else:
        assert (found == 0).all()
        assert status(found) == BLANK


@each_method
def test_a_class_that_everything_speaks_against_has_a_blank_map(family, method):
    """White cells have A1 alone, against class 1. RISE's values are relative to one another."""
    white = np.full((4, 4), 255, np.uint8)
    changes = {"noise": 0.01} if family == "gradients" else {}
    found = explain(family, method, white, target=1, **changes)
    if method == "score_cam":
        assert (found > 0).all()  # its weights are never negative
    elif method != "rise":
        assert (found <= 0).all()
        assert status(found) == BLANK


@each_method
def test_an_image_that_activates_nothing_has_a_blank_map(family, method):
    """A dead layer: its bias keeps every channel at 0, wherever the image is looked at."""
    dead = two_layers((-1000, -1000))
    found = maps_of(dead, family, method, SQUARE[None], np.array([0]))[0]
    assert (found == 0).all()
    assert status(found) == BLANK


@each_method
@pytest.mark.parametrize("baseline", ["black", "mean", "blur"])
def test_a_constant_image(family, method, baseline):
    """Its map is flat; against its own mean or blur, which it is itself, there is nothing to explain.

    SmoothGrad and RISE put noise and masks on it that vary over space, and so do their maps.
    """
    changes = {"gradients": {"baselines": [baseline]}, "perturbation": {"baseline": baseline}}
    found = explain(family, method, np.full((4, 4), 40, np.uint8), **changes.get(family, {}))
    nothing_to_explain = method in ("integrated_gradients", "occlusion", "rise") and baseline != "black"
    if nothing_to_explain:
        assert (found == 0).all()
        assert status(found) == BLANK
    elif method in ("smooth_grad", "rise"):
        assert np.isfinite(found).all()
    else:
        assert status(found) == IS_FLAT


@each_method
@pytest.mark.filterwarnings("error")
def test_an_activation_that_is_not_finite_makes_its_own_images_map_nan_and_no_other(family, method):
    """The root of 15 - 3 s, s the sum of a cell's pixels in units of 64: not a number where that is 6."""
    net = two_layers((11, 11), -1, keras.ops.sqrt)
    pixels = np.stack([SQUARE, SQUARE, SQUARE // 2])
    pixels[1, 2, 2] = 255
    targets = np.array([0, 0, 0])
    changes = {"noise": 0.001} if family == "gradients" else {}
    found = maps_of(net, family, method, pixels, targets, **changes)
    assert np.isfinite(found[[0, 2]]).all()
    assert draw(found[1:2], np.array(CONTENT), 4).status == [NAN]
    alone = maps_of(net, family, method, pixels[[0, 2]], targets[[0, 2]], **changes)
    np.testing.assert_allclose(found[[0, 2]], alone, rtol=1e-4, atol=1e-5)


@each_method
def test_an_images_map_does_not_depend_on_its_batch(family, method):
    net, pixels, targets = small_network(), small.small_pixels(), small.small_targets()
    together = maps_of(net, family, method, pixels, targets, batch_size=64)
    scale = np.abs(together).max()
    alone = maps_of(net, family, method, pixels[4:5], targets[4:5], batch_size=1)
    np.testing.assert_allclose(alone, together[4:5], atol=2e-5 * scale)
    backwards = maps_of(net, family, method, pixels[::-1], targets[::-1], batch_size=3)
    np.testing.assert_allclose(backwards[::-1], together, atol=2e-5 * scale)
    assert together.std() > 0.01 * scale


@each_method
def test_an_image_that_is_not_square(family, method):
    """Wider by a half than high: rows of the map are rows of the image."""
    net = small_network(16, 24)
    pixels = small.stream("wide").integers(0, 256, (2, 16, 24), dtype=np.uint8)
    found = maps_of(net, family, method, pixels, small.small_targets(2))
    assert found.shape == (2, 8, 12)
    assert np.isfinite(found).all()
    assert found.std() > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_cam_family_on_images_that_are_not_square(shape):
    """At the pooling the gradient is 3 / cells for A1, less as much for A2."""
    image = SHAPES[shape]
    first, second = channels(image)
    difference = 3 * (first - second) / first.size
    for method in ("grad_cam", "hires_cam", "xgrad_cam"):
        np.testing.assert_allclose(explain("cam", method, image), difference, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(explain("cam", "layer_cam", image), 3 * first / first.size, rtol=1e-5)
    weight = first.size * (3 / first.size) / (2 + first.sum() * 3 / first.size)
    np.testing.assert_allclose(explain("cam", "grad_cam_pp", image), weight * first, rtol=1e-5)
    np.testing.assert_allclose(explain("cam", "grad_cam_pp_unit", image), weight * first, rtol=1e-5)


@pytest.mark.parametrize("spread", [0, 1e-7])
def test_xgrad_cam_is_grad_cam_where_the_gradient_is_constant_over_space(spread):
    """sum(A g) / sum(A) = g for any A; so they fall into one group of methods that cannot disagree."""
    draw_it = np.random.default_rng(0)
    activations = np.maximum(draw_it.normal(size=(5, 4, 6, 8)), 0).astype(np.float32)
    gradients = draw_it.normal(size=(5, 1, 1, 8)) * (1 + spread * draw_it.normal(size=(5, 4, 6, 8)))
    assert cam.is_constant(gradients)
    gradients = gradients.astype(np.float32)
    expected = cam.grad_cam(activations, gradients)
    np.testing.assert_allclose(cam.xgrad_cam(activations, gradients), expected, rtol=1e-4, atol=1e-5)
    uneven = gradients * draw_it.uniform(0, 2, gradients.shape).astype(np.float32)
    assert np.abs(cam.xgrad_cam(activations, uneven) - cam.grad_cam(activations, uneven)).max() > 0.1


def test_xgrad_cam_gives_no_weight_to_a_channel_that_sums_to_zero():
    activations = np.array([[[[1, 0, 2], [-1, 0, 1]]]], np.float32)  # sums 0, 0, 3
    found = cam.xgrad_cam(activations, np.array([[[[3, 3, 1], [1, 3, 4]]]], np.float32))
    # the third: (2 x 1 + 1 x 4) / 3 = 2
    assert found.tolist() == [[[4, 2]]]
