"""Likeness of two canvases as patterns: Pearson's and Spearman's correlation, and SSIM."""

from dataclasses import dataclass

import numpy as np

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
        result[part] = np.einsum("pc,pc->p", patterns[before[part]], patterns[after[part]])
    return np.clip(result, -1, 1)


@dataclass(frozen=True)
class LocalStatistics:
    """What SSIM needs of single maps; both its constants are shared out between a pair's maps by halves.

    Attributes:
        scaled: (n, side, side) float32, each map divided by its maximum, so that the data range is one.
        mean: (n, side - 6, side - 6) float32, mean in the window.
        energy: its square, plus half the luminance constant.
        spread: the sample variance there, plus half the contrast constant.
    """

    scaled: np.ndarray
    mean: np.ndarray
    energy: np.ndarray
    spread: np.ndarray


def local_statistics(values: np.ndarray) -> LocalStatistics:
    """Window statistics of non-negative canvases, (n, side, side)."""
    high = values.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(values, high, out=np.zeros_like(values), where=high > 0)
    mean = _window_mean(scaled)
    square = np.square(mean)
    variance = (_window_mean(np.square(scaled)) - square) * SAMPLE
    return LocalStatistics(scaled, mean, square + LUMINANCE / 2, variance + CONTRAST / 2)


def ssim(local: LocalStatistics, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean structural similarity of pairs, (pairs,), at most 1.

    Each map is divided by its own maximum first: like every other measure, this one does not see a
    map's scale. The mean is over windows that lie wholly inside the canvas.
    """
    result = np.empty(len(before), dtype=np.float32)
    for start in range(0, len(before), BATCH):
        one, other = before[start : start + BATCH], after[start : start + BATCH]
        product = local.mean[one] * local.mean[other]
        covariance = (_window_mean(local.scaled[one] * local.scaled[other]) - product) * SAMPLE
        above = (2 * product + LUMINANCE) * (2 * covariance + CONTRAST)
        below = (local.energy[one] + local.energy[other]) * (local.spread[one] + local.spread[other])
        result[start : start + BATCH] = (above / below).mean(axis=(1, 2))
    return np.minimum(result, 1)  # float32 may end a few millionths above


def _window_mean(images: np.ndarray) -> np.ndarray:
    """Means over every whole 7x7 window; sums of 1, 2 and 4 neighbours make 7 with four additions."""
    for axis in (1, 2):
        lines = np.moveaxis(images, axis, 0)
        two = lines[:-1] + lines[1:]
        four = two[:-2] + two[2:]
        images = np.moveaxis(four[:-3] + two[4:-1] + lines[6:], 0, axis)
    return images / np.float32(WINDOW**2)
