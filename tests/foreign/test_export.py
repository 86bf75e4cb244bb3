"""An exported classifier is the classifier, read by plain Keras from grey levels to probabilities."""

import keras
import numpy as np
import pytest

from evidrift.attribution.explain import explain
from evidrift.attribution.network import Network
from evidrift.auditing.methods import families_of
from evidrift.foreign.export import exported
from evidrift.foreign.files import load_model_file
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.networks.target.layers import resolve
from tests.foreign.kinds import with_weights


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnetv2_mini", "densenet_mini"])
def test_grey_levels_become_the_classifiers_probabilities(name, tmp_path):
    """Of both input ranges: -1 to 1, and ImageNet's by channel."""
    classifier = with_weights(build_classifier(build_backbone(name, 64, {}), 3, dropout=0.2))
    path = tmp_path / "model.keras"
    exported(classifier, find(name)).save(path)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    logits = np.asarray(classifier(network_input(pixels, find(name)), training=False), np.float64)
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    plain = keras.models.load_model(path)  # safe mode is Keras's default
    films = np.repeat(pixels[..., None], 3, axis=-1).astype(np.float32)
    np.testing.assert_allclose(plain(films, training=False), expected, atol=1e-4)
    file = load_model_file(path)
    assert file.notes == ()  # its scaling is found
    assert (file.size, file.n_classes) == (64, 3)
    np.testing.assert_allclose(file.model(file.prepare(pixels), training=False), logits, atol=1e-3)


def test_with_evidence_it_gives_the_same_probabilities_and_the_maps_of_layer_cam(tmp_path):
    """Each class's map, as evidrift computes it by a gradient, at the layer that feeds the pooling."""
    zoo = find("resnetv2_mini")
    classifier = with_weights(build_classifier(build_backbone("resnetv2_mini", 96, {}), 3, dropout=0.2))
    path = tmp_path / "service.keras"
    exported(classifier, zoo, evidence=True).save(path)
    pixels = np.random.default_rng(1).integers(0, 256, (2, 96, 96), dtype=np.uint8)
    films = np.repeat(pixels[..., None], 3, axis=-1).astype(np.float32)
    found = keras.models.load_model(path)(films, training=False)
    np.testing.assert_allclose(
        found["probabilities"], exported(classifier, zoo)(films, training=False), atol=1e-6
    )
    assert found["evidence"].shape == (2, 3, 3, 3)
    (family,) = families_of(["layer_cam"], "last", batch_size=2)
    network = Network(
        classifier, resolve(classifier, ["last"]), lambda each: network_input(each, zoo), "centred"
    )
    for label in range(3):
        asked = np.full(2, label)
        maps = explain(network, family, pixels, asked).layers["last"].methods["layer_cam"]
        # the gradient of a mean over 9 places
        expected = 9 * np.maximum(maps, 0)
        assert expected.max() > 0
        np.testing.assert_allclose(found["evidence"][..., label], expected, rtol=1e-4, atol=1e-5)
    file = load_model_file(path)  # as it is in service
    np.testing.assert_allclose(
        file.probabilities(np.asarray(file.model(file.prepare(pixels), training=False))),
        found["probabilities"],
        atol=1e-4,
    )
