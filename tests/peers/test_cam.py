"""The CAM family against the package grad-cam, on the layer's own grid.

Grad-CAM, HiResCAM, LayerCAM and XGrad-CAM coincide. Grad-CAM++ differs by an epsilon that the package adds
to a denominator (it does in XGrad-CAM too, where it is too small to show). What else tells the package's
pictures from ours: the score where users leave it to the model's softmax, and the subtraction of the map's
minimum.
"""

import cv2
import numpy as np
import pytest
import torch

from evidrift.families import cam
from tests.peers.grad_cam import (
    ClassifierOutputSoftmaxTarget,
    ClassifierOutputTarget,
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    XGradCAM,
    raw_maps,
)
from tests.peers.twins import (
    CLASSES,
    HEIGHT,
    SAME,
    WIDTH,
    CentredLogit,
    greys,
    largest_difference,
    network,
    pixels,
    targets,
)

pytestmark = pytest.mark.peers

LAYERS = pytest.mark.parametrize("layer", ["middle", "end"])
SAME_DEFINITION = {"grad_cam": GradCAM, "hires_cam": HiResCAM, "layer_cam": LayerCAM}


def centred():
    return [CentredLogit(target) for target in targets()]


def ours(method, twins, layer, score="centred", classes=None):
    explained = network(twins[0], layer, score)
    result = explained.run(pixels(), targets() if classes is None else classes)
    return cam.cam(method, result.activations[layer], result.gradients[layer], 1.0)


def theirs(method, twins, layer, scores):
    return raw_maps(method, twins[1], layer, greys(), scores)


@LAYERS
@pytest.mark.parametrize("method", SAME_DEFINITION)
def test_coincides(twins, method, layer):
    reference = theirs(SAME_DEFINITION[method], twins, layer, centred())
    assert largest_difference(ours(method, twins, layer), reference) < SAME


@pytest.mark.parametrize("method", SAME_DEFINITION)
def test_coincides_for_the_raw_logit_too(twins, method):
    scores = [ClassifierOutputTarget(target) for target in targets()]
    reference = theirs(SAME_DEFINITION[method], twins, "middle", scores)
    assert largest_difference(ours(method, twins, "middle", score="raw"), reference) < SAME
    assert largest_difference(ours(method, twins, "middle"), reference) > 0.2


class Scaled(CentredLogit):
    """The centred logit over a scale, as in the unit form."""

    def __init__(self, target, scale):
        super().__init__(target)
        self.scale = scale

    def __call__(self, logits):
        return super().__call__(logits) / self.scale


def grad_cam_pp_with(epsilon, twins, layer):
    """Grad-CAM++ with something added to alpha's denominator, in double precision."""
    result = network(twins[0], layer).run(pixels(), targets())
    activations, g = (part[layer].astype(np.float64) for part in (result.activations, result.gradients))
    denominator = 2 * g**2 + activations.sum((1, 2), keepdims=True) * g**3 + epsilon
    alpha = np.divide(g**2, denominator, out=np.zeros_like(g), where=g > 0)
    return np.einsum("nhwk,nk->nhw", activations, (alpha * np.maximum(g, 0)).sum((1, 2)))


@LAYERS
def test_grad_cam_pp_differs_by_an_epsilon(twins, layer):
    """The package adds 1e-6 to the denominator 2 g^2 + (sum A) g^3 of alpha, evidrift nothing.

    Gradients of a pooled score are of the order 1 / (h w), so 2 g^2 is about as small as that epsilon: the
    maps differ by a sixth of their maximum. The larger the gradients, the smaller the difference, so
    the epsilon weighs more on checkpoints with small logits.
    """
    reference = theirs(GradCAMPlusPlus, twins, layer, centred())
    plain = ours("grad_cam_pp", twins, layer)
    assert largest_difference(grad_cam_pp_with(1e-6, twins, layer), reference) < SAME
    assert largest_difference(grad_cam_pp_with(0, twins, layer), plain) < SAME
    expected = {"middle": 0.167, "end": 0.149}[layer]
    assert largest_difference(plain, reference) == pytest.approx(expected, abs=0.005)


@LAYERS
def test_grad_cam_pp_unit_coincides_where_the_epsilon_is_too_small_to_matter(twins, layer):
    scale = 1e-3
    result = network(twins[0], layer).run(pixels(), targets())
    unit = cam.cam("grad_cam_pp_unit", result.activations[layer], result.gradients[layer], scale)
    reference = theirs(GradCAMPlusPlus, twins, layer, [Scaled(target, scale) for target in targets()])
    assert largest_difference(unit, reference) < SAME


@LAYERS
def test_xgrad_cam_coincides(twins, layer):
    """The package adds 1e-7 to sum A, which would matter for a channel that is all but silent. One that is
    silent altogether, as some are at `middle`, has no weight in either."""
    reference = theirs(XGradCAM, twins, layer, centred())
    assert largest_difference(ours("xgrad_cam", twins, layer), reference) < SAME


@LAYERS
def test_eigen_cam_is_the_package_s_but_for_the_mean_that_it_takes_off_and_the_sign_that_it_leaves_open(
    twins, layer
):
    """The package takes each channel's mean over places off, and leaves the sign as the solver gives it: here
    5 of 12 maps come out upside down, so that what is strong is below 0 and rectified away. But for that the
    two are alike, since the mean is most of what rectified activations hold."""
    activations = network(twins[0], layer).run(pixels(), targets()).activations[layer]
    reference = theirs(EigenCAM, twins, layer, centred())
    less_mean = cam.eigen_cam(activations - activations.mean((1, 2), keepdims=True))
    assert largest_difference(np.abs(less_mean), np.abs(reference)) < SAME
    own = cam.eigen_cam(activations)
    assert own.min() >= 0
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(own, reference, strict=True)]
    assert np.abs(alike).min() > 0.95


class Probability:
    """Of the target, in a network whose bias makes it `p` for this image: the score of a softmax output."""

    def __init__(self, target, p):
        self.softmax = ClassifierOutputSoftmaxTarget(target)
        self.bias = torch.nn.functional.one_hot(torch.tensor(target), CLASSES)
        self.p = p

    def __call__(self, logits):
        now = self.softmax(logits.detach())
        shift = np.log(self.p / (1 - self.p)) - torch.log(now / (1 - now))
        return self.softmax(logits + shift * self.bias)


def overlap_at_half_maximum(first, second):
    """Mean IoU of the cells at half of each map's maximum and above."""
    first, second = (maps >= maps.max((1, 2), keepdims=True) / 2 for maps in (first, second))
    return ((first & second).sum((1, 2)) / (first | second).sum((1, 2))).mean()


@pytest.mark.parametrize(("p", "expected"), [(0.7, 0.751), (0.9, 0.689), (0.99, 0.589)])
def test_grad_cam_pp_of_the_probability_loses_its_place_as_the_network_grows_sure(twins, p, expected):
    """With the probability as score, as the package is called on a model that ends in softmax, the gradient
    shrinks like p (1 - p) and the epsilon takes over: only the largest gradients keep a weight."""
    reference = theirs(GradCAMPlusPlus, twins, "end", [Probability(target, p) for target in targets()])
    overlap = overlap_at_half_maximum(ours("grad_cam_pp", twins, "end"), reference)
    assert overlap == pytest.approx(expected, abs=0.03)


def test_grad_cam_pp_of_a_probability_near_one_is_blank_in_the_package_s_picture(twins):
    """Next to the epsilon a weight falls like the cube of 1 - p. The normalisation, twice, divides by the
    maximum plus 1e-7 and cannot bring the map back: here from 1 - p = 1e-6 on, and sooner in networks of
    more channels and places, whose gradients are smaller."""
    sure = [Probability(target, 0.999999) for target in targets()]
    assert picture_of(GradCAMPlusPlus, twins, "end", sure).max() < 0.05
    assert picture_of(GradCAMPlusPlus, twins, "end", centred()).max(axis=(1, 2)).min() > 0.99


def test_grad_cam_of_the_probability_is_another_mixture_of_the_same_logits(twins):
    """dp_c = p_c (dz_c - sum_j p_j dz_j): the logits' mean with the weights p, where the centred logit has
    the plain mean; times p_c, which vanishes from the normalised map. By up to 0.39 of the maximum here."""
    scores = [ClassifierOutputSoftmaxTarget(target) for target in targets()]
    reference = theirs(GradCAM, twins, "end", scores)
    logits = twins[1](greys())
    p = torch.softmax(logits, dim=1).detach().numpy()[:, :, None, None]
    each = [ours("grad_cam", twins, "end", "raw", np.full(len(p), c)) for c in range(CLASSES)]
    by_class = np.stack(each, axis=1)
    at = np.arange(len(p)), targets()
    assert largest_difference(p[at] * (by_class[at] - (p * by_class).sum(axis=1)), reference) < SAME

    centred_map, normalised = (
        maps / maps.max((1, 2), keepdims=True) for maps in (ours("grad_cam", twins, "end"), reference)
    )
    assert largest_difference(centred_map, normalised) == pytest.approx(0.388, abs=0.005)


def picture_of(method, twins, layer, scores):
    """What the package hands its users: rectified, from 0 to 1, as large as the image."""
    with method(twins[1], [getattr(twins[1], layer)]) as explained:
        return explained(greys(), scores)


def test_the_package_s_picture_lacks_the_map_s_floor(twins):
    """The package stretches a map, (m - min m) / (max m - min m); evidrift keeps the floor, m / sum m. Here
    it is up to a tenth of the maximum, and without it the set at half the maximum is another one.
    Both enlarge bilinearly with half-pixel centres."""
    rectified = np.maximum(ours("layer_cam", twins, "end"), 0)
    enlarged = np.stack([cv2.resize(one, (WIDTH, HEIGHT)) for one in rectified])
    low, high = enlarged.min((1, 2), keepdims=True), enlarged.max((1, 2), keepdims=True)
    picture = picture_of(LayerCAM, twins, "end", centred())
    assert largest_difference((enlarged - low) / (high - low), picture) < SAME
    assert overlap_at_half_maximum(enlarged, picture) == pytest.approx(0.895, abs=0.02)
