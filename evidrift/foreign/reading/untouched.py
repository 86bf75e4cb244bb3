"""Keras as it was: what reading a model changes of the process's own state is put back."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.saving import object_registration


@contextmanager
def untouched() -> Iterator[None]:
    """Leave all settings and random streams as they were, and lend the block no objects of the caller's own.

    Keras keeps number format, order of axes, policies, scopes and counters of names by the process. Objects
    that the caller has registered are hidden: a file could name them.
    """
    registered = object_registration.GLOBAL_CUSTOM_OBJECTS
    kept = dict(registered)
    trackers = (global_state.GLOBAL_STATE_TRACKER, global_state.GLOBAL_SETTINGS_TRACKER)
    states = [{name: _copied(value) for name, value in vars(each).items()} for each in trackers]
    settings = (keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format())
    python, numpys = random.getstate(), np.random.get_state()  # noqa: NPY002 - the process's own
    registered.clear()
    global_state.set_global_attribute("custom_objects_scope_dict", {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote the file
            yield
    finally:
        registered.clear()
        registered.update(kept)
        for tracker, state in zip(trackers, states, strict=True):
            vars(tracker).clear()
            vars(tracker).update(state)
        keras.config.set_floatx(settings[0])
        keras.config.set_epsilon(settings[1])
        keras.config.set_image_data_format(settings[2])
        random.setstate(python)
        np.random.set_state(numpys)  # noqa: NPY002


def _copied(value: Any) -> Any:
    """Counters and scopes are changed in place."""
    return value.copy() if isinstance(value, dict | list) else value
