"""Trunk + head as one graph, and batch normalisation while it is trained."""

import keras
import numpy as np
import pytest

from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, build_head, network_input, set_batchnorm


@pytest.fixture(scope="module")
def built():
    """A classifier, and the weights that it was built with."""
    model = build_classifier(build_backbone("densenet_mini", 32, {}), 5, dropout=0)
    return model, model.get_weights()


@pytest.fixture
def classifier(built):
    """The classifier as it was built, to be changed."""
    model, weights = built
    model.set_weights(weights)
    for layer in model.layers:
        layer.trainable = True
    return model


def normalisations(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def test_grey_becomes_three_equal_channels():
    pixels = np.array([[[0, 255], [51, 102]]], np.uint8)
    values = network_input(pixels, find("resnetv2_mini"))
    assert values.dtype == np.float32
    # 51 / 127.5 - 1 = -0.6, 102 / 127.5 - 1 = -0.2
    expected = np.array([[[-1, 1], [-0.6, -0.2]]])[..., None].repeat(3, -1)
    np.testing.assert_allclose(values, expected, atol=1e-7)


def test_logits_are_the_head_on_the_mean_of_the_trunks_output(classifier):
    images = network_input(
        np.random.default_rng(0).integers(0, 256, (3, 32, 32), np.uint8), find("densenet_mini")
    )
    trunk = keras.Model(classifier.input, classifier.get_layer("relu").output)
    kernel, bias = classifier.get_layer("logits").get_weights()
    expected = trunk(images).numpy().mean((1, 2)) @ kernel + bias
    np.testing.assert_allclose(classifier(images).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_heads_start_depends_on_its_seed_only():
    kernels = [build_head(7, 5, 0.2, seed).get_layer("logits").get_weights()[0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.allclose(kernels[0], kernels[2])


def test_a_head_has_the_classifiers_layers(classifier):
    head = build_head(103, 5, 0, seed=1)
    for layer in head.layers[1:]:
        shapes = [weights.shape for weights in layer.get_weights()]
        assert shapes == [weights.shape for weights in classifier.get_layer(layer.name).get_weights()]


def test_batchnorm_in_inference_mode_computes_in_training_what_it_computes_in_inference(classifier):
    images = np.random.default_rng(1).normal(size=(4, 32, 32, 3)).astype(np.float32)
    statistics = [layer.moving_mean.numpy() for layer in normalisations(classifier)]
    set_batchnorm(classifier, "inference")
    trained = classifier(images, training=True).numpy()
    np.testing.assert_allclose(trained, classifier(images, training=False).numpy(), rtol=1e-5, atol=1e-6)
    for layer, before in zip(normalisations(classifier), statistics, strict=True):
        np.testing.assert_array_equal(layer.moving_mean.numpy(), before)


def test_batchnorm_that_is_updated_moves_its_statistics(classifier):
    images = np.random.default_rng(1).normal(3, 1, size=(4, 32, 32, 3)).astype(np.float32)
    set_batchnorm(classifier, "inference")
    set_batchnorm(classifier, "update")
    trained = classifier(images, training=True).numpy()
    assert not np.allclose(trained, classifier(images, training=False).numpy())
    assert all(np.any(layer.moving_mean.numpy() != 0) for layer in normalisations(classifier))


@pytest.mark.parametrize("modes", [["update"], ["inference"], ["inference", "inference"]])
def test_scale_and_offset_are_trained_in_both_modes(classifier, modes):
    for mode in modes:
        variables = set_batchnorm(classifier, mode)
    paths = [variable.path for variable in variables]
    expected = [
        weight.path
        for layer in classifier.layers
        for weight in layer.weights
        if weight.name in ("kernel", "bias", "gamma", "beta")
    ]
    assert sorted(paths) == sorted(expected)
