"""Training the head on cached features is training it through the whole frozen network."""

import dataclasses

import numpy as np
import pytest

from evidrift.base.unfinished.memo import Memo
from evidrift.images.store import Images
from evidrift.images.views import augment
from evidrift.networks.backbone import build_backbone
from evidrift.networks.catalogue import find
from evidrift.networks.classifier import build_classifier, set_batchnorm
from evidrift.training.embed import embed, pooled
from evidrift.training.finetune import finetune, image_examples
from evidrift.training.loop import compile_forward, fit
from evidrift.training.params import Finetune, TrainTl
from evidrift.training.transfer import train_head
from tests.stopped import stopped_after_every

pytestmark = pytest.mark.slow

ARCHITECTURE = "inception_mini"
LOOP = {"epochs": 3, "batch_size": 4, "learning_rate": 0.01, "warmup_epochs": 0.0, "dropout": 0.3}


@pytest.fixture(scope="module")
def images():
    generator = np.random.default_rng(0)
    labels = np.arange(10) % 2
    pixels = generator.integers(0, 200, (10, 32, 32)).astype(np.uint8)
    pixels[labels == 1, :16] += 50
    ids = np.array([f"{number}.png" for number in range(10)])
    content = np.tile(np.array([0, 0, 32, 32], np.int32), (10, 1))
    return Images(ids, ids, labels, pixels, content, ("a", "b"))


@pytest.fixture(scope="module")
def backbone():
    return build_backbone(ARCHITECTURE, 32, {})


def test_without_views_the_losses_are_those_of_the_whole_frozen_network(images, backbone):
    params = TrainTl(**{**LOOP, "learning_rate": 1.0}, checkpoint="last")
    zoo = find(ARCHITECTURE)
    features = embed(compile_forward(pooled(backbone)), zoo, images, views=0, batch_size=4)
    _, cached, _ = train_head(features, features, params, seed=3, description="cached")

    classifier = build_classifier(backbone, 2, params.dropout, seed=3)
    set_batchnorm(classifier, "inference")
    head = classifier.get_layer("logits").trainable_variables
    examples = image_examples(images, zoo, 0)
    whole, _ = fit(classifier, head, examples, examples, params, 3, "whole")

    for ours, theirs in zip(cached, whole, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, abs=1e-4)
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, abs=1e-4)
    start = 0.6931  # of a head that knows nothing of two classes
    assert abs(cached[-1].validation_loss - start) > 0.02  # it did move


def test_features_of_a_view_are_those_of_the_augmented_image(images, backbone):
    zoo = find(ARCHITECTURE)
    forward = compile_forward(pooled(backbone))
    with_views = embed(forward, zoo, images, views=2, batch_size=5)
    assert with_views.values.shape[:2] == (10, 3)
    moved = np.stack([augment(p, str(i), 2) for p, i in zip(images.pixels, images.ids, strict=True)])
    again = embed(forward, zoo, dataclasses.replace(images, pixels=moved), views=0, batch_size=5)
    np.testing.assert_allclose(with_views.values[:, 2], again.values[:, 0], rtol=1e-4, atol=1e-5)


def test_embedding_stopped_after_every_batch_gives_the_same_features(images, backbone, tmp_path):
    forward = compile_forward(pooled(backbone))

    def work(memo):
        return embed(forward, find(ARCHITECTURE), images, 1, 8, memo)

    found, stops = stopped_after_every(1, work, tmp_path)
    assert stops == 2  # within three batches
    np.testing.assert_array_equal(found.values, work(Memo()).values)


@pytest.mark.parametrize("mode", ["inference", "update"])
@pytest.mark.slow
def test_finetuning_moves_every_weight_and_the_batch_statistics_only_when_asked(images, mode):
    classifier = build_classifier(build_backbone(ARCHITECTURE, 32, {}), 2, 0.3, seed=1)
    before = {variable.path: variable.numpy().copy() for variable in classifier.variables}
    own = {"views": 0, "batchnorm": mode, "strategy": {"plain": {}}, "averaging": 0, "keep_epochs": []}
    params = Finetune(**LOOP, **own, checkpoint="last")
    finetune(classifier, find(ARCHITECTURE), images, images, params, seed=1, description="test")
    moved = {v.path for v in classifier.variables if not np.array_equal(v.numpy(), before[v.path])}
    statistics = {path for path in before if "moving_" in path}
    states = {path for path in before if "seed" in path}
    expected = set(before) - states - (set() if mode == "update" else statistics)
    assert moved - states == expected
