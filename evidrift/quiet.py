"""Imports TensorFlow without its start-up messages; a stage that needs it imports this module first.

They are written by native code (kernels chosen, no CUDA found) straight to the error stream, before any
setting of verbosity is read. If the import fails, they are shown after all.
"""

import logging
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _import_quietly() -> None:
    errors = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_logical_devices()  # looks for GPUs now, and says so
        except BaseException:
            messages.seek(0)
            os.write(errors, messages.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(errors, 2)
            os.close(errors)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


_import_quietly()
