"""Integrated gradients add up to the difference of scores on the miniatures.

Maps need far fewer steps than this: at 16 they share 97 to 98 % of their evidence with those at 512.
"""

import numpy as np
import pytest

from evidrift.attribution.network import Network
from evidrift.families.gradients import incompleteness, integrated_gradients
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import ZOO, find
from evidrift.networks.checkpoint import load_weights
from evidrift.networks.classifier import build_classifier, network_input
from evidrift.networks.target.layers import resolve
from evidrift.prepare.phantoms.draw import draw
from evidrift.prepare.phantoms.recipe import load_recipe
from tests.places import ROOT

pytestmark = pytest.mark.slow


def phantoms(size, each):
    """Images of two classes, (2 x each, size, size), those of a class together."""
    recipe = load_recipe(ROOT / "phantoms" / "default.yaml")
    labels = ("covid19", "normal")
    return np.stack([draw(recipe, label, str(at), size).image for label in labels for at in range(each)])


def classifier(name, size):
    """A trunk, and a head that tells the two classes by their mean features."""
    backbone = build_backbone(name, size, {})
    load_weights(backbone, ZOO / "weights" / f"{name}.weights.h5")
    model = build_classifier(backbone, 2, 0)
    zoo = find(name)
    net = Network(model, resolve(model, ["last"]), lambda pixels: network_input(pixels, zoo), "centred")
    images = phantoms(size, 4)
    features = net.run(images, np.zeros(8, int)).activations["last"].mean(axis=(1, 2))
    apart = features[:4].mean(axis=0) - features[4:].mean(axis=0)
    kernel = np.stack([apart, -apart], axis=1) / np.sum(apart**2)
    model.get_layer("logits").set_weights([kernel, -features.mean(axis=0) @ kernel])
    return net, images[[0, 4]]


@pytest.mark.parametrize(
    ("name", "baseline"), [("densenet_mini", "black"), ("resnetv2_mini", "blur"), ("inception_mini", "blur")]
)
def test_within_one_per_cent(name, baseline):
    net, images = classifier(name, 128)
    targets = np.array([0, 1])
    found = integrated_gradients(net, images, targets, [baseline], 256, 32)
    assert np.abs(incompleteness(net, images, targets, [baseline], found)).max() < 0.01
