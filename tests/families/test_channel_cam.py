"""Both methods on the toy network, against values worked out from their formulas."""

import numpy as np
import pytest

from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.families import channel_cam
from evidrift.networks.target.layers import resolve
from tests.attribution import small
from tests.attribution.toy import SHAPES, SQUARE, channels, explain, network, params, parts


def interpolated(rows, y, x, size):
    """Half-pixel bilinear value of a small grid at one pixel, borders repeated, by its four neighbours."""

    def between(place, cells, side):
        at = min(max((place + 0.5) * cells / side - 0.5, 0), cells - 1)
        low = int(at)
        return low, min(low + 1, cells - 1), at - low

    top, bottom, down = between(y, len(rows), size[0])
    left, right, across = between(x, len(rows[0]), size[1])
    upper = rows[top][left] * (1 - across) + rows[top][right] * across
    lower = rows[bottom][left] * (1 - across) + rows[bottom][right] * across
    return upper * (1 - down) + lower * down


def score_cam_by_hand(image, sign=1):
    weights = []
    for channel in channels(image):
        mask = np.array(
            [
                [interpolated(channel, y, x, image.shape) for x in range(image.shape[1])]
                for y in range(image.shape[0])
            ]
        )
        mask = (mask - mask.min()) / (mask.max() - mask.min())
        weights.append(np.exp(sign * parts(mask * image).sum()))
    first, second = np.array(weights) / sum(weights)
    return first * channels(image)[0] + second * channels(image)[1]


@pytest.mark.parametrize("shape", SHAPES)
def test_score_cam_by_hand(shape):
    image = SHAPES[shape]
    found = explain("channel_cam", "score_cam", image)
    np.testing.assert_allclose(found, score_cam_by_hand(image), rtol=1e-4)
    # the two channels' scores differ, so it is not their mean
    assert not np.allclose(found, channels(image).mean(axis=0), rtol=0.1)
    against = explain("channel_cam", "score_cam", image, target=1)
    np.testing.assert_allclose(against, score_cam_by_hand(image, sign=-1), rtol=1e-4)


def test_score_cam_does_not_feel_a_constant_added_to_the_score():
    before, after = (
        explain("channel_cam", "score_cam", SQUARE, net=network(bias=bias, score="raw"))
        for bias in ((1, 0, 2), (51, 0, 2))
    )
    np.testing.assert_allclose(after, before, rtol=1e-4)


def test_a_channel_that_is_the_same_everywhere_masks_the_whole_image():
    net, image = network(), SQUARE[None]
    activations = np.ones((1, 2, 2, 2), np.float32)
    activations[0, :, :, 0] = channels(SQUARE)[0]
    found = channel_cam.score_cam(net, image, activations, np.array([0]), 5)
    first = channels(SQUARE)[0]
    mask = np.array([[interpolated(first, y, x, (4, 4)) for x in range(4)] for y in range(4)])
    weight = np.exp([parts(mask / 3 * SQUARE).sum(), -6])  # the black image's score is -6
    np.testing.assert_allclose(found[0], (weight[0] * first + weight[1]) / weight.sum(), rtol=1e-4)


def test_ablation_cam_by_hand():
    # S = 3 (m1 - m2), m1 = 11/8, m2 = 5/8: without A1 the score falls by 33/8, without A2 it rises by 15/8
    first, second = channels(SQUARE)
    found = explain("channel_cam", "ablation_cam", SQUARE)
    np.testing.assert_allclose(found, (33 * first - 15 * second) / 8, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_ablation_cam_weighs_each_channel_by_what_the_score_loses_without_it(shape):
    image = SHAPES[shape]
    first, second = channels(image)
    expected = 3 * first.mean() * first - 3 * second.mean() * second
    np.testing.assert_allclose(explain("channel_cam", "ablation_cam", image), expected, rtol=1e-4, atol=1e-5)


def test_dividing_by_a_negative_score_would_turn_ablation_cam_around():
    """Class 1 has the centred score -13/4 and loses by A1, which the paper's division would call evidence."""
    first, second = channels(SQUARE)
    found = explain("channel_cam", "ablation_cam", SQUARE, target=1)
    np.testing.assert_allclose(found, (-33 * first + 15 * second) / 8, rtol=1e-5)
    divided = found / (-13 / 4)
    assert found[1, 1] < 0 < divided[1, 1]
    assert divided[0, 0] < 0 < found[0, 0]


def test_a_channel_is_set_to_zero_whatever_the_sign_of_the_others():
    """On a layer with negative values too, as the paper has it: not to some very low value."""
    model = small.small_classifier()
    net = Network(model, resolve(model, ["sum"]), small.prepare, "centred")
    pixels, targets = small.small_pixels(3), small.small_targets(3)
    activations = net.run(pixels, targets).activations["sum"]
    assert activations.min() < 0
    weights = []
    for channel in range(activations.shape[-1]):
        without = np.where(np.arange(activations.shape[-1]) == channel, 0, activations)
        rest = [net.scores_from("sum", a.astype(np.float32), targets) for a in (activations, without)]
        weights.append(rest[0] - rest[1])
    found = channel_cam.explain(net, pixels, targets, params("channel_cam", ["ablation_cam"]), 1.0)
    layer = found.layers["sum"]
    assert (layer.name, layer.rectified, layer.constant_gradient) == ("sum", False, False)
    expected = np.einsum("nhwk,kn->nhw", activations, np.array(weights))
    np.testing.assert_allclose(layer.methods["ablation_cam"], expected, rtol=1e-4, atol=1e-5)


def test_ablation_at_a_layer_that_a_path_goes_around_is_refused():
    model = small.small_classifier()
    net = Network(model, resolve(model, ["branch"]), small.prepare, "centred")
    settings = params("channel_cam", ["ablation_cam"])
    with pytest.raises(UserError, match="branch"):
        channel_cam.explain(net, small.small_pixels(2), small.small_targets(2), settings, 1.0)


def test_no_pass_is_larger_than_the_batch_whatever_the_number_of_channels(monkeypatch):
    model = small.small_classifier()
    net = Network(model, resolve(model, ["penultimate"]), small.prepare, "centred")
    passes = []
    scores, scores_from = net.scores, net.scores_from
    monkeypatch.setattr(net, "scores", lambda x, t: passes.append(len(x)) or scores(x, t))
    monkeypatch.setattr(net, "scores_from", lambda at, x, t: passes.append(len(x)) or scores_from(at, x, t))
    settings = params("channel_cam", ["score_cam", "ablation_cam"], batch_size=4)
    channel_cam.explain(net, small.small_pixels(3), small.small_targets(3), settings, 1.0)
    # 6 channels x 3 images, twice, and the ablation's own unchanged images
    assert passes == [4, 4, 4, 4, 2] * 2 + [3]
