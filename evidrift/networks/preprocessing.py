"""The two input ranges of the networks in the zoo; arithmetic only, for numpy, TensorFlow and Keras alike."""

from typing import Any

import numpy as np

# Mean and standard deviation of ImageNet's pixels, red, green, blue, in 0..1.
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)


def symmetric(images: Any) -> Any:
    """Bring 0..255 to -1..1 (Keras calls this mode "tf").

    Args:
        images: float array or tensor, (n, h, w, 3), in 0..255.

    Returns:
        The same kind and shape, in -1..1.
    """
    return images / 127.5 - 1.0


def standardised(images: Any) -> Any:
    """Bring 0..255 to ImageNet's mean 0 and standard deviation 1 by channel (Keras: mode "torch").

    Args:
        images: float array or tensor, (n, h, w, 3), in 0..255.

    Returns:
        The same kind and shape.
    """
    return (images / 255.0 - IMAGENET_MEAN) / IMAGENET_STD
