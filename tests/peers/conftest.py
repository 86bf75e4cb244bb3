"""The twins, built once."""

import pytest

from tests.peers.twins import keras_twin, torch_twin


@pytest.fixture(scope="session")
def twins():
    """(Keras model, PyTorch module)."""
    model = keras_twin()
    return model, torch_twin(model)
