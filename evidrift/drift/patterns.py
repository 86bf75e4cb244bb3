"""Likeness of two canvases as patterns: Pearson's and Spearman's correlation, and SSIM."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

# Wang et al. 2004 with scikit-image's defaults: uniform 7x7 window, sample covariance, (0.01)^2 and (0.03)^2.
WINDOW = 7
LUMINANCE = np.float32(0.01**2)
CONTRAST = np.float32(0.03**2)
SAMPLE = np.float32(WINDOW**2 / (WINDOW**2 - 1))
# Pairs handled at once: few enough that their canvases stay in the processor's cache.
BATCH = 64


def standardised(values: np.ndarray) -> np.ndarray:
    """Rows centred and scaled to length one, (n, cells) float32: their inner products are correlations.

    Rows without any spread become zeros.
    """
    centred = values - values.mean(axis=1, keepdims=True, dtype=np.float64)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0).astype(np.float32)


def ranked(values: np.ndarray) -> np.ndarray:
    """Ranks of a row's cells, ties averaged, standardised: their inner products are Spearman's."""
    return standardised(rankdata(values, axis=1))


def correlation(patterns: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Inner products of pairs of standardised rows, (pairs,), from -1 to 1."""
    result = np.empty(len(before), dtype=np.float32)
    for start in range(0, len(before), BATCH):
        part = slice(start, start + BATCH)
        result[part] = np.einsum("pc,pc->p", patterns[before[part]], patterns[after[part]])
    return np.clip(result, -1, 1)


@dataclass(frozen=True)
class LocalStatistics:
    """What SSIM needs of single maps.

    Attributes:
        scaled: (n, side, side) float32, each map divided by its maximum, so that the data range is one.
        mean: (n, side - 6, side - 6) float32, mean in the window.
        variance: the sample variance there.
    """

    scaled: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def local_statistics(values: np.ndarray) -> LocalStatistics:
    """Window means and variances of canvases, (n, side, side)."""
    high = values.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(values, high, out=np.zeros_like(values), where=high > 0).astype(np.float32)
    mean = _window_mean(scaled)
    variance = (_window_mean(np.square(scaled)) - np.square(mean)) * SAMPLE
    return LocalStatistics(scaled, mean, variance)


def ssim(local: LocalStatistics, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean structural similarity of pairs, (pairs,), at most 1.

    Each map is divided by its own maximum first: like every other measure, this one does not see a
    map's scale. The mean is over windows that lie wholly inside the canvas.
    """
    result = np.empty(len(before), dtype=np.float32)
    for start in range(0, len(before), BATCH):
        one, other = before[start : start + BATCH], after[start : start + BATCH]
        mean_one, mean_other = local.mean[one], local.mean[other]
        product = mean_one * mean_other
        covariance = (_window_mean(local.scaled[one] * local.scaled[other]) - product) * SAMPLE
        above = (2 * product + LUMINANCE) * (2 * covariance + CONTRAST)
        below = (np.square(mean_one) + np.square(mean_other) + LUMINANCE) * (
            local.variance[one] + local.variance[other] + CONTRAST
        )
        result[start : start + BATCH] = (above / below).mean(axis=(1, 2))
    return result


def _window_mean(images: np.ndarray) -> np.ndarray:
    """Means over every whole 7x7 window; sums of 1, 2 and 4 neighbours make 7 with four additions."""
    for axis in (1, 2):
        lines = np.moveaxis(images, axis, 0)
        two = lines[:-1] + lines[1:]
        four = two[:-2] + two[2:]
        images = np.moveaxis(four[:-3] + two[4:-1] + lines[6:], 0, axis)
    return images / np.float32(WINDOW**2)
