"""The epochs file: what comes back, the same bytes, and whose weights it refuses."""

import h5py
import keras
import numpy as np
import pytest

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.networks.classifier import set_batchnorm
from evidrift.training.epochs import read_epochs, write_epochs


def network(width=3, dropout=0.5):
    """With batch statistics and a dropout's random state, which may not get in the way."""
    layers = keras.layers
    inputs = keras.Input((4,))
    x = layers.BatchNormalization()(layers.Dense(width)(inputs))
    return keras.Model(inputs, layers.Dense(2)(layers.Dropout(dropout, seed=1)(x)))


def weights_of(epoch, model):
    return [np.full(values.shape, epoch + at / 10, np.float32) for at, values in enumerate(model.weights)]


def write(path, model, n=3):
    write_epochs(path, "small", 1, model, [weights_of(epoch, model) for epoch in range(1, n + 1)], n)
    model.set_weights(weights_of(n, model))
    return path


def test_every_epochs_weights_come_back_in_order_for_a_network_built_anew(tmp_path):
    path = write(tmp_path / "new" / "1.h5", network(dropout=0.5))
    model = network(dropout=0)
    numbers = []
    for epoch, weights in read_epochs(path, "small", 1, model):
        numbers.append(epoch)
        model.set_weights(weights)
        for found, expected in zip(model.get_weights(), weights_of(epoch, model), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert numbers == [1, 2, 3]
    assert [file.name for file in path.parent.iterdir()] == ["1.h5"]


def test_frozen_batch_statistics_keep_their_place(tmp_path):
    """Fine-tuning may freeze them, and Keras lists trainable and other weights apart elsewhere."""
    trained = network()
    set_batchnorm(trained, "inference")
    path = write(tmp_path / "1.h5", trained)
    (*_, (_, weights)) = read_epochs(path, "small", 1, network(dropout=0))
    model = network(dropout=0)
    model.set_weights(weights)
    inputs = np.ones((1, 4), np.float32)
    np.testing.assert_allclose(model(inputs), trained(inputs), rtol=1e-6)


def test_the_same_weights_give_the_same_bytes(tmp_path):
    first, second = (write(tmp_path / name, network()) for name in ("a.h5", "b.h5"))
    assert first.read_bytes() == second.read_bytes()


def test_without_epochs_to_keep_there_is_a_file_that_says_so(tmp_path):
    path = write(tmp_path / "1.h5", network(), 0)
    with pytest.raises(UserError, match=r"holds no epochs: add 1 to finetune.small.keep_epochs, or take it"):
        next(read_epochs(path, "small", 1, network()))


@pytest.mark.parametrize(
    ("arch", "seed", "width"),
    [("small", 1, 4), ("other", 1, 3), ("small", 2, 3)],
    ids=["shape", "arch", "seed"],
)
def test_another_networks_epochs_are_refused(tmp_path, arch, seed, width):
    path = write(tmp_path / "1.h5", network())
    with pytest.raises(
        UserError, match=rf"does not hold the weights of {arch}, seed {seed}, with these options"
    ):
        next(read_epochs(path, arch, seed, network(width)))


def test_a_missing_a_damaged_and_a_foreign_file_are_named(tmp_path):
    path = tmp_path / "1.h5"
    with pytest.raises(UserError, match=r"1.h5 does not exist. The stage finetune writes it"):
        next(read_epochs(path, "small", 1, network()))
    path.write_bytes(write(tmp_path / "whole.h5", network()).read_bytes()[:500])
    with pytest.raises(UserError, match=r"1.h5 has no checksum.*The stage finetune writes it: delete it"):
        next(read_epochs(path, "small", 1, network()))
    with h5py.File(path, "w"):
        pass
    with pytest.raises(UserError, match="no file of this program"):
        next(read_epochs(path, "small", 1, network()))
