"""A training that is stopped after any epoch goes on to the same bytes as one that is not."""

import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.unfinished import scratch as on_disk
from evidrift.base.unfinished.scratch import Scratch
from evidrift.training.adam import Adam
from evidrift.training.average import Average
from evidrift.training.examples import Examples
from evidrift.training.loop import fit
from evidrift.training.params import Training
from evidrift.training.state import Epoch, State, kept_weights

EPOCHS = 4


class Kill(BaseException):
    pass


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every piece comes to disk, not one a second."""
    monkeypatch.setattr(on_disk, "EVERY", 0.0)


def examples(n, n_views=0):
    generator = np.random.default_rng(0)
    labels = np.arange(n) % 3
    features = generator.normal(scale=0.3, size=(n, 1 + n_views, 5)).astype(np.float32)
    features[np.arange(n), :, labels] += 1
    return Examples(labels, n_views, lambda rows, views: features[rows, views])


def network():
    """With dropout, and batch statistics that move beside the trained variables."""
    layers, start = keras.layers, keras.initializers.GlorotUniform(seed=7)
    inputs = keras.Input((5,))
    x = layers.BatchNormalization()(layers.Dense(6, kernel_initializer=start)(inputs))
    return keras.Model(inputs, layers.Dense(3, kernel_initializer=start)(layers.Dropout(0.5)(x)))


def train(folder, checkpoint="best", averaging=0.0, stop_at=None, keeps=False, views=2):
    """The weights, history and chosen epoch; and the epochs that this call has worked on."""
    params = Training(
        epochs=EPOCHS, batch_size=8, learning_rate=0.3, warmup_epochs=1, dropout=0.5, checkpoint=checkpoint
    )
    model, worked = network(), []

    def after_epoch(epoch, _):
        worked.append(epoch)
        if epoch == stop_at:
            raise Kill

    scratch = Scratch(folder, "f" * 64, {}) if folder else None
    try:
        history, chosen = fit(
            *(model, model.trainable_variables, examples(24, views), examples(9), params, 1, "test"),
            *(after_epoch, averaging, scratch, keeps),
        )
    except Kill:
        return worked
    return [values.tobytes() for values in model.get_weights()], history, chosen, worked, scratch


def test_a_training_stopped_in_any_epoch_ends_with_the_same_bytes(tmp_path):
    whole = train(None, averaging=1)
    for epoch in range(2, EPOCHS + 1):
        folder = tmp_path / str(epoch)
        train(folder, averaging=1, stop_at=epoch)
        resumed = train(folder, averaging=1)
        assert resumed[:3] == whole[:3]
        assert resumed[3] == list(range(epoch, EPOCHS + 1))


@pytest.mark.parametrize(
    ("checkpoint", "averaging", "views"), [("best", 0, 2), ("last", 0, 0), ("last", 1, 2)]
)
def test_a_training_stopped_in_every_epoch_ends_with_the_same_bytes(tmp_path, checkpoint, averaging, views):
    settings = {"checkpoint": checkpoint, "averaging": averaging, "views": views}
    for epoch in range(1, EPOCHS + 1):
        worked = train(tmp_path, **settings, stop_at=epoch)
        assert worked == [epoch - 1, epoch][epoch == 1 :]
    assert train(tmp_path, **settings)[:3] == train(None, **settings)[:3]


def test_a_long_epoch_is_on_disk_as_soon_as_it_is_finished(tmp_path, monkeypatch):
    """All of it at once: what waited for the next epoch would be lost with that one."""
    monkeypatch.setattr(on_disk, "EVERY", 1.0)
    now = [0.0]
    monkeypatch.setattr(on_disk.time, "monotonic", lambda: now[0])

    def begun():
        model = network()
        return State(model, Adam([]), Average([], 0), Scratch(tmp_path, "f" * 64, {}), keeps=False)

    state = begun()
    for epoch in range(1, 4):
        now[0] += 10
        state.take(Epoch(epoch, *[1 / epoch] * 5), chosen=epoch < 3)
        state.keep()
        found = begun()
        assert (found.history, found.chosen) == (state.history, state.chosen)


def test_a_finished_training_is_not_trained_again(tmp_path):
    first, again = train(tmp_path), train(tmp_path)
    assert again[:3] == first[:3]
    assert again[3] == []


def test_what_is_kept_of_an_epoch_does_not_grow_with_the_epochs(tmp_path):
    _, history, chosen, *_ = train(tmp_path, averaging=1)
    assert 1 < chosen < len(history)  # or this shows less
    assert {file.name for file in tmp_path.glob("*.piece")} == {
        "state.piece",
        f"weights-{chosen}.piece",
        f"weights-{EPOCHS}.piece",
    }


def test_weights_of_every_epoch_are_there_in_the_end_if_they_are_to_be_kept(tmp_path):
    whole = train(tmp_path / "whole", keeps=True, averaging=1)
    train(tmp_path / "stopped", keeps=True, averaging=1, stop_at=3)
    stopped = train(tmp_path / "stopped", keeps=True, averaging=1)
    expected, found = (
        [[values.tobytes() for values in weights] for weights in kept_weights(run[4], EPOCHS)]
        for run in (whole, stopped)
    )
    assert found == expected
    assert found[whole[2] - 1] == whole[0]


@pytest.mark.parametrize("name", ["state", "weights-2", "weights-3"])
def test_a_damaged_piece_is_set_aside_with_a_warning_and_the_training_begins_anew(tmp_path, name, capsys):
    train(tmp_path, keeps=True, stop_at=4)
    piece = tmp_path / f"{name}.piece"
    whole = bytearray(piece.read_bytes())
    whole[len(whole) // 2] ^= 1
    piece.write_bytes(whole)
    resumed = train(tmp_path, keeps=True)
    assert resumed[:3] == train(None)[:3]
    assert resumed[3] == [1, 2, 3, 4]
    assert f"{name}.piece is damaged" in capsys.readouterr().err


def test_it_says_after_which_epoch_it_continues(tmp_path, capsys):
    train(tmp_path, stop_at=3)
    train(tmp_path)
    assert "test: continues after epoch 2 of 4" in capsys.readouterr().err
