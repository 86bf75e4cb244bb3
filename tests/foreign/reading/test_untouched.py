"""Keras is after reading as it was before, also after a refusal; what the caller registered is not lent."""

import random

import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state
from keras.src.saving import object_registration, serialization_lib

import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from tools.formats.no_models import changed, layer


def state():
    """All that Keras keeps by the process, and the random streams of Python and numpy."""
    kept = [vars(global_state.GLOBAL_STATE_TRACKER), vars(global_state.GLOBAL_SETTINGS_TRACKER)]
    return (
        *(keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()),
        *(keras.config.dtype_policy().name, keras.config.backend(), serialization_lib.in_safe_mode()),
        dict(object_registration.GLOBAL_CUSTOM_OBJECTS),
        [{name: str(value) for name, value in each.items()} for each in kept],
        keras.Sequential.__dict__["from_config"],
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002
    )


@pytest.fixture
def registered():
    """A function that the caller has registered under a name of Keras's own, and one of his layers."""
    called = []

    def spring(x):
        called.append(x)
        return x

    objects = keras.saving.get_custom_objects()
    objects["relu"] = objects["theirs>spring"] = objects["Conv2D"] = spring
    yield called
    for name in ("relu", "theirs>spring", "Conv2D"):
        del objects[name]


def test_keras_is_as_it_was_and_names_in_a_file_are_not_the_callers_own(tmp_path, registered):
    path = changed(
        tmp_path / "named.keras", lambda config: layer(config, 2)["config"].update(activation="relu")
    )
    keras.config.set_epsilon(3e-7)
    before = state()
    file = load_model_file(path, preprocessing="unit")
    assert state() == before
    assert registered == []
    assert file.n_classes > 1
    keras.config.set_epsilon(1e-7)


@pytest.mark.parametrize(
    "change",
    [
        {"activation": "theirs>spring"},
        {"activation": {"module": "x", "class_name": "function", "config": "spring"}},
        {"filters": -3},
        {"dtype": "float65"},
    ],
)
def test_so_it_is_after_a_refusal(tmp_path, registered, change):
    path = changed(tmp_path / "refused.keras", lambda config: layer(config, 2)["config"].update(change))
    before = state()
    with pytest.raises(UserError):
        load_model_file(path)
    assert state() == before
    assert registered == []
