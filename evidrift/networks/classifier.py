"""A classifier = trunk + head, as one flat graph: nested models cannot be explained layer by layer."""

from types import ModuleType
from typing import Any, Literal

import keras
import numpy as np

from evidrift.base.seeds import seed_of

POOL = "pool"
LOGITS = "logits"


def build_classifier(backbone: keras.Model, n_classes: int, dropout: float, seed: int = 0) -> keras.Model:
    """Global average pooling and the head, on top of a trunk whose layers it shares.

    Args:
        backbone: from (size, size, 3) to (h, w, channels).
        n_classes: logits.
        dropout: share of pooled features dropped while training.
        seed: of the head's initial weights.

    Returns:
        A flat functional model from the network's input, (size, size, 3), to logits (n_classes); its pooling
        layer is named `pool`, its last layer `logits`.
    """
    features = keras.layers.GlobalAveragePooling2D(name=POOL)(backbone.output)
    return keras.Model(backbone.input, _head(features, n_classes, dropout, seed), name="classifier")


def build_head(n_features: int, n_classes: int, dropout: float, seed: int) -> keras.Model:
    """The head alone, from pooled features (n_features) to logits (n_classes): the classifier's layers."""
    features = keras.Input((n_features,), name="features")
    return keras.Model(features, _head(features, n_classes, dropout, seed), name="head")


def _head(features: Any, n_classes: int, dropout: float, seed: int) -> Any:
    x = keras.layers.Dropout(dropout, seed=seed_of("dropout", seed), name="dropout")(features)
    initializer = keras.initializers.GlorotUniform(seed=seed_of("head", seed))
    return keras.layers.Dense(n_classes, kernel_initializer=initializer, name=LOGITS)(x)


def network_input(pixels: np.ndarray, zoo: ModuleType) -> np.ndarray:
    """Grey images as the network wants them.

    Args:
        pixels: (n, size, size) uint8.
        zoo: the architecture's file in zoo/.

    Returns:
        (n, size, size, 3) float32.
    """
    grey = pixels.astype(np.float32)[..., np.newaxis]
    return np.asarray(zoo.preprocess(np.repeat(grey, 3, axis=-1)), np.float32)


def batch_normalisations(classifier: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Its layers of batch normalisation, in the model's order."""
    return [layer for layer in classifier.layers if isinstance(layer, keras.layers.BatchNormalization)]


def set_batchnorm(classifier: keras.Model, mode: Literal["inference", "update"]) -> list[keras.Variable]:
    """Choose what batch normalisation does when the classifier is called with `training=True`.

    In `inference` mode it uses the moving statistics and leaves them as they are. Its scale and offset are
    trained in both modes, as in Keras's guide to fine-tuning; so the variables to train are returned, because
    `classifier.trainable_variables` leaves these out in `inference` mode.

    Returns:
        All variables to train.
    """
    normalisations = batch_normalisations(classifier)
    for layer in normalisations:
        layer.trainable = True
    variables = classifier.trainable_variables
    for layer in normalisations:
        # Keras: a frozen BatchNormalization runs in inference mode, whatever `training` says.
        layer.trainable = mode == "update"
    return variables
