"""Insertion and deletion curves of single images (Petsiuk et al. 2018, arXiv 1806.07421, section 3.2)."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from evidrift.attribution.baselines import Baseline, baseline
from evidrift.maps import grids

if TYPE_CHECKING:
    from evidrift.attribution.network import Network


def baseline_image(pixels: np.ndarray, content: np.ndarray, kind: Baseline) -> np.ndarray:
    """The image with nothing left to see in it; its padding stays as it is.

    Args:
        pixels: one image, (H, W), 0..255.
        content: top, left, bottom, right of the image in its square, half open, px.
        kind: see `attribution.baselines`.

    Returns:
        (H, W) float32, 0..255.
    """
    top, left, bottom, right = content
    result = pixels.astype(np.float32)
    result[top:bottom, left:right] = baseline(kind, pixels[np.newaxis, top:bottom, left:right])[0]
    return result


def enlarge(signed: np.ndarray, content: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A map's bilinear values at the centres of its image's pixels.

    Half-pixel centres, as in `measures.canvas.resample`: cells beyond the outermost centres repeat them.

    Args:
        signed: one map over the whole square, (h, w), finite.
        content: top, left, bottom, right of the image in the square, half open, px.
        shape: height and width of the square, px.

    Returns:
        (bottom - top, right - left) float64.
    """
    top, left, bottom, right = content
    (whole,) = grids.enlarge(signed.astype(np.float64)[np.newaxis], shape)
    return whole[top:bottom, left:right]


def ranks(values: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Place of each pixel in the order of falling values, from 0; where values are equal, that of `ties`.

    Args:
        values: (h, w).
        ties: ranks of another order of the same pixels, (h, w).
    """
    place = np.arange(values.size, dtype=np.int32)
    by_ties, result = np.empty_like(place), np.empty_like(place)
    by_ties[ties.ravel()] = place
    # half the time of np.lexsort, which would sort the ties once more
    result[by_ties[np.argsort(-values.ravel()[by_ties], kind="stable")]] = place
    return result.reshape(values.shape)


def probabilities(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Softmax probability of the target classes, (n,); of a single output z, sigmoid(z) is class 1's.

    Args:
        logits: (n, classes), or (n, 1) of a sigmoid output.
        targets: (n,) class indices.
    """
    values = logits.astype(np.float64)
    if values.shape[1] == 1:
        values = np.concatenate([np.zeros_like(values), values], axis=1)
    return softmax(values, axis=1)[np.arange(len(values)), targets]


def areas(
    network: "Network",
    pixels: np.ndarray,
    empty: np.ndarray,
    content: np.ndarray,
    orders: np.ndarray,
    targets: np.ndarray,
    steps: int,
    batch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Areas under the insertion and deletion curves of several orders of one image's pixels.

    Deletion replaces the most important share of the pixels by the baseline's, insertion puts that share
    back into the baseline. The quantity is the target's softmax probability; the area is taken by the
    trapezoid rule over the share, from 0 to 1. Good orders have a high insertion and a low deletion.

    Args:
        network: its `inputs` must be affine in each channel.
        pixels: the image, (H, W), 0..255.
        empty: the image without its evidence, from `baseline_image`.
        content: top, left, bottom, right of the image in its square, half open, px.
        orders: from `ranks`, (orders, bottom - top, right - left).
        targets: class index of each order, (orders,).
        steps: of the share, equal but for whole pixels.
        batch_size: network inputs per pass, at most.

    Returns:
        Insertion and deletion, both (orders,), 0..1.
    """
    image, nothing = network.inputs(np.stack([pixels.astype(np.float32), empty]))
    top, left, bottom, right = content
    counts = np.rint(np.linspace(0, orders[0].size, steps + 1)).astype(int)
    ends = network.logits(np.stack([nothing, image]))
    # by kind (insertion, deletion), order and step
    curves = np.empty((2, len(orders), steps + 1))
    for end, step in enumerate((0, steps)):
        curves[0, :, step] = probabilities(np.repeat(ends[[end]], len(orders), axis=0), targets)
        curves[1, :, steps - step] = curves[0, :, step]
    kind, order, step = (index.ravel() for index in np.indices((2, len(orders), steps - 1)))
    step += 1
    for first in range(0, len(kind), batch_size):
        k, o, s = (index[first : first + batch_size] for index in (kind, order, step))
        shown = (orders[o] < counts[s, None, None]) ^ (k == 1)[:, None, None]
        inputs = np.repeat(image[None], len(k), axis=0)
        parts = np.s_[top:bottom, left:right]
        inputs[:, *parts] = np.where(shown[..., None], image[parts], nothing[parts])
        curves[k, o, s] = probabilities(network.logits(inputs), targets[o])
    insertion, deletion = np.trapezoid(curves, counts / counts[-1], axis=2)
    return insertion, deletion
