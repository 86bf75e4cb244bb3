"""Model files of Keras 2, with the probabilities that Keras 2 gave: made once, kept beside this script.

Run by a Python that has TensorFlow 2.15.1 (all kinds) and 2.13.1 and 2.14.1 (those given by name), which are
none that evidrift runs in:

    python3.11 -m venv tf215 && tf215/bin/pip install tensorflow-cpu==2.15.1
    tf215/bin/python tests/foreign/reading/files/make_keras2.py
    tf213/bin/python tests/foreign/reading/files/make_keras2.py functional.keras nested.keras
    tf214/bin/python tests/foreign/reading/files/make_keras2.py nested.keras

Networks are as small as shows the kind, with random weights. `expected.json` gets what each gives of `film`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

keras = tf.keras
kl = keras.layers
HERE = Path(__file__).parent
SIDE = 32
SHAPE = (SIDE, SIDE, 3)
VERSION = ".".join(tf.__version__.split(".")[:2])  # Keras 2 has the same


def film(side=SIDE, channels=3):
    """Grey levels, (1, side, side, channels) float32: the same formula stands in tools/formats/models.py."""
    levels = (np.arange(side * side) * 37 % 251).reshape(1, side, side, 1)
    return np.repeat(levels, channels, axis=-1).astype(np.float32)


def head(x, n=3, activation="softmax"):
    return kl.Dense(n, activation=activation)(kl.GlobalAveragePooling2D()(x))


def trunk(x):
    x = kl.BatchNormalization()(kl.Conv2D(4, 3, padding="same", activation="relu")(x))
    return kl.Conv2D(6, 3, activation="relu")(kl.MaxPooling2D()(x))


def model(part, shape=SHAPE):
    inputs = keras.Input(shape)
    return keras.Model(inputs, part(inputs))


def scaled(x):
    return kl.Rescaling(1 / 255)(x)


def backbone(name="backbone"):
    """In the manner of MobileNetV2: depthwise, a residual, names as there."""
    inputs = keras.Input(SHAPE)
    x = kl.ReLU(6.0, name="Conv1_relu")(kl.BatchNormalization(name="bn_Conv1")(stem(inputs)))
    y = kl.DepthwiseConv2D(3, padding="same", use_bias=False, name="expanded_conv_depthwise")(x)
    y = kl.ReLU(6.0)(kl.BatchNormalization(name="expanded_conv_depthwise_BN")(y))
    y = kl.Conv2D(5, 1, use_bias=False, name="expanded_conv_project")(y)
    x = kl.Add()([x, kl.BatchNormalization(name="expanded_conv_project_BN")(y)])
    return keras.Model(inputs, kl.ReLU(6.0, name="out_relu")(x), name=name)


def stem(inputs):
    return kl.Conv2D(5, 3, strides=2, use_bias=False, name="Conv1")(
        kl.ZeroPadding2D(((0, 1), (0, 1)))(inputs)
    )


def sequential():
    return keras.Sequential(
        [
            *(kl.Conv2D(4, 3, activation="relu", input_shape=SHAPE), kl.MaxPooling2D(4), kl.Flatten()),
            *(kl.Dense(8, activation="relu"), kl.Dropout(0.5), kl.Dense(1, activation="sigmoid")),
        ]
    )


def nested():
    base = backbone()
    base.trainable = False
    return keras.Sequential([base, kl.GlobalAveragePooling2D(), kl.Dense(3, activation="softmax")])


def preprocessed():
    base = backbone()
    scale = keras.applications.mobilenet_v2.preprocess_input
    return model(lambda x: head(base(scale(x), training=False)))


def teachable():
    """As Teachable Machine puts it together."""
    body = keras.Sequential([backbone("model1"), kl.GlobalAveragePooling2D()], name="sequential_1")
    dense = [
        kl.Dense(10, activation="relu", input_shape=(5,)),
        kl.Dense(2, activation="softmax", use_bias=False),
    ]
    return keras.Sequential([body, keras.Sequential(dense, name="sequential_3")], name="sequential_4")


def nested_head():
    """The outermost output is a nested model's."""
    top = keras.Sequential([kl.GlobalAveragePooling2D(), kl.Dense(3, activation="softmax")])
    return model(lambda x: top(backbone()(scaled(x))))


def augmentation():
    augment = keras.Sequential([kl.RandomFlip("horizontal"), kl.RandomRotation(0.1), kl.RandomZoom(0.1)])
    return model(lambda x: head(trunk(scaled(augment(x)))))


def densenet(x):
    """Slashes in names, as keras.applications.DenseNet121 has them."""
    x = kl.Conv2D(4, 3, use_bias=False, name="conv1/conv")(scaled(x))
    y = kl.Activation("relu", name="conv1/relu")(kl.BatchNormalization(name="conv1/bn")(x))
    return head(kl.Concatenate(name="conv1/concat")([x, kl.Conv2D(3, 1, name="conv2/conv")(y)]))


def excited(x):
    """Channels weighted by tf functions."""
    x = trunk(scaled(x))
    weight = tf.sigmoid(tf.reduce_mean(x, axis=[1, 2], keepdims=True) * 4.0 - 0.1)
    return head(tf.nn.relu(x * weight) + tf.clip_by_value(x, 0.0, 0.5))


def mixed():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        logits = model(lambda x: kl.Dense(3)(kl.GlobalAveragePooling2D()(trunk(scaled(x)))))
        return keras.Model(logits.input, kl.Activation("softmax", dtype="float32")(logits.output))
    finally:
        keras.mixed_precision.set_global_policy("float32")


@keras.utils.register_keras_serializable(package="theirs")
class Swirl(kl.Layer):
    """A layer of one's own."""

    def call(self, x):
        return x


def own_metric(y_true, y_pred):
    return tf.reduce_mean(y_pred)


def resnet_caffe(x):
    return head(trunk(keras.applications.resnet.preprocess_input(x)))


KINDS = {
    "sequential.h5": sequential,
    "sequential.keras": sequential,
    "functional.h5": lambda: model(lambda x: head(trunk(scaled(x)))),
    "functional.keras": lambda: model(lambda x: head(trunk(scaled(x)))),
    "augmentation.h5": augmentation,
    "augmentation.keras": augmentation,
    "nested.h5": nested,
    "nested.keras": nested,
    "preprocessed.h5": preprocessed,
    "preprocessed.keras": preprocessed,
    "teachable.h5": teachable,
    "nested_head.keras": nested_head,
    "caffe.h5": lambda: model(resnet_caffe),
    "torch.h5": lambda: model(lambda x: head(trunk(keras.applications.densenet.preprocess_input(x)))),
    "division.keras": lambda: model(lambda x: head(trunk(x / 255.0))),
    "tf_nn.h5": lambda: model(
        lambda x: head(kl.Conv2D(4, 3, activation=tf.nn.relu)(scaled(x)), 3, tf.nn.softmax)
    ),
    "leaky.h5": lambda: model(lambda x: head(kl.LeakyReLU(alpha=0.2)(trunk(scaled(x))))),
    "mixed_float16.h5": mixed,
    "normalization.keras": lambda: model(
        lambda x: head(trunk(kl.Normalization(mean=[120.0] * 3, variance=[900.0] * 3)(x)))
    ),
    "densenet.h5": lambda: model(densenet),
    "densenet.keras": lambda: model(densenet),
    "separable.keras": lambda: model(lambda x: head(kl.SeparableConv2D(5, 3)(trunk(scaled(x))))),
    "grey.h5": lambda: model(lambda x: head(trunk(scaled(tf.image.grayscale_to_rgb(x)))), (SIDE, SIDE, 1)),
    "concat.h5": lambda: model(lambda x: head(trunk(tf.concat([scaled(x)] * 3, axis=-1))), (SIDE, SIDE, 1)),
    "resize.h5": lambda: model(lambda x: head(trunk(scaled(tf.image.resize(x, (24, 24)))))),
    "excited.h5": lambda: model(excited),
    "own_metric.keras": lambda: model(lambda x: head(trunk(scaled(x)))),
    "lambda.h5": lambda: model(lambda x: head(trunk(kl.Lambda(lambda y: y / 255, name="scale")(x)))),
    "own_layer.keras": lambda: model(lambda x: head(trunk(Swirl(name="swirl")(scaled(x))))),
    "hard_sigmoid.h5": lambda: model(lambda x: head(kl.Activation("hard_sigmoid")(trunk(scaled(x))))),
    "standardised.h5": lambda: model(lambda x: head(trunk(tf.image.per_image_standardization(x)))),
    "local.h5": lambda: model(
        lambda x: head(kl.LocallyConnected2D(1, 3)(kl.MaxPooling2D(4)(trunk(scaled(x)))))
    ),
}


def with_weights(made, seed):
    """Nothing at its trivial start."""
    draw = np.random.default_rng(seed)
    for weight in made.weights:
        if weight.dtype != tf.float32 or "count" in weight.name:
            continue
        if "gamma" in weight.name or "variance" in weight.name:
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
        else:
            fan_in = max(1, int(np.prod(weight.shape[:-1])))
            weight.assign(draw.normal(0, 1.5 / np.sqrt(fan_in), weight.shape))
    last = made.weights[-2:] if made.weights[-1].shape.rank == 1 else made.weights[-1:]
    for _ in range(10):
        if np.max(np.abs(np.asarray(made(film(*made.input_shape[2:]))) - 0.5)) < 0.45:
            break
        for weight in last:  # of the last layer: no probability is near 0 or 1
            weight.assign(weight * 0.5)
    return made


def main():
    table = HERE / "expected.json"
    expected = json.loads(table.read_text()) if table.exists() else {}
    for number, name in enumerate(KINDS):
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        keras.backend.clear_session()
        made = with_weights(KINDS[name](), number)
        made.compile("sgd", "mse", metrics=[own_metric] if name.startswith("own_metric") else [])
        kind, _, ending = name.partition(".")
        path = HERE / f"{kind}-{VERSION}.{ending}"
        made.save(path)
        given = made(film(*made.input_shape[2:]), training=False)
        expected[path.name] = np.asarray(given, np.float64).ravel().tolist()
    table.write_text(json.dumps(dict(sorted(expected.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
