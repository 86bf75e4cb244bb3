"""Weights on disk: the same bytes, the same values, and a sentence where they do not fit."""

import hashlib
import subprocess
import sys
import time

import h5py
import keras
import numpy as np
import pytest

from evidrift.base.errors import UserError
from evidrift.networks.backbone import build_backbone
from evidrift.networks.checkpoint import (
    Plan,
    load_seeds,
    load_tl,
    load_weights,
    save_weights,
    weights_hash,
)
from evidrift.networks.classifier import build_classifier, build_head, set_batchnorm
from evidrift.networks.files import HEAD, NETWORK

SIZE, N_CLASSES = 32, 5


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def classifier(dropout=0.2, seed=0, trunk=None):
    return build_classifier(trunk or build_backbone("densenet_mini", SIZE, {}), N_CLASSES, dropout, seed)


@pytest.fixture(scope="module")
def trunk():
    """Shared by classifiers, each with a head of its own; its weights may be changed."""
    return build_backbone("densenet_mini", SIZE, {})


@pytest.mark.slow
def test_two_saves_in_different_seconds_and_processes_have_the_same_bytes(tmp_path):
    first, second = tmp_path / "first.weights.h5", tmp_path / "second.weights.h5"
    save_weights(classifier(), first)
    time.sleep(1.1)
    code = (
        "import keras\n"
        "from pathlib import Path\n"
        "from evidrift.networks.backbone import build_backbone\n"
        "from evidrift.networks.checkpoint import save_weights\n"
        "from evidrift.networks.classifier import build_classifier\n"
        "keras.layers.Conv2D(1, 1); keras.Sequential()\n"
        f"model = build_classifier(build_backbone('densenet_mini', {SIZE}, {{}}), {N_CLASSES}, 0.2)\n"
        f"save_weights(model, Path({str(second)!r}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert sha256(first) == sha256(second)


@pytest.mark.slow
def test_bytes_do_not_depend_on_dropout_nor_on_how_often_it_ran_nor_on_frozen_layers(trunk, tmp_path):
    first, second = tmp_path / "first.weights.h5", tmp_path / "second.weights.h5"
    save_weights(classifier(dropout=0, trunk=trunk), first)
    model = classifier(dropout=0.5, trunk=trunk)
    set_batchnorm(model, "inference")
    model(np.zeros((1, SIZE, SIZE, 3), np.float32), training=True)
    save_weights(model, second)
    assert sha256(first) == sha256(second)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["first.weights.h5", "second.weights.h5"]


def test_what_was_saved_is_loaded_by_us_and_by_keras(trunk, tmp_path):
    path = tmp_path / "model.weights.h5"
    model = classifier(seed=1, trunk=trunk)
    save_weights(model, path)
    saved = weights_hash(model)
    loaded = classifier(dropout=0, seed=2, trunk=trunk)
    for load in (load_weights, lambda model, file: model.load_weights(file)):
        loaded.set_weights([np.zeros_like(values) for values in loaded.get_weights()])
        assert weights_hash(loaded) != saved
        load(loaded, path)
        assert weights_hash(loaded) == saved


@pytest.mark.slow
def test_both_checkpoints_are_made_of_their_files(tmp_path):
    backbone = build_backbone("densenet_mini", SIZE, {})
    head = build_head(backbone.output.shape[-1], N_CLASSES, 0.2, seed=3)
    tuned = classifier(seed=4)
    save_weights(backbone, tmp_path / "backbone.weights.h5")
    save_weights(head, tmp_path / "1" / "tl" / HEAD)
    save_weights(tuned, tmp_path / "1" / "ft" / NETWORK)
    plan, trunk = Plan("densenet_mini", SIZE, N_CLASSES, {}), tmp_path / "backbone.weights.h5"

    model, weights = load_seeds(plan, tmp_path, [1])

    images = np.random.default_rng(0).normal(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    expected = head(backbone(images).numpy().mean((1, 2))).numpy()
    model.set_weights(weights[1, "ft"])
    np.testing.assert_array_equal(model(images).numpy(), tuned(images).numpy())
    model.set_weights(weights[1, "tl"])
    np.testing.assert_allclose(model(images).numpy(), expected, rtol=1e-4, atol=1e-5)
    again = load_tl(plan, backbone=trunk, tl=tmp_path / "1" / "tl", dropout=0.5)
    assert weights_hash(again) == weights_hash(model)
    assert again.get_layer("dropout").rate == 0.5


def test_half_precision_weights_are_widened(tmp_path):
    path = tmp_path / "head.weights.h5"
    head = build_head(4, 2, 0, seed=1)
    save_weights(head, path)
    with h5py.File(path, "a") as file:
        vars_ = file["layers/dense/vars"]
        kernel = vars_["0"][()].astype(np.float16)
        del vars_["0"]
        vars_["0"] = kernel
    loaded = build_head(4, 2, 0, seed=2)
    load_weights(loaded, path)
    np.testing.assert_array_equal(loaded.get_layer("logits").get_weights()[0], kernel.astype(np.float32))


def test_legacy_h5_files_without_an_optimizers_state_are_read(tmp_path):
    """The layout of the files that Keras offers for download: one group a layer, weights by name."""
    path = tmp_path / "head.h5"
    kernel, bias = np.ones((4, 2), np.float32), np.zeros(2, np.float32)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"anything"]
        group = file.create_group("anything")
        group.attrs["weight_names"] = [b"kernel", b"bias"]
        group["kernel"], group["bias"] = kernel, bias
    head = build_head(4, 2, 0, seed=1)
    load_weights(head, path)
    np.testing.assert_array_equal(head.get_layer("logits").get_weights()[0], kernel)


def test_weights_of_another_architecture_are_refused(trunk, tmp_path):
    path = tmp_path / "other.weights.h5"
    save_weights(build_backbone("resnetv2_mini", SIZE, {}), path)
    with pytest.raises(
        UserError, match=r"other.weights.h5 holds 274,768 weights, but densenet_mini has 159,683"
    ):
        load_weights(trunk, path)


def test_as_many_weights_in_other_shapes_are_refused(tmp_path):
    path = tmp_path / "other.weights.h5"
    # 3 x 4 + 4 = 7 x 2 + 2
    save_weights(build_head(3, 4, 0, seed=1), path)
    with pytest.raises(UserError, match=r"other.weights.h5 does not hold the weights of head: .+"):
        load_weights(build_head(7, 2, 0, seed=1), path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"no HDF5", "is not an HDF5 file of weights, or is damaged")],
)
def test_a_missing_and_a_damaged_file_are_named(tmp_path, content, message):
    path = tmp_path / "model.weights.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"model.weights.h5.* {message}"):
        load_weights(build_head(4, 2, 0, seed=1), path)


def test_the_hash_sees_every_weight(trunk):
    model = classifier(trunk=trunk)
    before = weights_hash(model)
    assert weights_hash(classifier(dropout=0, trunk=trunk)) == before
    statistics = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    statistics.moving_variance.assign(statistics.moving_variance + 1e-3)
    assert weights_hash(model) != before
