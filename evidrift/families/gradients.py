"""Gradients at the image itself: how the score S changes with the grey of each pixel.

An image is grey, and the network's input channels are affine functions of that one grey value. So the
derivative by a pixel's grey is the sum over channels of dS/d(input) times the channel's step from one grey
level to the next, and the attribution of a pixel, as of the pixel as a whole, is its channels' sum.

The maps are the positive part of each pixel's attribution, summed over the cells of `penultimate`'s grid.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from evidrift.attribution.baselines import Baseline, baseline
from evidrift.attribution.settings import GRID, PixelLevelParams, on_grid
from evidrift.attribution.variants import add_up, variants
from evidrift.base.choices import Choices, Passes
from evidrift.base.grid import Seed
from evidrift.base.seeds import stream
from evidrift.maps.grids import cell_sums
from evidrift.maps.mapfile import CheckpointMaps

if TYPE_CHECKING:
    from evidrift.attribution.network import Network

Method = Literal["gradient_input", "integrated_gradients", "smooth_grad"]

WHITE = 255


class Params(PixelLevelParams):
    """What the family of gradients computes.

    Attributes:
        methods: attribution methods.
        steps: of integrated gradients, from each baseline to the image.
        baselines: of integrated gradients; attributions are averaged over them.
        samples: noisy copies of the image in SmoothGrad.
        noise: standard deviation of that noise, as a share of the range from black to white.
        seed: of the noise.
    """

    methods: Choices[list[Method]]
    steps: Passes
    baselines: Choices[list[Baseline]]
    samples: Passes
    noise: Annotated[float, Field(gt=0, le=1)]
    seed: Seed


@np.errstate(all="ignore")  # what is not finite goes into the map, where it is counted as `nan`
def explain(
    network: "Network", pixels: np.ndarray, targets: np.ndarray, params: Params, logit_scale: float
) -> CheckpointMaps:
    """Maps of one batch of images.

    Args:
        network: with the layer `penultimate` and the score of `params`.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        params: which methods, and how finely.
        logit_scale: not needed, no method here depends on it.
    """
    logits = network.logits(network.inputs(pixels))
    maps: dict[str, np.ndarray] = {}
    for method in params.methods:
        by_pixel = attributions(method, network, pixels, targets, params)
        maps[method] = cell_sums(np.maximum(by_pixel, 0), network.grid(GRID))
    return on_grid(network, targets, logits, maps)


def attributions(
    method: Method, network: "Network", pixels: np.ndarray, targets: np.ndarray, params: Params
) -> np.ndarray:
    """Signed attributions of the pixels by one method, (n, H, W) float32, in units of the score."""
    if method == "integrated_gradients":
        return integrated_gradients(
            network, pixels, targets, params.baselines, params.steps, params.batch_size
        )
    if method == "smooth_grad":
        return smooth_grad(
            network, pixels, targets, params.samples, params.noise, params.seed, params.batch_size
        )
    return gradient_input(network, pixels, targets)


def grey_gradients(network: "Network", pixels: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Derivative of the score by each pixel's grey, (n, H, W) float32, per step from black to white.

    Args:
        network: to differentiate.
        pixels: (n, H, W), uint8 or float32.
        targets: (n,) class indices.
    """
    ends = np.stack([np.zeros(pixels.shape[1:], np.float32), np.full(pixels.shape[1:], WHITE, np.float32)])
    black, white = network.inputs(ends)
    gradients = network.input_gradients(network.inputs(pixels), targets)
    return np.einsum("nhwc,hwc->nhw", gradients, white - black)


def gradient_input(network: "Network", pixels: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Gradient times input (Shrikumar et al. 2016, arXiv 1605.01713): dS/dx times (x - black).

    The input is taken from black, not from the zero of the network's input: that zero is another grey in
    each architecture's preprocessing (and none at all, but three, where channels are standardised), so the
    pixels of that grey would be without attribution in one architecture and not in the other. It is
    integrated gradients from black in one step, at the image itself.

    Args:
        network: to differentiate.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.

    Returns:
        Signed attributions, (n, H, W), in units of the score.
    """
    return grey_gradients(network, pixels, targets) * (pixels / np.float32(WHITE))


def integrated_gradients(
    network: "Network",
    pixels: np.ndarray,
    targets: np.ndarray,
    baselines: Sequence[Baseline],
    steps: int,
    batch_size: int,
) -> np.ndarray:
    """Integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365, eq. 1), averaged over baselines.

    (x - x') times the mean of dS/dx on the straight path from the baseline x' to the image x: the pixels of
    an image add up to S(x) - S(x') (completeness).

    The mean is taken by the midpoint rule. With ReLUs the gradient jumps at thousands of places on the path,
    so no rule gains from smoothness, and equal gaps are best. On the three miniatures, 8 to 64 steps, the
    points of Gauss and Legendre miss completeness by 1.3 times as much, points crowding near the baseline
    by 1.6 times, the trapezoidal rule by 1.1 times. Maps settle long before their sum does: at 8 steps they
    share 95 % of their evidence with those at 512, at 16 steps 98 %, at 32 99 %.

    Args:
        network: to differentiate.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        baselines: at least one.
        steps: points on each path.
        batch_size: images per pass.

    Returns:
        Signed attributions, (n, H, W) float32, in units of the score.
    """
    starts = np.stack([baseline(name, pixels) for name in baselines])
    total = np.zeros(pixels.shape, np.float32)
    for image, point in variants(len(pixels), len(baselines) * steps, batch_size, "integrated gradients"):
        path, step = np.divmod(point, steps)
        start = starts[path, image]
        way = pixels[image] - start
        share = ((step + 0.5) / steps).astype(np.float32)[:, np.newaxis, np.newaxis]
        add_up(total, image, grey_gradients(network, start + share * way, targets[image]) * way)
    return total / (WHITE * len(baselines) * steps)


def incompleteness(
    network: "Network",
    pixels: np.ndarray,
    targets: np.ndarray,
    baselines: Sequence[Baseline],
    attributed: np.ndarray,
) -> np.ndarray:
    """By how much integrated gradients miss completeness: what the path's `steps` did not see.

    Args:
        network: that was explained.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        baselines: as they were given to `integrated_gradients`.
        attributed: what it returned, (n, H, W).

    Returns:
        (n,) sum of the attributions less D = S(x) - mean S(x'), as shares of the mean of |D| over the images:
        not of an image's own D, which may happen to be near 0.
    """
    starts = [network.scores(network.inputs(baseline(name, pixels)), targets) for name in baselines]
    difference = network.scores(network.inputs(pixels), targets) - np.mean(starts, axis=0)
    return (attributed.sum(axis=(1, 2), dtype=np.float64) - difference) / np.abs(difference).mean()


def smooth_grad(
    network: "Network",
    pixels: np.ndarray,
    targets: np.ndarray,
    samples: int,
    noise: float,
    seed: int,
    batch_size: int,
) -> np.ndarray:
    """SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825): the mean gradient over noisy copies of the image.

    The noise depends on the seed and the sample's number alone: all images get the same, so that an image's
    map does not depend on its batch, and the maps of two checkpoints differ by the checkpoints alone.
    Noisy pixels are not clipped to 0..255, which would make the noise another where the image is black.

    Args:
        network: to differentiate.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        samples: noisy copies.
        noise: standard deviation, as a share of the range from black to white.
        seed: of the noise.
        batch_size: images per pass.

    Returns:
        Signed sensitivities, (n, H, W) float32, in units of the score per step from black to white.
    """
    total = np.zeros(pixels.shape, np.float32)
    for image, sample in variants(len(pixels), samples, batch_size, "smooth_grad"):
        numbers, which = np.unique(sample, return_inverse=True)
        drawn = np.stack([_noise(seed, int(number), pixels.shape[1:]) for number in numbers])
        noisy = pixels[image] + np.float32(noise * WHITE) * drawn[which]
        add_up(total, image, grey_gradients(network, noisy, targets[image]))
    return total / samples


def _noise(seed: int, sample: int, size: tuple[int, ...]) -> np.ndarray:
    return stream("smooth_grad", seed, sample).standard_normal(size, np.float32)
