"""Likeness of two canvases as patterns: Pearson's and Spearman's correlation, and SSIM."""

from dataclasses import dataclass
from functools import cache

import numpy as np

# Wang et al. 2004 with scikit-image's defaults: uniform 7x7 window, sample covariance, (0.01)^2 and (0.03)^2.
WINDOW = 7
LUMINANCE = np.float32(0.01**2)
CONTRAST = np.float32(0.03**2)
SAMPLE = np.float32(WINDOW**2 / (WINDOW**2 - 1))
# Pairs handled at once: few enough that their canvases stay in the processor's cache.
BATCH = 16


def standardised(values: np.ndarray) -> np.ndarray:
    """Rows centred and scaled to length one, (n, cells) float32: their inner products are correlations.

    Rows without any spread become zeros.
    """
    centred = values - values.mean(axis=1, keepdims=True, dtype=np.float64)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0).astype(np.float32)


def average_ranks(ascending: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Ranks of a row's cells from 1, ties averaged, from `areas.in_order`."""
    cells = ascending.shape[1]
    place = np.arange(cells, dtype=np.int32)
    rises = ascending[:, 1:] != ascending[:, :-1]
    first = np.zeros(ascending.shape, dtype=np.int32)
    first[:, 1:] = np.where(rises, place[1:], 0)
    last = np.full(ascending.shape, cells - 1, dtype=np.int32)
    last[:, :-1] = np.where(rises, place[:-1], cells - 1)
    np.maximum.accumulate(first, axis=1, out=first)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(ascending.shape, dtype=np.float32)
    np.put_along_axis(ranks, order, (first + last) / np.float32(2) + 1, axis=1)
    return ranks


def correlation(patterns: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Inner products of pairs of standardised rows, (pairs,), from -1 to 1."""
    result = np.empty(len(before), dtype=np.float32)
    for start in range(0, len(before), BATCH):
        part = slice(start, start + BATCH)
        result[part] = np.vecdot(patterns[before[part]], patterns[after[part]])
    return np.clip(result, -1, 1)


@dataclass(frozen=True)
class LocalStatistics:
    """What SSIM needs of single maps; the contrast constant is shared out between a pair's maps by halves.

    Attributes:
        scaled: (n, side, side) float32, each map divided by its maximum, so that the data range is one.
        mean: (n, side - 6, side - 6) float32, mean in the window.
        spread: the sample variance there, plus half the contrast constant.
    """

    scaled: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def local_statistics(values: np.ndarray) -> LocalStatistics:
    """Window statistics of non-negative canvases, (n, side, side)."""
    high = values.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(values, high, out=np.zeros_like(values), where=high > 0)
    mean = _window_mean(scaled)
    variance = (_window_mean(np.square(scaled)) - np.square(mean)) * SAMPLE
    return LocalStatistics(scaled, mean, variance + CONTRAST / 2)


def ssim(local: LocalStatistics, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean structural similarity of pairs, (pairs,), at most 1.

    Each map is divided by its own maximum first: like every other measure, this one does not see a
    map's scale. The mean is over windows that lie wholly inside the canvas.
    """
    result = np.empty(len(before), dtype=np.float32)
    for start in range(0, len(before), BATCH):
        one, other = before[start : start + BATCH], after[start : start + BATCH]
        # in place throughout: new arrays would take as long as the arithmetic
        images = local.scaled[one]
        images *= local.scaled[other]
        covariance = _window_mean(images)
        mean, other_mean = local.mean[one], local.mean[other]
        product = mean * other_mean
        covariance -= product
        covariance *= 2 * SAMPLE
        covariance += CONTRAST
        product *= 2
        product += LUMINANCE
        above = np.multiply(covariance, product, out=covariance)
        # the sum of two squares is twice their product plus the square of their difference
        mean -= other_mean
        mean *= mean
        mean += product
        spread = local.spread[one]
        spread += local.spread[other]
        below = np.multiply(mean, spread, out=mean)
        above /= below
        result[start : start + BATCH] = above.mean(axis=(1, 2))
    return np.minimum(result, 1)  # float32 may end a few millionths above


def _window_mean(images: np.ndarray) -> np.ndarray:
    """Means over every whole 7x7 window: two matrix products an image, with bands of ones."""
    band = _band(images.shape[1])
    sums = band @ (images @ band.T)
    sums /= np.float32(WINDOW**2)
    return sums


@cache
def _band(side: int) -> np.ndarray:
    """Which cells along one axis each window covers: (windows, side) of 0 and 1."""
    distance = np.arange(side) - np.arange(side - WINDOW + 1)[:, None]
    return ((distance >= 0) & (distance < WINDOW)).astype(np.float32)
