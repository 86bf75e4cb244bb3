"""Score-CAM and Ablation-CAM against the package grad-cam, on the layer's own grid.

Score-CAM differs in how channels become masks and in what masks hide, Ablation-CAM by a factor, which may be
negative.
"""

import numpy as np
import pytest
import torch
from torch import nn

from evidrift.families import channel_cam
from tests.peers.grad_cam import AblationCAM, ScoreCAM, raw_maps
from tests.peers.twins import (
    SAME,
    CentredLogit,
    greys,
    keras_twin,
    largest_difference,
    network,
    pixels,
    targets,
    torch_twin,
)

pytestmark = pytest.mark.peers

LAYERS = pytest.mark.parametrize("layer", ["middle", "end"])


def ours(method, twins, layer):
    params = channel_cam.Params(
        methods=[method],
        layers=[layer],
        images_per_class=None,
        score="centred",
        target="label",
        batch_size=32,
    )
    explained = network(twins[0], layer)
    return channel_cam.explain(explained, pixels(), targets(), params, 1.0).layers[layer].methods[method]


def theirs(method, twin, layer, inputs):
    return raw_maps(method, twin, layer, inputs, [CentredLogit(target) for target in targets()])


@pytest.fixture(scope="module")
def twins():
    """Of larger logits: a softmax of scores that hardly differ would hide how they come about."""
    model = keras_twin()
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([20 * kernel, bias])
    return model, torch_twin(model)


@pytest.fixture
def half_pixel_centres(monkeypatch):
    """The package enlarges as evidrift does."""

    def bilinear(size):
        return nn.Upsample(size=tuple(size), mode="bilinear", align_corners=False)

    monkeypatch.setattr(torch.nn, "UpsamplingBilinear2d", bilinear)


@LAYERS
def test_score_cam_coincides_with_half_pixel_centres_and_black_behind_the_mask(
    twins, layer, half_pixel_centres
):
    reference = theirs(ScoreCAM, twins[1], layer, greys())
    assert largest_difference(ours("score_cam", twins, layer), reference) < SAME


@pytest.mark.parametrize(("layer", "expected"), [("middle", 0.031), ("end", 0.104)])
def test_score_cam_differs_by_the_package_s_corner_alignment(twins, layer, expected):
    """The package enlarges a channel so that its outermost cells' centres lie on the image's corners, which
    moves what the mask shows; evidrift uses half-pixel centres. The coarser the grid, the more it matters."""
    reference = theirs(ScoreCAM, twins[1], layer, greys())
    difference = largest_difference(ours("score_cam", twins, layer), reference)
    assert difference == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(("layer", "expected"), [("middle", 1.99), ("end", 1.83)])
def test_score_cam_differs_where_the_mask_falls_on_the_network_s_input(
    twins, layer, expected, half_pixel_centres
):
    """As the package is used, on prepared tensors, what a mask hides becomes the preprocessing's zero, a
    middle grey; evidrift masks the pixels, so that it becomes black in every architecture. Another channel
    gets the weight, and the map has little to do with the first."""
    reference = theirs(ScoreCAM, twins[1][1:], layer, twins[1][0](greys()))
    difference = largest_difference(ours("score_cam", twins, layer), reference)
    assert difference == pytest.approx(expected, rel=0.05)


def scores(twins):
    with torch.no_grad():
        return np.array([CentredLogit(c)(z) for c, z in zip(targets(), twins[1](greys()), strict=True)])


@LAYERS
def test_ablation_cam_coincides_times_the_score(twins, layer):
    reference = theirs(AblationCAM, twins[1], layer, greys()) * scores(twins)[:, None, None]
    assert largest_difference(ours("ablation_cam", twins, layer), reference) < SAME


def test_ablation_cam_divided_by_a_negative_score_is_turned_round(twins):
    """w_k = (S - S_k) / S in the package, as in the paper, which has a positive score in mind; S - S_k in
    evidrift. For an image whose class has a centred logit below 0 the package's map shows what speaks
    against the class."""
    negative = scores(twins) < 0
    assert 0 < negative.sum() < len(negative)
    found, reference = ours("ablation_cam", twins, "end"), theirs(AblationCAM, twins[1], "end", greys())
    for map_, other, turned in zip(found, reference, negative, strict=True):
        assert np.corrcoef(map_.ravel(), other.ravel())[0, 1] == pytest.approx(-1 if turned else 1, abs=1e-4)
