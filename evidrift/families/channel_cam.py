"""CAMs without gradients: each channel A_k of a target layer is weighed by what it does to the score S.

Both methods run the network, or its rest, once for each channel and image: hundreds of passes an image.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np

from evidrift.attribution.settings import FamilyParams
from evidrift.attribution.variants import variants
from evidrift.base.choices import Choices, LayerName
from evidrift.maps.grids import enlarge
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps

if TYPE_CHECKING:
    from evidrift.attribution.network import Network

Method = Literal["score_cam", "ablation_cam"]


class Params(FamilyParams):
    """What the family computes.

    Attributes:
        methods: attribution methods.
        layers: `penultimate`, `last`, or layers by name.
    """

    methods: Choices[list[Method]]
    layers: Choices[list[LayerName]]


@np.errstate(all="ignore")  # what is not finite goes into the map, where it is counted as `nan`
def explain(
    network: "Network", pixels: np.ndarray, targets: np.ndarray, params: Params, logit_scale: float
) -> CheckpointMaps:
    """Maps of one batch of images.

    Args:
        network: with the layers and the score of `params`.
        pixels: (n, H, W) uint8.
        targets: (n,) class indices.
        params: which methods.
        logit_scale: not used; the weights of Score-CAM do depend on the scale of the logits.
    """
    result = network.run(pixels, targets)
    layers = {}
    for layer in network.layers:
        activations = result.activations[layer.label]
        maps: dict[str, np.ndarray] = {}
        for method in params.methods:
            if method == "score_cam":
                maps[method] = score_cam(network, pixels, activations, targets, params.batch_size)
            else:
                maps[method] = ablation_cam(network, layer.label, activations, targets, params.batch_size)
        # neither weighs by the gradient, so they do not fall together where it is constant
        layers[layer.label] = LayerMaps(layer.name, layer.rectified, False, maps, ())
    return CheckpointMaps(targets, result.logits, layers)


def score_cam(
    network: "Network",
    pixels: np.ndarray,
    activations: np.ndarray,
    targets: np.ndarray,
    batch_size: int,
) -> np.ndarray:
    """Score-CAM before its final ReLU (Wang et al. 2020, arXiv 1910.01279, algorithm 1).

    The image is multiplied by channel k, enlarged to its size and brought to 0..1, so that the rest turns
    black; S_k is its score. The weights are the softmax of S_k over the channels (the score of the black
    image, which the paper takes off, cancels). So they are never negative, they grow steeper with the scale
    of the logits, and a class that nothing in the image changes gets the plain mean of the channels.

    Args:
        network: to run.
        pixels: (n, H, W) uint8.
        activations: target layer's output, (n, h, w, channels).
        targets: (n,) class indices.
        batch_size: images per pass.

    Returns:
        Signed maps, (n, h, w), in units of the activations: sum_k softmax_k(S_k) A_k. A channel that is
        constant over space masks the whole image.
    """
    scores = np.empty((len(activations), activations.shape[-1]), np.float32)
    for image, channel in variants(*scores.shape, batch_size, "score_cam"):
        masks = enlarge(activations[image, :, :, channel], pixels.shape[1:])
        masked = network.inputs(pixels[image] * _to_unit_range(masks))
        scores[image, channel] = network.scores(masked, targets[image])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nhwk,nk->nhw", activations, weights)


def ablation_cam(
    network: "Network", label: str, activations: np.ndarray, targets: np.ndarray, batch_size: int
) -> np.ndarray:
    """Ablation-CAM before its final ReLU (Desai and Ramaswamy 2020, WACV, eqs. 3 and 4).

    w_k = S - S_k, where S_k is the score with channel k set to 0. The paper divides by S. For a positive S
    that changes no map, as each is used relative to its own sum; but a centred logit can be negative, and
    then the division would turn the map into that of the evidence against the class.

    Args:
        network: to run, from the layer on.
        label: of the target layer.
        activations: its output, (n, h, w, channels).
        targets: (n,) class indices.
        batch_size: images per pass.

    Returns:
        Signed maps, (n, h, w), in units of score times activation: sum_k w_k A_k.

    Raises:
        UserError: a path from the image to the logits goes around the layer.
    """
    scores = np.empty((len(activations), activations.shape[-1]), np.float32)
    for image, channel in variants(*scores.shape, batch_size, "ablation_cam"):
        ablated = activations[image]
        ablated[np.arange(len(image)), :, :, channel] = 0
        scores[image, channel] = network.scores_from(label, ablated, targets[image])
    weights = network.scores_from(label, activations, targets)[:, np.newaxis] - scores
    return np.einsum("nhwk,nk->nhw", activations, weights)


def _to_unit_range(masks: np.ndarray) -> np.ndarray:
    """Each mask, (m, H, W), stretched to 0..1; a constant one becomes 0."""
    low = masks.min(axis=(1, 2), keepdims=True)
    height = masks.max(axis=(1, 2), keepdims=True) - low
    return np.divide(masks - low, height, out=np.zeros_like(masks), where=height != 0)
