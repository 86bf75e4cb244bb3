"""Starts TensorFlow: quiet, deterministic, and as Keras's backend. A stage that needs it imports this first.

Results must not depend on the user's ~/.keras/keras.json or environment, which may choose another backend,
number format or order of axes. A process that forks others imports `import_tensorflow` alone, and each of
them this: TensorFlow's threads, once started, would not live on in a fork. How many there are,
evidrift.base.compute says; where a process is not pinned, TensorFlow chooses.
"""

from evidrift.networks.import_tensorflow import quietly  # isort: skip - first, before TensorFlow

import keras
import tensorflow as tf
from tensorflow.python.ops import math_ops

from evidrift.base.compute import pinned


def _rsqrt(x: tf.Tensor, name: str | None = None) -> tf.Tensor:
    """1 / sqrt(x), the same on every processor.

    TensorFlow's own starts from the processor's approximation, which each maker chooses: on an emulated
    Haswell it gave other last bits than on an AMD, and so did every feature. A square root and a division
    are exact. TensorFlow's graph optimiser would turn an ordinary division by a root back into its rsqrt.
    """
    return tf.math.divide_no_nan(tf.ones_like(x), tf.sqrt(x), name)


# The one is called by tf.nn.batch_normalization, the other by Keras.
math_ops.rsqrt = tf.math.rsqrt = _rsqrt

if compute := pinned():
    tf.config.threading.set_intra_op_parallelism_threads(compute.threads)
    tf.config.threading.set_inter_op_parallelism_threads(compute.threads)
tf.config.experimental.enable_op_determinism()
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")
with quietly():
    tf.config.list_logical_devices()  # looks for GPUs now, and says so
