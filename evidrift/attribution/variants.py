"""Many variants of each image - masked, mixed, noisy - in passes of bounded size."""

from collections.abc import Iterator

import numpy as np

from evidrift.base.progress import Progress

PATIENCE = 2  # seconds without a progress bar


def variants(
    n_images: int, n_variants: int, batch_size: int, name: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every variant of every image once, in passes of at most `batch_size`.

    A pass holds the same variants of many images rather than many variants of one, since what makes a
    variant (a mask, noise) is mostly the same for all images.

    Args:
        n_images: how many images.
        n_variants: of each image.
        batch_size: of a pass.
        name: what is shown, if it takes long enough.

    Yields:
        Image and variant numbers, (m,) each.
    """
    total = n_images * n_variants
    with Progress(total=total, desc=name, unit="pass", leave=False, delay=PATIENCE) as progress:
        for first in range(0, total, batch_size):
            variant, image = np.divmod(np.arange(first, min(first + batch_size, total)), n_images)
            yield image, variant
            progress.update(len(image))


def add_up(totals: np.ndarray, images: np.ndarray, values: np.ndarray) -> None:
    """Add each row of `values`, (m, ...), to its image's row of `totals`, (n, ...), in place and in order."""
    for image, value in zip(images, values, strict=True):
        totals[image] += value
