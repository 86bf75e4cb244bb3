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
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 128, 128), np.uint8)


@pytest.mark.parametrize("name", MINIATURES)
def test_a_miniature_ends_in_a_rectified_grid_of_4_at_128_px(name):
    layer, side, channels, n_weights = MINIATURES[name]
    model = build_backbone(name, 128, {})
    assert model.layers[-1].name == layer
    assert model.output.shape == (None, side, side, channels)
    assert model.count_params() == n_weights
    output = model.predict(network_input(PIXELS, find(name)), verbose=0)
    assert output.min() >= 0
    assert output.max() > 0


@pytest.mark.parametrize("name", MINIATURES)
def test_a_miniature_can_be_built_at_32_px(name):
    model = build_backbone(name, 32, {})
    output = model.predict(network_input(PIXELS[:, :32, :32], find(name)), verbose=0)
    assert output.shape == (2, 1, 1, MINIATURES[name][2])
    assert output.min() >= 0


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
