"""The CAM family: activations A of a target layer, weighted by the gradient g = dS/dA of the score S.

All methods come from one pass; maps are signed, that is before the ReLU that ends each formula. EigenCAM
alone takes no gradient, so it knows no class.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from evidrift.attribution.settings import FamilyParams
from evidrift.base.choices import Choices, LayerName
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps

if TYPE_CHECKING:
    from evidrift.attribution.network import Network

Method = Literal[
    "grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam", "xgrad_cam", "eigen_cam"
]

# On a tensor with negative values the denominator 2 + S_k g may vanish or change its sign.
UNIT_FORM = "grad_cam_pp_unit"
NEEDS_RECTIFIED = ("grad_cam_pp", UNIT_FORM)
CONSTANT = 1e-6
CANCELS = 1e-5


class Params(FamilyParams):
    """What the CAM family computes.

    Attributes:
        methods: attribution methods.
        layers: `penultimate`, `last`, or layers by name.
    """

    takes_predicted: ClassVar[bool] = True
    methods: Choices[list[Method]]
    layers: Choices[list[LayerName]]

    @property
    def needs_scale(self) -> bool:
        """The unit form of Grad-CAM++ takes the logits on their own scale."""
        return UNIT_FORM in self.methods


def explain(
    network: "Network", pixels: np.ndarray, targets: np.ndarray, params: Params, logit_scale: float
) -> CheckpointMaps:
    """Maps of one batch of images.

    Args:
        network: with the layers and the score of `params`.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        params: which methods.
        logit_scale: the checkpoint's, from `scores.logit_scale`.
    """
    result = network.run(pixels, targets)
    layers = {}
    for layer in network.layers:
        activations, gradients = result.activations[layer.label], result.gradients[layer.label]
        not_defined = tuple(m for m in params.methods if m in NEEDS_RECTIFIED and not layer.rectified)
        methods = [method for method in params.methods if method not in not_defined]
        # what is not finite goes into the map, where it is counted as `nan`
        with np.errstate(all="ignore"):
            maps: dict[str, np.ndarray] = {
                method: cam(method, activations, gradients, logit_scale) for method in methods
            }
            constant = is_constant(gradients)
        layers[layer.label] = LayerMaps(layer.name, layer.rectified, constant, maps, not_defined)
    return CheckpointMaps(targets, result.logits, layers)


def cam(method: Method, activations: np.ndarray, gradients: np.ndarray, logit_scale: float) -> np.ndarray:
    """Signed maps of one method, (n, h, w) float32; `logit_scale` serves the unit form alone."""
    if method == "grad_cam_pp_unit":
        return grad_cam_pp(activations, gradients / np.float32(logit_scale))
    if method == "eigen_cam":
        return eigen_cam(activations)
    formulas = {
        "grad_cam": grad_cam,
        "grad_cam_pp": grad_cam_pp,
        "layer_cam": layer_cam,
        "hires_cam": hires_cam,
        "xgrad_cam": xgrad_cam,
    }
    return formulas[method](activations, gradients)


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM before its final ReLU (Selvaraju et al. 2017, arXiv 1610.02391, eqs. 1 and 2).

    Args:
        activations: target layer's output, (n, h, w, channels).
        gradients: d score / d activations, same shape.

    Returns:
        Signed maps, (n, h, w), in units of the score: sum_k mean_ij(g_k) A_k.
    """
    return np.einsum("nhwk,nk->nhw", activations, gradients.mean(axis=(1, 2)))


def grad_cam_pp(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Grad-CAM++ before its final ReLU (Chattopadhay et al. 2018, arXiv 1710.11063, eqs. 5 and 19).

    w_k = sum_ij alpha ReLU(g) with alpha = g^2 / (2 g^2 + S_k g^3) = 1 / (2 + S_k g), S_k = sum_ij A_k,
    where g is not 0. Without the additive epsilon of most implementations, which decides the weights
    where gradients are small. Where g <= 0 the term is 0, so there g is set to 0: no 0 / 0 at
    g = -2 / S_k, and on rectified activations the denominator is never below 2.

    The second and third derivatives g^2 and g^3 are those of exp(S), the paper's choice of score.

    Args:
        activations: target layer's output, non-negative, (n, h, w, channels).
        gradients: d score / d activations, same shape. Their scale matters: see the unit form.

    Returns:
        Signed maps, (n, h, w): sum_k w_k A_k.
    """
    positive = np.maximum(gradients, 0)
    sums = activations.sum(axis=(1, 2), keepdims=True)
    weights = (positive / (2 + sums * positive)).sum(axis=(1, 2))
    return np.einsum("nhwk,nk->nhw", activations, weights)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """LayerCAM before its final ReLU (Jiang et al. 2021, IEEE TIP 30, eqs. 5 to 7).

    Args:
        activations: target layer's output, (n, h, w, channels).
        gradients: d score / d activations, same shape.

    Returns:
        Signed maps, (n, h, w), in units of the score: sum_k ReLU(g_k) A_k.
    """
    return np.einsum("nhwk,nhwk->nhw", activations, np.maximum(gradients, 0))


def hires_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """HiResCAM (Draelos and Carin 2020, arXiv 2011.08891): g and A multiplied element by element.

    Where a layer normalisation alone takes the tensor, the terms of every place cancel by construction: a
    map of less than 1e-5 of its terms is rounding, and given as 0 everywhere, to be counted as blank.

    Args:
        activations: target layer's output, (n, h, w, channels).
        gradients: d score / d activations, same shape.

    Returns:
        Signed maps, (n, h, w), in units of the score: sum_k g_k A_k.
    """
    terms = activations * gradients
    maps = terms.sum(axis=-1)
    size = np.abs(terms).sum(axis=-1).max(axis=(1, 2))
    cancels = np.isfinite(size) & (np.abs(maps).max(axis=(1, 2)) <= CANCELS * size)
    return np.where(cancels[:, None, None], np.float32(0), maps)


def xgrad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """XGrad-CAM before its final ReLU (Fu et al. 2020, arXiv 2008.02312).

    w_k = sum_ij(A_k g_k) / sum_ij A_k: Grad-CAM with the mean of the gradient weighted by the activation. A
    channel that sums to 0 has weight 0; a rectified one has nothing to weigh then.

    Args:
        activations: target layer's output, (n, h, w, channels).
        gradients: d score / d activations, same shape.

    Returns:
        Signed maps, (n, h, w), in units of the score: sum_k w_k A_k. At a gradient that is constant over
        space they are Grad-CAM's.
    """
    total = activations.sum(axis=(1, 2))
    products = np.einsum("nhwk,nhwk->nk", activations, gradients)
    weights = np.divide(products, total, out=np.zeros_like(total), where=total != 0)
    return np.einsum("nhwk,nk->nhw", activations, weights)


def eigen_cam(activations: np.ndarray) -> np.ndarray:
    """EigenCAM (Muhammad and Yeasin 2020, arXiv 2008.00299): the activations' first principal component.

    With A of one image as a matrix, places by channels, A v for the unit vector v over channels that makes it
    longest: v is the first right singular vector of A, not of A less its mean over places. Which of the two
    the paper means could not be read. The package grad-cam takes off that mean, "otherwise the image returned
    is negative", and returns either sign, as the solver gives it. A singular vector's sign is arbitrary; here
    the map's sum is positive. Where A is rectified, so is the map then (Perron and Frobenius), and its sign
    cannot flip between two checkpoints. Less its mean, a map of some cells turns into that of all others as
    soon as these are the longer tail.

    Neither the class nor the score enters: every target has the same map.

    Args:
        activations: target layer's output, (n, h, w, channels).

    Returns:
        Signed maps, (n, h, w) float32, in units of the activations; NaN where an activation is not finite.
        Where two components are equally long, any mixture of them is as good, and which one it is hangs on
        rounding.
    """
    n, height, width, channels = activations.shape
    finite = np.isfinite(activations).all(axis=(1, 2, 3))
    places = activations[finite].reshape(-1, height * width, channels).astype(np.float64)
    across = places.swapaxes(1, 2)
    # the smaller of the two Gram matrices; both have the squares of A's singular values
    if height * width <= channels:
        squares, vectors = np.linalg.eigh(places @ across)
        longest = vectors[:, :, -1] * np.sqrt(np.maximum(squares[:, -1:], 0))
    else:
        longest = np.einsum("npk,nk->np", places, np.linalg.eigh(across @ places)[1][:, :, -1])
    maps = np.full((n, height, width), np.nan, np.float32)
    upright = np.where(longest.sum(axis=1, keepdims=True) < 0, -longest, longest)
    maps[finite] = upright.reshape(-1, height, width)
    return maps


def is_constant(gradients: np.ndarray) -> bool:
    """Whether max - min <= 1e-6 max|g| over space, for every image and channel.

    Then Grad-CAM = HiResCAM = XGrad-CAM, and LayerCAM and Grad-CAM++ differ only by
    HW / (2 + pool_k dS/dpool_k) per channel; EigenCAM is not concerned. Images whose gradients are not finite
    have no say.
    """
    spread = gradients.max(axis=(1, 2)) - gradients.min(axis=(1, 2))
    return not np.any(spread > CONSTANT * np.abs(gradients).max(axis=(1, 2)))
