"""WiSE-FT: exact at both ends, the mean halfway, and statistics of batch normalisation against numpy."""

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.strategies import wise
from evidrift.strategies.wise import Params, blend
from evidrift.training.examples import Examples
from evidrift.training.finetune import blend as blend_at_the_end
from evidrift.training.params import Finetune
from evidrift.training.strategy import Strategy
from tests.strategies.tester import toy

MEAN, VARIANCE = "moving_mean", "moving_variance"


def two_checkpoints():
    return toy(0).get_weights(), toy(1).get_weights()


def blended(share, updated=False, inputs=()):
    model = toy(2)
    blend(model, *two_checkpoints(), Params(share=share), updated, inputs)
    return model


@pytest.mark.parametrize("updated", [False, True])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_ends_are_the_checkpoints_bit_for_bit(share, updated):
    batches = [np.ones((2, 8, 8, 3), np.float32)]
    for found, expected in zip(
        blended(share, updated, batches).get_weights(), two_checkpoints()[int(share)], strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_share_of_a_quarter_by_hand():
    start, end = two_checkpoints()
    for found, a, b in zip(blended(0.25).get_weights(), start, end, strict=True):
        np.testing.assert_allclose(found, 0.75 * a + 0.25 * b, rtol=1e-6, atol=1e-7)


def stacked():
    """Dropout, 1x1 convolution, batch normalisation, ReLU, twice."""
    inputs = keras.Input((4, 4, 3))
    x = inputs
    for number in (1, 2):
        x = keras.layers.Dropout(0.5)(x)
        x = keras.layers.Conv2D(3, 1, use_bias=False, name=f"conv{number}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{number}")(x)
        x = keras.layers.ReLU()(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))


def randomly(model, seed):
    generator = np.random.default_rng(seed)
    model.set_weights([np.abs(generator.normal(size=each.shape)) for each in model.weights])
    return model.get_weights()


def test_statistics_are_those_of_all_that_comes_in_normalised_batch_by_batch():
    model = stacked()
    start, end = randomly(model, 1), randomly(model, 2)
    for name in ("norm1", "norm2"):
        model.get_layer(name).trainable = False  # as `inference` mode leaves it
    generator = np.random.default_rng(3)
    batches = [generator.normal(size=(n, 4, 4, 3)).astype(np.float32) for n in (4, 4, 2)]
    blend(model, start, end, Params(share=0.5), True, iter(batches))

    def stage(x, number):
        layer = model.get_layer(f"norm{number}")
        y = x @ model.get_layer(f"conv{number}").kernel.numpy()[0, 0]
        seen[number].append(y)
        mean, variance = y.mean((0, 1, 2)), y.var((0, 1, 2))
        scaled = (y - mean) / np.sqrt(variance + layer.epsilon)
        return np.maximum(scaled * layer.gamma.numpy() + layer.beta.numpy(), 0)

    seen = {1: [], 2: []}
    for batch in batches:
        x = batch.astype(np.float64)
        for number in (1, 2):
            x = stage(x, number)
    for number in (1, 2):
        layer = model.get_layer(f"norm{number}")
        whole = np.concatenate(seen[number])
        expected = [whole.mean((0, 1, 2)), whole.var((0, 1, 2))]
        np.testing.assert_allclose([layer.moving_mean, layer.moving_variance], expected, rtol=1e-5)
    for weight, before, after in zip(model.weights, start, end, strict=True):
        if weight.name not in (MEAN, VARIANCE):
            np.testing.assert_allclose(weight, (before + after) / 2, rtol=1e-6)


def test_without_updated_statistics_these_are_mixed_and_no_image_is_asked_for():
    def none():
        raise AssertionError
        yield

    start, end = two_checkpoints()
    model = blended(0.5, False, none())
    for weight, before, after in zip(model.weights, start, end, strict=True):
        np.testing.assert_allclose(weight, (before + after) / 2, rtol=1e-6, atol=1e-7)


def test_the_pass_leaves_the_classifier_as_it_was_but_for_its_statistics():
    model = stacked()
    weights = randomly(model, 1)
    frozen = model.get_layer("norm1")
    frozen.trainable = False
    blend(model, weights, weights, Params(share=0.5), True, [np.ones((2, 4, 4, 3), np.float32)])
    assert not frozen.trainable
    assert frozen.momentum == 0.99


def sorted_by_class():
    """64 images of two classes far apart, in the store's order; and whose batches came."""
    shift = np.repeat([-3.0, 3.0], 32)
    pixels = (
        np.random.default_rng(4).normal(shift[:, None, None, None], size=(64, 4, 4, 3)).astype(np.float32)
    )
    asked = []

    def inputs(rows, views):
        assert not views.any()
        asked.append(rows)
        return pixels[rows]

    return Examples(np.repeat([0, 1], 32), 2, inputs), pixels, asked


def test_of_a_store_sorted_by_class_the_variance_between_classes_counts():
    model, (examples, pixels, asked) = stacked(), sorted_by_class()
    start = randomly(model, 1)
    randomly(model, 2)  # as plain fine-tuning left it
    params = Finetune(
        **{"epochs": 1, "batch_size": 8, "learning_rate": 0.1, "warmup_epochs": 0, "dropout": 0.0},
        **{"checkpoint": "last", "views": 2, "batchnorm": "update", "strategy": {"wise": {"share": 0.5}}},
        **{"averaging": 0, "keep_epochs": []},
    )
    blend_at_the_end(model, start, Strategy("wise", wise, Params(share=0.5)), params, examples)
    y = pixels.astype(np.float64) @ model.get_layer("conv1").kernel.numpy()[0, 0]
    norm = model.get_layer("norm1")
    np.testing.assert_allclose(norm.moving_mean, y.mean((0, 1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, y.var((0, 1, 2)), rtol=1e-5)
    # what comes to the deeper layers is normalised over both classes
    assert np.sort(np.concatenate(asked)).tolist() == list(range(64))
    assert all(8 <= np.count_nonzero(rows < 32) <= 24 for rows in asked)
