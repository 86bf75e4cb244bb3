"""A treated training that is killed goes on to the same bytes, with a treatment made anew."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.unfinished import scratch as on_disk
from evidrift.base.unfinished.scratch import Scratch
from evidrift.strategies import l2_sp
from evidrift.training import finetune, loop, treat
from evidrift.training.examples import Examples
from evidrift.training.params import Finetune
from evidrift.training.strategy import Strategy
from evidrift.training.treatment import Penalty, frozen_copy

EPOCHS, SEEDS, N = 4, (1, 2), 14  # four steps an epoch
PARAMS = Finetune(
    **{"epochs": EPOCHS, "batch_size": 4, "learning_rate": 0.05, "warmup_epochs": 1, "dropout": 0.0},
    **{"checkpoint": "best", "views": 2, "batchnorm": "update", "strategy": {"plain": {}}, "averaging": 0},
    **{"keep_epochs": []},
)
EVALUATE = loop.evaluate


class Kill(BaseException):
    pass


def network(*_, **__):
    start = {"kernel_initializer": keras.initializers.GlorotUniform(seed=7)}
    inputs = keras.Input((5,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(6, **start)(inputs))
    x = keras.layers.ReLU(name="features")(x)
    return keras.Model(inputs, keras.layers.Dense(3, **start)(x))


def examples(images, zoo, n_views):
    features = np.random.default_rng(5).normal(size=(N, 3, 5)).astype(np.float32)
    return Examples(np.arange(N) % 3, n_views, lambda rows, views: features[rows, views])


class Made:
    """A strategy: features of the view at hand in every third step, and selective decay after each."""

    TRAINS = True

    def __init__(self):
        self.asked = 0

    def treat(self, setting, params):
        tl = frozen_copy(setting.classifier)
        trunk = keras.Model(tl.inputs[0], tl.get_layer("features").output)

        def teacher(inputs, labels):
            self.asked += 1  # as the graph is traced
            return [trunk(inputs, training=False)]

        def loss(seen):
            return 10 * tf.reduce_mean((seen.taps[0] - seen.teacher[0]) ** 2)

        penalty = Penalty(loss, [setting.classifier.get_layer("features").output], teacher, every=3)
        selective = l2_sp.treat(setting, l2_sp.Params(alpha=1.0, selective=True))
        return replace(selective, penalty=penalty)


def treated(folder, monkeypatch, killed_in=None):
    """Stage `treat` on a toy network: each seed's weights, the epochs trained, how often tl was prepared.

    Args:
        folder: of its scratch.
        monkeypatch: of the test.
        killed_in: number of the epoch, counted through the seeds from 1, that does not end.
    """
    weights, epochs, strategy = [], [], Made()

    def evaluate(forward, held_out):
        epochs.append(1)
        if len(epochs) == killed_in:
            raise Kill
        return EVALUATE(forward, held_out)

    def save(model, path):
        weights.append([each.tobytes() for each in model.get_weights()])

    monkeypatch.setattr(on_disk, "EVERY", 0.0)  # every piece comes to disk at once
    monkeypatch.setattr(finetune, "evaluate", evaluate)
    monkeypatch.setattr(loop, "evaluate", evaluate)
    monkeypatch.setattr(treat, "image_examples", examples)
    monkeypatch.setattr(finetune, "image_examples", examples)
    monkeypatch.setattr(treat, "load_tl", network)
    monkeypatch.setattr(treat, "save_weights", save)
    store, plan = SimpleNamespace(split=str), SimpleNamespace(architecture="densenet_mini")
    scratch = Scratch(folder, "f" * 64, {})
    try:
        chosen = Strategy("made", strategy, None)
        list(treat.treat(plan, folder, SEEDS, store, PARAMS, chosen, folder, scratch))
    except Kill:
        pass
    return weights, len(epochs), strategy.asked


def test_killed_in_the_third_epoch_of_the_second_seed_it_ends_with_the_same_bytes(tmp_path, monkeypatch):
    whole, epochs, asked = treated(tmp_path / "whole", monkeypatch)
    assert (epochs, asked) == (8, 2)
    assert whole[0] != whole[1]
    begun, _, _ = treated(tmp_path / "killed", monkeypatch, killed_in=EPOCHS + 3)
    assert begun == whole[:1]
    resumed, epochs, asked = treated(tmp_path / "killed", monkeypatch)
    assert resumed == whole
    assert epochs == 2
    assert asked == 1  # of the first seed nothing is left to train, and tl is not asked
