"""Imports TensorFlow as Keras's backend, quietly, and starts nothing of it: a process may still fork then.

Messages at start-up are written by native code (kernels chosen, no CUDA found) straight to the error stream,
before any setting of verbosity is read. If the import fails, they are shown after all.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"

# Keras looks for them, for wrappers and galleries that are not used here: a second of each stage.
NOT_NEEDED = ("sklearn", "matplotlib")


@contextmanager
def quietly() -> Iterator[None]:
    """Keep back what native code writes to the error stream, unless the block fails."""
    errors = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except Exception:
            messages.seek(0)
            os.write(errors, messages.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(errors, 2)
            os.close(errors)


@contextmanager
def _without_what_is_not_needed() -> Iterator[None]:
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in NOT_NEEDED if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: as if not installed
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


with quietly(), _without_what_is_not_needed():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

logging.getLogger("tensorflow").setLevel(logging.ERROR)


def started() -> bool:
    """Whether TensorFlow has started here, in whatever way: a fork would wait for threads that it lacks."""
    from tensorflow.python.eager import context

    return context.context_safe() is not None
