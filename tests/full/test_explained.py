"""Networks in which nothing is rectified: where they are explained, what is defined there, what is not."""

from functools import partial

import numpy as np
import pytest

from evidrift.attribution.network import Network
from evidrift.families import cam, channel_cam, gradients, perturbation
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.networks.target.layers import resolve
from tests.full.sizes import SMALL, UNRECTIFIED

pytestmark = pytest.mark.slow

SIZE = SMALL
# Penultimate and last target layer, and the side of the grid of both at 64 px.
TARGETS = {
    "vit_mini": ("block4_mlp_add", "norm", 4),
    "convnext_tiny": ("convnext_tiny_stage_3_block_2_add", "layer_normalization", 2),
    "efficientnetv2_b0": ("block6h_add", "top_activation", 2),
}
PLUS_PLUS = {"grad_cam_pp", "grad_cam_pp_unit"}
COMMON = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": 16}
FAMILIES = {
    cam: {
        "methods": ["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam", "xgrad_cam"],
        "layers": ["penultimate", "last"],
    },
    channel_cam: {"methods": ["score_cam", "ablation_cam"], "layers": ["penultimate"]},
    gradients: {
        "methods": ["gradient_input", "integrated_gradients", "smooth_grad"],
        "steps": 2,
        "baselines": ["black"],
        "samples": 2,
        "noise": 0.1,
        "seed": 0,
    },
    perturbation: {
        "methods": ["occlusion", "rise"],
        "baseline": "black",
        "masks": 4,
        "cells": 4,
        "keep": 0.5,
        "seed": 0,
    },
}
PIXELS = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE), np.uint8)


@pytest.fixture(
    scope="module",
    params=["vit_mini", *(pytest.param(name, marks=pytest.mark.slow) for name in UNRECTIFIED)],
)
def explained(request):
    """A network with random weights, ready for explaining, and its name."""
    full = request.param in UNRECTIFIED
    trunk = request.getfixturevalue("trunks")[request.param] if full else build_backbone("vit_mini", SIZE, {})
    classifier = build_classifier(trunk, 5, dropout=0)
    layers = resolve(classifier, ["penultimate", "last"])
    prepare = partial(network_input, zoo=find(request.param))
    return Network(classifier, layers, prepare, "centred"), request.param


def maps(network, family):
    params = family.Params(**COMMON, **FAMILIES[family])
    return family.explain(network, PIXELS, np.array([0, 3]), params, 1.0).layers


def test_the_last_block_is_the_penultimate_layer_and_not_rectified(explained):
    network, name = explained
    assert tuple(layer.name for layer in network.layers) == TARGETS[name][:2]
    assert [layer.rectified for layer in network.layers] == [False, False]
    assert network.grid("penultimate") == network.grid("last") == (TARGETS[name][2],) * 2


def test_grad_cam_pp_is_not_defined_and_the_rest_of_its_family_is(explained):
    network, name = explained
    side = TARGETS[name][2]
    layers = maps(network, cam)
    for label, layer in layers.items():
        assert set(layer.not_defined) == PLUS_PLUS
        assert set(layer.methods) == set(FAMILIES[cam]["methods"]) - PLUS_PLUS
        for method, values in layer.methods.items():
            assert values.shape == (2, side, side)
            assert np.isfinite(values).all()
            # a layer normalisation ignores its input's scale, so A . dS/dA is 0 at every place before it
            blank = name != "efficientnetv2_b0" and (label, method) == ("penultimate", "hires_cam")
            assert (np.ptp(values, axis=(1, 2)).min() > 0) == (not blank)
    assert [layers[label].constant_gradient for label in ("penultimate", "last")] == [False, True]


@pytest.mark.parametrize("family", [gradients, perturbation])
def test_families_that_look_at_pixels_need_no_rectified_layer(explained, family):
    network, name = explained
    (layer,) = maps(network, family).values()
    assert not layer.not_defined
    for values in layer.methods.values():
        assert values.shape == (2, TARGETS[name][2], TARGETS[name][2])
        assert np.isfinite(values).all()
        assert np.ptp(values, axis=(1, 2)).min() > 0


# the others have hundreds of channels, with a pass for each
@pytest.mark.parametrize("explained", ["vit_mini"], indirect=True)
def test_channels_of_a_transformer_can_be_scored_and_ablated(explained):
    network, _ = explained
    layer = maps(network, channel_cam)["penultimate"]
    assert set(layer.methods) == {"score_cam", "ablation_cam"}
    assert all(np.isfinite(values).all() for values in layer.methods.values())
