"""Small networks and images for the tests of the checks."""

import keras
import numpy as np

from evidrift.attribution.network import Network
from evidrift.base.seeds import stream
from evidrift.check.params import Check
from evidrift.images.store import Images

CLASSES = ("absent", "present")


def params(**changes):
    settings = {
        "seeds": [1],
        "layers": ["penultimate"],
        "batch_size": 16,
        "faithfulness": {"images_per_class": 6, "steps": 4, "baseline": "black"},
        "randomisation": {"images_per_class": 12, "depths": 3},
    }
    return Check(**(settings | changes))


def grey(pixels):
    """0..255 to one channel of 0..1."""
    return pixels[..., None].astype(np.float32) / 255


def linear_network(weights):
    """Two layers without bias or activation: the logits of (absent, present) are 0 and sum(weights x)."""
    weights = np.asarray(weights, dtype=np.float32)
    inputs = keras.Input((*weights.shape, 1))
    doubled = keras.layers.Conv2D(1, 1, use_bias=False)(inputs)
    logits = keras.layers.Dense(2, use_bias=False)(keras.layers.Flatten()(doubled))
    model = keras.Model(inputs, logits)
    halves = weights.ravel() / 2
    model.set_weights([np.full((1, 1, 1, 1), 2), np.stack([np.zeros_like(halves), halves], axis=1)])
    return Network(model, [], grey, "centred")


def images_of(pixels, labels, content=None):
    """Every image another patient's."""
    n, height, width = pixels.shape
    names = np.array([f"{at:02d}" for at in range(n)])
    whole = np.tile([0, 0, height, width], (n, 1))
    return Images(
        ids=np.char.add(names, ".png"),
        patient_ids=names,
        labels=np.asarray(labels, dtype=np.int32),
        pixels=pixels,
        content=whole if content is None else np.asarray(content),
        classes=CLASSES,
    )


SIDE = 16
N = 24


def disc_images():
    """Noise, with a bright disc somewhere in those of class `present`."""
    random = stream("discs")
    pixels = random.normal(80, 15, (N, SIDE, SIDE))
    labels = np.arange(N) % 2
    y, x = np.mgrid[:SIDE, :SIDE]
    for image, label, (row, column) in zip(pixels, labels, random.integers(3, 13, (N, 2)), strict=True):
        image[(y - row) ** 2 + (x - column) ** 2 <= 6] += 100 * label
    return images_of(np.clip(pixels, 0, 255).astype(np.uint8), labels)


def disc_classifier(scale=1.0):
    """Finds the disc: channel 0 of `penultimate` is the mean grey of 3x3 pixels above 0.45.

    Args:
        scale: of the logits.
    """
    layers = keras.layers
    inputs = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="bright")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="spread")(x)
    x = layers.ReLU(name="after")(layers.BatchNormalization(name="norm")(x))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(inputs, layers.Dense(2, name="logits")(x), name="discs")
    random = stream("disc classifier")
    for name in ("bright", "spread", "logits"):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([random.normal(0, 0.01, kernel.shape), bias])
    kernel, bias = model.get_layer("bright").get_weights()
    kernel[..., 0], bias[0] = 1 / 9, -0.45
    model.get_layer("bright").set_weights([kernel, bias])
    kernel, bias = model.get_layer("spread").get_weights()
    kernel[:, :, 0, 0] = 1
    model.get_layer("spread").set_weights([kernel, bias])
    kernel, bias = model.get_layer("logits").get_weights()
    kernel[0] = [-40, 40]
    model.get_layer("logits").set_weights([scale * kernel, scale * np.array([3, -3])])
    return model
