"""The score that is explained, and the scale of a checkpoint's logits."""

import numpy as np

# Compiled, batched and cached passes round differently, by far less than this share of the logits' scale.
TOLERANCE = 1e-3


def centred_logits(logits: np.ndarray) -> np.ndarray:
    """Logits less their mean over the classes: what a softmax classifier can see of them.

    A single sigmoid output z stands for the two classes' scores -z and +z, whose mean is 0 already.

    Args:
        logits: (n, classes), or (n, 1) of a sigmoid output.

    Returns:
        (n, classes), at least two.
    """
    if logits.shape[1] == 1:
        return np.concatenate([-logits, logits], axis=1)
    return logits - logits.mean(axis=1, keepdims=True)


def predicted_classes(logits: np.ndarray) -> np.ndarray:
    """The class of the highest score, (n,)."""
    return centred_logits(logits).argmax(axis=1)


def logit_scale(logits: np.ndarray) -> float:
    """Standard deviation of the centred logits over images and classes.

    Images whose logits are not finite are left out, so that one of them does not void all others; nan
    where no image remains.
    """
    finite = logits[np.isfinite(logits).all(axis=1)].astype(np.float64)
    return float(centred_logits(finite).std()) if len(finite) else float("nan")


def differing(logits: np.ndarray, recorded: np.ndarray, scale: float) -> np.ndarray:
    """Which images' logits are not those that were recorded, but for rounding, (n,) bool.

    Args:
        logits: (n, classes).
        recorded: of the same images, (n, classes).
        scale: of the checkpoint's logits, from `logit_scale`.
    """
    with np.errstate(invalid="ignore"):
        differs = np.abs(logits - recorded) > TOLERANCE * scale
    return (differs | (np.isfinite(logits) != np.isfinite(recorded))).any(axis=1)
