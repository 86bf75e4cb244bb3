"""A small classifier with both target layers, in the manner of ResNetV2, and images for it."""

import keras
import numpy as np

from evidrift.base.seeds import stream

SIZE = 16
CLASSES = 3
N = 7


def small_classifier(n_classes: int = CLASSES, dropout: float = 0.5, name: str = "small") -> keras.Model:
    """`before` is `penultimate`, `after` is `last`; `branch` lies off the skip connection."""
    layers = keras.layers
    inputs = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="stem")(inputs)
    x = layers.BatchNormalization(name="before_bn")(x)
    x = layers.Activation("relu", name="before")(x)
    shortcut = layers.Conv2D(8, 1, name="shortcut")(x)
    y = layers.Conv2D(5, 3, strides=1, padding="same", activation="relu", name="branch")(x)
    y = layers.Conv2D(8, 3, padding="same", name="residual")(y)
    x = layers.Add(name="sum")([shortcut, y])
    x = layers.BatchNormalization(name="after_bn")(x)
    x = layers.ReLU(name="after")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    model = keras.Model(inputs, layers.Dense(n_classes, name="logits")(x), name=name)
    for layer in model.layers:
        draw = stream("small", layer.name)
        # variances and scales near 1, everything else around 0, nothing at its trivial start
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        positive = (True, False, False, True) if is_norm else (False, False)
        if layer.name != "dropout":
            layer.set_weights(
                [
                    draw.uniform(0.5, 1.5, w.shape) if plus else draw.normal(0, 0.3, w.shape)
                    for w, plus in zip(layer.get_weights(), positive, strict=False)
                ]
            )
    return model


def prepare(pixels: np.ndarray) -> np.ndarray:
    """Grey 0..255 to three channels of -1..1."""
    return np.repeat(pixels[..., None].astype(np.float32) / 127.5 - 1, 3, axis=-1)


def small_pixels(n: int = N) -> np.ndarray:
    return stream("pixels").integers(0, 256, (n, SIZE, SIZE), dtype=np.uint8)


def small_targets(n: int = N, n_classes: int = CLASSES) -> np.ndarray:
    return np.arange(n, dtype=np.int32) % n_classes
