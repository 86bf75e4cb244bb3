"""Perturbation: how the score S changes when parts of the image are hidden. No gradient, no layer.

What is hidden is replaced by a baseline: the image itself, where the mask is 1, goes over into the baseline,
where it is 0.
"""

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from evidrift.attribution.baselines import Baseline, baseline
from evidrift.attribution.settings import GRID, PixelLevelParams, on_grid
from evidrift.attribution.variants import variants
from evidrift.base.choices import Choices
from evidrift.base.grid import Seed
from evidrift.base.seeds import stream
from evidrift.maps.grids import bilinear, cell_sums, shares
from evidrift.maps.mapfile import CheckpointMaps

if TYPE_CHECKING:
    from evidrift.attribution.network import Network

Method = Literal["occlusion", "rise"]


class Params(PixelLevelParams):
    """What the family of perturbations computes.

    Attributes:
        methods: attribution methods.
        baseline: what hidden parts are replaced by.
        masks: of RISE.
        cells: of a RISE mask, along each side.
        keep: share of a RISE mask's cells that are shown.
        seed: of the RISE masks.
    """

    methods: Choices[list[Method]]
    baseline: Baseline
    masks: Annotated[int, Field(ge=2, le=100_000)]
    cells: Annotated[int, Field(ge=1, le=128)]
    keep: Annotated[float, Field(gt=0, lt=1)]
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
    hidden = baseline(params.baseline, pixels)
    maps: dict[str, np.ndarray] = {}
    for method in params.methods:
        if method == "occlusion":
            maps[method] = occlusion(network, pixels, targets, hidden, params.batch_size)
        else:
            masks = Masks(params.masks, params.cells, params.keep, params.seed, pixels.shape[1:])
            maps[method] = rise(network, pixels, targets, hidden, masks, params.batch_size)
    return on_grid(network, targets, logits, maps)


def occlusion(
    network: "Network", pixels: np.ndarray, targets: np.ndarray, hidden: np.ndarray, batch_size: int
) -> np.ndarray:
    """Occlusion (Zeiler and Fergus 2014, arXiv 1311.2901), one cell of `penultimate`'s grid at a time.

    Without overlap, so that a map has exactly the grid's values; a pixel on the border of two cells is
    occluded in part where the image's side is no multiple of the grid's.

    Args:
        network: with the layer `penultimate`.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        hidden: what replaces a cell, (n, H, W).
        batch_size: images per pass.

    Returns:
        Signed maps, (n, h, w), in units of the score: S(image) - S(image without the cell); exactly 0 where
        the cell is its own baseline, free of the rounding of two passes.
    """
    grid = network.grid(GRID)
    rows, columns = (shares(cells, side) for cells, side in zip(grid, pixels.shape[1:], strict=True))
    change = hidden - pixels.astype(np.float32)
    drop = np.empty((len(pixels), grid[0] * grid[1]), np.float32)
    for image, cell in variants(len(pixels), drop.shape[1], batch_size, "occlusion"):
        row, column = np.divmod(cell, grid[1])
        mask = rows[row][:, :, np.newaxis] * columns[column][:, np.newaxis, :]
        occluded = network.inputs(pixels[image] + mask * change[image])
        drop[image, cell] = -network.scores(occluded, targets[image])
    drop += network.scores(network.inputs(pixels), targets)[:, np.newaxis]
    return np.where(cell_sums(np.abs(change), grid) > 0, drop.reshape(-1, *grid), 0)


class Masks:
    """The random masks of RISE: coarse, smoothly enlarged, shifted at random; made when they are needed.

    As in the paper a mask of `cells` x `cells` zeros and ones is enlarged bilinearly to one cell more than
    the image on each side, and the image's part of it begins within its first cell.

    Args:
        number: of masks.
        cells: along each side.
        keep: probability of a one.
        seed: they depend on nothing else, so that they are the same for every image.
        size: of the images, (H, W).
    """

    def __init__(self, number: int, cells: int, keep: float, seed: int, size: tuple[int, ...]):
        self.keep = keep
        self._coarse = (stream("rise cells", seed).random((number, cells, cells)) < keep).astype(np.float32)
        self._steps = tuple(-(-side // cells) for side in size)
        self._starts = stream("rise shifts", seed).integers(0, self._steps, (number, len(size)))
        self._size = size

    def __len__(self) -> int:
        return len(self._coarse)

    def draw(self, which: np.ndarray) -> np.ndarray:
        """These masks, (m, H, W) float32 in 0..1."""
        rows, columns = self._weights(which, 0), self._weights(which, 1)
        return rows @ self._coarse[which] @ columns.swapaxes(1, 2)

    def _weights(self, which: np.ndarray, axis: int) -> np.ndarray:
        """Weights of the coarse mask's cells for each pixel along one side, (m, side, cells)."""
        cells, step = self._coarse.shape[1], self._steps[axis]
        pixel = self._starts[which, axis, np.newaxis] + np.arange(self._size[axis])
        return bilinear((pixel + 0.5) / step * cells / (cells + 1) - 0.5, cells)


def rise(
    network: "Network",
    pixels: np.ndarray,
    targets: np.ndarray,
    hidden: np.ndarray,
    masks: Masks,
    batch_size: int,
) -> np.ndarray:
    """RISE (Petsiuk et al. 2018, arXiv 1806.07421, eq. 6), averaged over the cells of `penultimate`'s grid.

    The paper's map at a pixel estimates the mean score of the masks that show it, sum_j S_j m_j / (N keep),
    of a probability S. A logit has no natural zero: a constant added to it would add a pedestal to the map,
    and one below 0 would leave nothing of it. So the mean score of the image under all masks is taken off:
    sum_j (S_j - mean S) m_j / (N keep) estimates by how much showing the pixel raises the score. This also
    takes out what the masks' uneven coverage would add to a map (a control variate).

    Args:
        network: with the layer `penultimate`.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        hidden: what replaces masked parts, (n, H, W).
        masks: the same for every image.
        batch_size: images per pass.

    Returns:
        Signed maps, (n, h, w), in units of the score; exactly 0 where an image is its own baseline.
    """
    shown = pixels - hidden
    scores = np.empty((len(pixels), len(masks)))
    for image, which in variants(len(pixels), len(masks), batch_size, "rise"):
        masked = network.inputs(hidden[image] + masks.draw(which) * shown[image])
        scores[image, which] = network.scores(masked, targets[image])
    scores -= scores.mean(axis=1, keepdims=True)
    scores[~shown.any(axis=(1, 2))] = 0  # what is left is the rounding of passes

    grid = network.grid(GRID)
    maps = np.zeros((len(pixels), *grid))
    for first in range(0, len(masks), batch_size):
        which = np.arange(first, min(first + batch_size, len(masks)))
        maps += np.einsum("nm,mhw->nhw", scores[:, which], cell_sums(masks.draw(which), grid))
    pixels_per_cell = np.prod(pixels.shape[1:]) / np.prod(grid)
    return maps / (len(masks) * masks.keep * pixels_per_cell)
