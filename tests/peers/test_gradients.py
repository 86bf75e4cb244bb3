"""The family of gradients against captum: integrated gradients, gradient times input, SmoothGrad.

Where captum explains the grey image through the same preprocessing, all coincide. On the network's input
integrated gradients stay the same, gradient times input does not. The rules of integration differ as far
as their points do.
"""

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, NoiseTunnel, Saliency

from evidrift.attribution.baselines import baseline
from evidrift.families import gradients
from tests.peers.captum import attribute
from tests.peers.twins import SAME, greys, largest_difference, network, pixels, targets

pytestmark = pytest.mark.peers

BATCH = 32
# Few, since at each point on a path, and for each unit, rounding may fall on the other side of a ReLU.
STEPS = 8


def integrated(twins, *baselines, steps=STEPS):
    explained = network(twins[0])
    return gradients.integrated_gradients(explained, pixels(), targets(), baselines, steps, BATCH)


def captum_s(twins, name, steps=STEPS, rule="riemann_middle"):
    start = torch.tensor(baseline(name, pixels()))[:, None]
    return attribute(IntegratedGradients, twins[1], greys(), baselines=start, n_steps=steps, method=rule)


@pytest.mark.parametrize("name", ["black", "white", "mean", "blur"])
def test_integrated_gradients_coincide_with_captum_s_midpoint_rule(twins, name):
    assert largest_difference(integrated(twins, name), captum_s(twins, name)) < SAME


def test_integrated_gradients_of_two_baselines_are_the_mean_of_captum_s(twins):
    reference = (captum_s(twins, "black") + captum_s(twins, "white")) / 2
    assert largest_difference(integrated(twins, "black", "white"), reference) < SAME


def test_integrated_gradients_of_the_network_s_input_are_those_of_the_grey_image(twins):
    """An affine preprocessing does not change them, where captum's users explain the prepared tensor."""
    prepare, behind = twins[1][0], twins[1][1:]
    black = prepare(torch.zeros_like(greys()))
    reference = attribute(
        IntegratedGradients, behind, prepare(greys()), baselines=black, n_steps=STEPS, method="riemann_middle"
    )
    assert largest_difference(integrated(twins, "black"), reference) < SAME


@pytest.mark.parametrize(("steps", "expected"), [(8, 0.80), (32, 0.13), (256, 0.018)])
def test_captum_s_default_rule_differs_as_long_as_the_steps_are_few(twins, steps, expected):
    """Gauss and Legendre's points, captum's default, against the midpoint rule: both approach the integral,
    neither is exact, since a ReLU's gradient jumps. Seen at the worst pixel."""
    reference = captum_s(twins, "black", steps, rule="gausslegendre")
    difference = largest_difference(integrated(twins, "black", steps=steps), reference)
    assert difference == pytest.approx(expected, rel=0.1)


def test_maps_are_captum_s_positive_part_summed_over_the_cells(twins):
    params = gradients.Params(
        methods=["integrated_gradients", "gradient_input"],
        images_per_class=None,
        score="centred",
        target="label",
        batch_size=BATCH,
        steps=STEPS,
        baselines=["mean"],
        samples=1,
        noise=0.1,
        seed=1,
    )
    maps = gradients.explain(network(twins[0]), pixels(), targets(), params, 1.0).layers["penultimate"]
    references = {
        "integrated_gradients": captum_s(twins, "mean"),
        "gradient_input": attribute(InputXGradient, twins[1], greys()),
    }
    assert set(maps.methods) == set(references)
    for method, reference in references.items():
        # `middle` halves the image: two by two pixels a cell
        cells = np.maximum(reference, 0).reshape(-1, 16, 2, 12, 2).sum(axis=(2, 4))
        assert largest_difference(maps.methods[method], cells) < SAME


def test_gradient_times_input_coincides_for_the_grey_image(twins):
    found = gradients.gradient_input(network(twins[0]), pixels(), targets())
    assert largest_difference(found, attribute(InputXGradient, twins[1], greys())) < SAME


def test_gradient_times_input_differs_for_the_network_s_input(twins):
    """captum multiplies by the prepared tensor, whose zero is another grey in each preprocessing (in these
    twins even in each channel), evidrift by the distance from black: twice the maximum apart here."""
    prepare, behind = twins[1][0], twins[1][1:]
    reference = attribute(InputXGradient, behind, prepare(greys()))
    found = gradients.gradient_input(network(twins[0]), pixels(), targets())
    assert largest_difference(found, reference) == pytest.approx(1.91, abs=0.02)


def test_smooth_grad_is_captum_s_up_to_the_noise(twins):
    """Both are means over random copies: they must be as near to each other as two of evidrift's seeds."""
    samples, noise, white = 200, 0.1, 255

    def found(seed):
        return gradients.smooth_grad(network(twins[0]), pixels(), targets(), samples, noise, seed, BATCH)

    with torch.random.fork_rng():
        torch.manual_seed(1)
        reference = white * attribute(
            lambda score: NoiseTunnel(Saliency(score)),
            twins[1],
            greys(),
            nt_samples=samples,
            nt_samples_batch_size=20,
            stdevs=noise * white,
            abs=False,
        )
    first, second = found(1), found(2)
    between_seeds = np.abs(first - second).mean()
    assert np.abs(first - reference).mean() == pytest.approx(between_seeds, rel=0.1)
    assert between_seeds < 0.2 * np.abs(reference).mean()
