"""What a linear model is given to predict the class from: nothing that takes a network to see."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from sklearn.preprocessing import OneHotEncoder

from evidrift.images.store import Images

SIDE = 16
BINS = 32
# Of the side: about where collimator edges, frames and burnt-in letters are.
BORDER = 0.04
# Rarer sources count as one: that an image comes from no large collection may tell its class, and a column of
# remarks makes no table of gigabytes.
MIN_IMAGES = 10
MAX_SOURCES = 64


def films(images: Images) -> Iterator[np.ndarray]:
    """Each image without its padding, (height, width) uint8, one after the other."""
    for square, (top, left, bottom, right) in zip(images.pixels, images.content, strict=True):
        yield square[top:bottom, left:right]


def thumbnails(images: Images) -> np.ndarray:
    """Each film averaged down to 16x16, as a row: (n, 256) grey values."""
    small = [cv2.resize(film, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for film in films(images)]
    return np.asarray(small, np.float64).reshape(len(small), SIDE * SIDE)


def acquisition(images: Images, widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """How each film was taken and stored, not where what lies in it.

    Args:
        images: n of them.
        widths: of the original files, px, (n,).
        heights: likewise.

    Returns:
        (n, 42): logarithms of the original's aspect ratio and number of pixels; mean and standard deviation
        of the film's outermost rows at the top and at the bottom and columns at the left and at the right;
        the share of its pixels in each of 32 equal bins of grey values.
    """
    size = np.log(np.stack([widths / heights, widths * heights], axis=1).astype(np.float64))
    seen = [np.concatenate([_border(film), _histogram(film)]) for film in films(images)]
    return np.concatenate([size, np.asarray(seen).reshape(len(seen), 8 + BINS)], axis=1)


def one_hot(sources: Sequence[str]) -> np.ndarray:
    """Which source each image comes from, (n, columns) of 0 and 1.

    Sources of fewer than ten images share the last column; beyond 64 columns, so do the rarest.
    """
    encoder = OneHotEncoder(min_frequency=MIN_IMAGES, max_categories=MAX_SOURCES, sparse_output=False)
    return encoder.fit_transform(np.array(sources, dtype=object)[:, np.newaxis])


def _border(film: np.ndarray) -> np.ndarray:
    rows, columns = (max(1, round(BORDER * side)) for side in film.shape)
    sides = (film[:rows], film[-rows:], film[:, :columns], film[:, -columns:])
    return np.array([statistic(side) for side in sides for statistic in (np.mean, np.std)])


def _histogram(film: np.ndarray) -> np.ndarray:
    return np.bincount(film.ravel() // (256 // BINS), minlength=BINS) / film.size
