"""Model files of an older Keras 3, with the probabilities that it gave: made once, kept beside this script.

Keras 3.8 to 3.10 wrote inputs and outputs of nested models so that later ones take them for lists. Run by a
Python with that version, which is none that evidrift runs in:

    python3.11 -m venv keras38 && keras38/bin/pip install tensorflow-cpu==2.18.1 keras==3.8.0
    keras38/bin/python tests/foreign/reading/files/make_keras3.py
"""

import json
from pathlib import Path

import keras
import numpy as np

kl = keras.layers
HERE = Path(__file__).parent
SHAPE = (32, 32, 3)


def film():
    """As in make_keras2.py."""
    levels = (np.arange(32 * 32) * 37 % 251).reshape(1, 32, 32, 1)
    return np.repeat(levels, 3, axis=-1).astype(np.float32)


def backbone():
    inputs = keras.Input(SHAPE)
    x = kl.ReLU(6.0)(kl.BatchNormalization()(kl.Conv2D(5, 3, strides=2, use_bias=False)(inputs)))
    y = kl.ReLU(6.0)(kl.BatchNormalization()(kl.DepthwiseConv2D(3, padding="same", use_bias=False)(x)))
    return keras.Model(inputs, kl.Add()([x, kl.Conv2D(5, 1)(y)]))


def nested():
    return keras.Sequential([backbone(), kl.GlobalAveragePooling2D(), kl.Dense(3, activation="softmax")])


def nested_functional():
    inputs = keras.Input(SHAPE)
    x = kl.GlobalAveragePooling2D()(backbone()(kl.Rescaling(1 / 255)(inputs), training=False))
    return keras.Model(inputs, kl.Dense(3, activation="softmax")(x))


KINDS = {"nested.keras": nested, "nested.h5": nested, "nested_functional.keras": nested_functional}


def main():
    table = HERE / "expected.json"
    expected = json.loads(table.read_text()) if table.exists() else {}
    for name, build in KINDS.items():
        keras.utils.set_random_seed(3)
        made = build()
        made.layers[-1].kernel.assign(
            made.layers[-1].kernel * 0.02 if build is nested else made.layers[-1].kernel
        )
        kind, _, ending = name.partition(".")
        path = HERE / f"{kind}-{'.'.join(keras.__version__.split('.')[:2])}.{ending}"
        made.save(path)
        expected[path.name] = np.asarray(made(film(), training=False), np.float64).ravel().tolist()
    table.write_text(json.dumps(dict(sorted(expected.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
