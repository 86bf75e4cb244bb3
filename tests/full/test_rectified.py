"""The networks whose last tensors are rectified, at 224 px: where they end, and where they are explained."""

import os
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import pytest

from evidrift.attribution.network import Network
from evidrift.families.cam import is_constant
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import weights_hash
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.networks.params import Architecture
from evidrift.networks.target.layers import resolve
from evidrift.training.pretrained import load_backbone
from tests.places import SHARED

pytestmark = pytest.mark.slow


class Full(NamedTuple):
    """A network: its options, `penultimate` and its shape, `last`, which enters pooling, and its own."""

    options: dict
    penultimate: str
    grid: tuple[int, int, int]
    last: str
    end: tuple[int, int, int]


FULL = {
    "densenet201": Full({}, "pool4_relu", (14, 14, 1792), "relu", (7, 7, 1920)),
    "densenet121": Full({}, "pool4_relu", (14, 14, 1024), "relu", (7, 7, 1024)),
    "resnet50v2": Full({}, "conv5_block1_preact_relu", (7, 7, 1024), "post_relu", (7, 7, 2048)),
    "inceptionv3": Full({}, "mixed9", (5, 5, 2048), "mixed10", (5, 5, 2048)),
    "mobilenet": Full({"alpha": 0.25}, "conv_dw_13_relu", (7, 7, 256), "conv_pw_13_relu", (7, 7, 256)),
    "mobilenetv2": Full({"alpha": 0.35}, "block_16_depthwise_relu", (7, 7, 336), "out_relu", (7, 7, 1280)),
}
# file, sha256
REAL = {
    "densenet121": (
        "densenet121_imagenet_notop.weights.h5",
        "6ac62e3f3904449408e266600dd7c0dc530166a8cd1c58b746b50883d8cd5e55",
    ),
    "mobilenet": (
        "mobilenet_0.25_imagenet_notop.h5",
        "dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf",
    ),
    "mobilenetv2": (
        "mobilenetv2_0.35_imagenet_notop.weights.h5",
        "04af0032331eca800a501cbd14b1861ef1d07bfa5728325084bbe295e7ffaecb",
    ),
}
PIXELS = np.random.default_rng(0).integers(0, 256, (1, 224, 224), np.uint8)


@pytest.fixture(scope="module", params=FULL)
def full(request):
    """Name and trunk."""
    return request.param, build_backbone(request.param, 224, FULL[request.param].options)


def test_it_ends_and_is_explained_in_rectified_tensors_and_the_gradient_varies_at_penultimate(full):
    name, trunk = full
    expected = FULL[name]
    assert trunk.layers[-1].name == expected.last
    assert trunk.output.shape == (None, *expected.end)
    classifier = build_classifier(trunk, 5, 0.2)
    layers = resolve(classifier, ["penultimate", "last"])
    assert [layer.name for layer in layers] == [expected.penultimate, expected.last]
    assert [layer.rectified for layer in layers] == [True, True]
    network = Network(classifier, layers, partial(network_input, zoo=find(name)), "centred")
    found = network.run(PIXELS, np.array([0]))
    assert found.activations["penultimate"].shape == (1, *expected.grid)
    for activations in found.activations.values():
        assert activations.min() >= 0
        assert activations.max() > 0
    assert not is_constant(found.gradients["penultimate"])
    assert is_constant(found.gradients["last"])


@pytest.mark.parametrize("full", ["inceptionv3"], indirect=True)
def test_names_do_not_depend_on_what_was_built_before(full):
    keras.layers.Conv2D(1, 1)
    again = build_backbone("inceptionv3", 75, {})
    names = [layer.name for layer in again.layers]
    assert names == [layer.name for layer in full[1].layers]
    # Keras's names in a fresh process: 94 convolutions, conv2d to conv2d_93
    convolutions = {layer.name for layer in again.layers if isinstance(layer, keras.layers.Conv2D)}
    assert convolutions == {"conv2d"} | {f"conv2d_{number}" for number in range(1, 94)}


@pytest.mark.parametrize("full", REAL, indirect=True)
def test_real_imagenet_weights_are_loaded(full):
    name, trunk = full
    file, sha256 = REAL[name]
    if not (SHARED / "weights" / file).is_file():
        assert os.environ.get("CI") != "true", f"{file} must be there in CI"
        pytest.skip(f"{SHARED / 'weights' / file} is absent")
    section = Architecture(weights=str(SHARED / "weights" / file), sha256=sha256, options=FULL[name].options)
    model = load_backbone(name, 224, section)
    output = model(network_input(PIXELS, find(name)), training=False).numpy()
    assert output.min() >= 0
    assert np.isfinite(output).all()
    assert weights_hash(model) != weights_hash(trunk)
