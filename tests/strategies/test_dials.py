"""The dials: rates by variable, and the mode of batch normalisation."""

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.networks.backbone import build_backbone
from evidrift.networks.classifier import build_classifier, set_batchnorm
from evidrift.strategies import batchnorm, decay, rate
from evidrift.training.strategy import find_strategy, names
from evidrift.training.treatment import Setting
from tests.strategies.tester import toy


def factors(module, model, **params):
    """The factor of each trained variable, by layer and name."""
    variables = set_batchnorm(model, "inference")
    treatment = module.treat(Setting(model, model.get_weights()), module.Params(**params))
    return {
        variable.path: factor
        for variable, factor in zip(variables, treatment.rates(model, variables), strict=True)
    }


def test_the_rate_has_one_factor():
    assert set(factors(rate, toy(), factor=0.3).values()) == {0.3}


def test_the_mode_takes_the_place_of_the_recipes():
    setting = Setting(toy(), [])
    assert batchnorm.treat(setting, batchnorm.Params(mode="update")).batchnorm == "update"


def test_a_chain_counts_as_twelve_layers():
    found = factors(decay, toy(), decay=0.5)
    # depths 2, 1 and 0: 12, 6 and 0 of twelve
    assert found == {
        "stem/kernel": 0.5**12,
        "stem_bn/gamma": 0.5**12,
        "stem_bn/beta": 0.5**12,
        "top/kernel": 0.5**6,
        "top/bias": 0.5**6,
        "logits/kernel": 1,
        "logits/bias": 1,
    }


def test_the_longest_way_to_the_logits_counts():
    """A residual block with normalisation before its convolutions, and a projection beside them."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    y = keras.layers.BatchNormalization(name="norm")(x)
    y = keras.layers.Conv2D(4, 3, padding="same", name="first")(y)
    y = keras.layers.Conv2D(4, 3, padding="same", name="second")(y)
    x = keras.layers.Add()([keras.layers.Conv2D(4, 1, name="projection")(x), y])
    model = build_classifier(keras.Model(inputs, x), 3, 0.0)
    variables = set_batchnorm(model, "inference")
    found = decay.depth_of_weights(model)
    depths = {variable.path.split("/")[0]: found[id(variable)] for variable in variables}
    assert depths == {"stem": 3, "norm": 3, "first": 2, "second": 1, "projection": 1, "logits": 0}


def test_decay_of_one_is_plain():
    assert set(factors(decay, toy(), decay=1.0).values()) == {1.0}


@pytest.mark.parametrize("architecture", ["densenet_mini", "vit_mini"])
def test_in_every_architecture_rates_rise_from_the_first_layer_to_the_head(architecture):
    model = build_classifier(build_backbone(architecture, 64, {}), 5, 0.0)
    found = list(factors(decay, model, decay=0.8).values())
    assert min(found) == pytest.approx(0.8**12)
    assert found[-2:] == [1, 1]
    assert all(factor < 1 for factor in found[:-2])
    assert np.corrcoef(np.arange(len(found)), np.log(found))[0, 1] > 0.9


def test_dials_are_the_three_and_plain():
    assert [name for name in names() if find_strategy(name).DIAL] == ["batchnorm", "decay", "plain", "rate"]
