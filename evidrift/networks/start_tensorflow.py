"""Starts TensorFlow: quiet, deterministic, and as Keras's backend. A stage that needs it imports this first.

Results must not depend on the user's ~/.keras/keras.json or environment, which may choose another backend,
number format or order of axes.

Messages at start-up are written by native code (kernels chosen, no CUDA found) straight to the error stream,
before any setting of verbosity is read. If the import fails, they are shown after all.
"""

import logging
import os
import sys
import tempfile
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"

# Keras looks for them, for wrappers and galleries that are not used here: a second of each stage.
NOT_NEEDED = ("sklearn", "matplotlib")


def _import_quietly() -> None:
    errors = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        modules: dict[str, Any] = sys.modules
        hidden = [name for name in NOT_NEEDED if name not in modules]
        modules.update(dict.fromkeys(hidden))  # None: as if not installed
        try:
            import tensorflow as tf

            tf.config.list_logical_devices()  # looks for GPUs now, and says so
        except BaseException:
            messages.seek(0)
            os.write(errors, messages.read())
            raise
        finally:
            for name in hidden:
                del modules[name]
            sys.stderr.flush()
            os.dup2(errors, 2)
            os.close(errors)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _fix_what_results_depend_on() -> None:
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")


_import_quietly()
_fix_what_results_depend_on()
