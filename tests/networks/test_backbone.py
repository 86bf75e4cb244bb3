"""Trunks: shapes, rectified outputs, and independence of what the process built before."""

import keras
import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import weights_hash
from evidrift.networks.classifier import build_classifier, network_input

pytestmark = pytest.mark.slow

# Layer that enters pooling, its grid at 128 px, channels, weights.
MINIATURES = {
    "densenet_mini": ("relu", 4, 103, 159_683),
    "resnetv2_mini": ("post_relu", 4, 224, 274_768),
    "inception_mini": ("mixed4", 4, 256, 280_576),
}
# Layer that enters pooling, its shape at 224 px, options.
FULL = {
    "densenet201": ("relu", (7, 7, 1920), {}),
    "densenet121": ("relu", (7, 7, 1024), {}),
    "resnet50v2": ("post_relu", (7, 7, 2048), {}),
    "inceptionv3": ("mixed10", (5, 5, 2048), {}),
    "mobilenet": ("conv_pw_13_relu", (7, 7, 256), {"alpha": 0.25}),
    "mobilenetv2": ("out_relu", (7, 7, 1280), {"alpha": 0.35}),
}
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 224, 224), np.uint8)


@pytest.mark.parametrize("name", MINIATURES)
def test_a_miniature_ends_in_a_rectified_grid_of_4_at_128_px(name):
    layer, side, channels, n_weights = MINIATURES[name]
    model = build_backbone(name, 128, {})
    assert model.layers[-1].name == layer
    assert model.output.shape == (None, side, side, channels)
    assert model.count_params() == n_weights
    output = model.predict(network_input(PIXELS[:, :128, :128], find(name)), verbose=0)
    assert output.min() >= 0
    assert output.max() > 0


@pytest.mark.parametrize("name", MINIATURES)
def test_a_miniature_can_be_built_at_32_px(name):
    model = build_backbone(name, 32, {})
    output = model.predict(network_input(PIXELS[:, :32, :32], find(name)), verbose=0)
    assert output.shape == (2, 1, 1, MINIATURES[name][2])
    assert output.min() >= 0


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL)
def test_a_full_network_ends_in_its_rectified_tensor_at_224_px(name):
    layer, shape, options = FULL[name]
    model = build_backbone(name, 224, options)
    assert model.layers[-1].name == layer
    assert model.output.shape == (None, *shape)
    output = model.predict(network_input(PIXELS, find(name)), verbose=0)
    assert output.min() >= 0
    assert output.max() > 0


@pytest.mark.slow
def test_names_do_not_depend_on_what_was_built_before():
    first = build_backbone("inceptionv3", 75, {})
    keras.layers.Conv2D(1, 1)
    second = build_backbone("inceptionv3", 75, {})
    names = [layer.name for layer in first.layers]
    assert names == [layer.name for layer in second.layers]
    # Keras's names in a fresh process: 94 convolutions, conv2d to conv2d_93
    convolutions = {layer.name for layer in first.layers if isinstance(layer, keras.layers.Conv2D)}
    assert convolutions == {"conv2d"} | {f"conv2d_{number}" for number in range(1, 94)}


def test_random_weights_depend_on_architecture_and_layer_only():
    keras.utils.set_random_seed(1)
    first = build_backbone("densenet_mini", 32, {})
    keras.utils.set_random_seed(2)
    second = build_backbone("densenet_mini", 32, {})
    assert weights_hash(first) == weights_hash(second)
    kernels = [first.get_layer(f"conv2_block{block}_2_conv").get_weights()[0] for block in (1, 2)]
    assert not np.array_equal(*kernels)
    # and they are Glorot's: uniform within sqrt(6 / (inputs + outputs)), 3x3 x 48 inputs, 3x3 x 12 outputs
    limit = np.sqrt(6 / (9 * 48 + 9 * 12))
    assert 0.99 * limit < np.abs(kernels[0]).max() <= limit


@pytest.mark.slow
def test_weights_given_by_keras_survive_the_renaming(monkeypatch):
    """As with ImageNet's: the trunk built from them must compute what Keras's does."""
    theirs = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    zoo = find("mobilenetv2")
    monkeypatch.setattr(zoo, "build", lambda size, weights: theirs)
    ours = build_backbone("mobilenetv2", 96, {}, weights="imagenet")
    images = network_input(PIXELS[:, :96, :96], zoo)
    np.testing.assert_array_equal(ours.predict(images, verbose=0), theirs.predict(images, verbose=0))


def test_imagenet_weights_of_a_miniature_are_refused_rather_than_random():
    with pytest.raises(UserError, match="there are no ImageNet weights of densenet_mini"):
        build_backbone("densenet_mini", 32, {}, weights="imagenet")


def test_a_classifier_shares_the_graph_of_its_trunk():
    backbone = build_backbone("resnetv2_mini", 32, {})
    classifier = build_classifier(backbone, 5, dropout=0.2)
    assert not any(isinstance(layer, keras.Model) for layer in classifier.layers)
    assert [layer.name for layer in classifier.layers[-3:]] == ["pool", "dropout", "logits"]
