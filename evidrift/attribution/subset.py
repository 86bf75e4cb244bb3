"""Which test images a costly attribution family explains: a stated number of each class."""

import numpy as np

from evidrift.base.seeds import seed_of


def choose(image_ids: np.ndarray, labels: np.ndarray, per_class: int | None) -> np.ndarray:
    """Positions of the images to explain, in their order.

    An image's rank within its class depends on its id alone. So a smaller choice is part of a larger one,
    all families, seeds and architectures explain the same images, and further images in the source change
    it little.

    Args:
        image_ids: (n,) unique text.
        labels: (n,) class indices.
        per_class: images of each class, as far as there are; None for all.
    """
    if per_class is None:
        return np.arange(len(image_ids))
    rank = np.array([seed_of("explained images", image_id) for image_id in image_ids])
    of_classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.sort(
        np.concatenate([own[np.argsort(rank[own], kind="stable")][:per_class] for own in of_classes])
    )
