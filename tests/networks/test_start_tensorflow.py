"""Starting TensorFlow: what results depend on is fixed, and nothing is printed."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

CODE = """
import evidrift.networks.start_tensorflow
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


def test_what_keras_would_import_for_nothing_is_left_out_and_can_be_imported_after():
    program = (
        "import sys, evidrift.networks.start_tensorflow, keras;"
        "assert not {'sklearn', 'matplotlib'} & set(sys.modules);"
        "import sklearn.metrics, matplotlib.figure; print(sklearn.metrics.roc_auc_score([0, 1], [0, 1]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1.0"


def test_a_process_may_fork_after_the_import_and_each_child_starts_tensorflow_for_itself():
    program = """
import os, sys
from evidrift.networks.import_tensorflow import started
assert not started()
for _ in range(2):
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    else:
        import evidrift.networks.start_tensorflow
        import keras
        layer = keras.layers.Dense(3, kernel_initializer="ones")
        print(float(layer(keras.ops.ones((2, 4))).numpy().sum()), started(), flush=True)
        os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["24.0", "True"] * 2


def test_normalizations_take_an_exact_root_also_after_tensorflow_has_optimised_the_graph():
    """No processor's approximation: TensorFlow's kernel of rsqrt starts from one."""
    program = """
import evidrift.networks.start_tensorflow
import numpy as np, keras, tensorflow as tf
x = np.random.default_rng(1).uniform(0.01, 9, 4096).astype("float32")
exact = np.float32(1) / np.sqrt(x)
for rsqrt in (tf.math.rsqrt, tf.function(tf.math.rsqrt)):
    print(np.array_equal(rsqrt(tf.constant(x)), exact))
for layer in (keras.layers.BatchNormalization(), keras.layers.LayerNormalization()):
    layer.build((None, 4))
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec((2, 4))).graph
    print("Rsqrt" in {operation.type for operation in graph.get_operations()})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False", "False"]
