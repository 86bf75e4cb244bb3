"""Starting TensorFlow: what results depend on is fixed, and nothing is printed."""

import json
import os
import subprocess
import sys

CODE = """
import evidrift.start_tensorflow
import keras
from tensorflow.python.framework.config import is_op_determinism_enabled
layer = keras.layers.Conv2D(1, 1)
layer.build((None, 4, 4, 3))
print(keras.backend.backend(), layer.data_format, layer.kernel.dtype, is_op_determinism_enabled())
"""


def test_neither_kerass_file_nor_the_environment_changes_what_results_depend_on(tmp_path):
    settings = {"backend": "jax", "floatx": "float64", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "torch"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tensorflow", "channels_last", "float32", "True"]
    assert done.stderr == ""
