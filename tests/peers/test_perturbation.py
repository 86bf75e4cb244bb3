"""Occlusion against captum: the same where its windows are the grid's cells. RISE is not in captum."""

import numpy as np
import pytest
import torch
from captum.attr import Occlusion

from evidrift.attribution.baselines import baseline
from evidrift.families import perturbation
from tests.peers.captum import attribute
from tests.peers.twins import SAME, greys, largest_difference, network, pixels, targets

pytestmark = pytest.mark.peers


def ours(twins, name):
    explained, hidden = network(twins[0]), baseline(name, pixels())
    return perturbation.occlusion(explained, pixels(), targets(), hidden, 32)


def theirs(twins, name, stride):
    """By pixel, with windows of two by two pixels: a cell of `middle`."""
    hidden = torch.tensor(baseline(name, pixels()))[:, None]
    return attribute(
        Occlusion,
        twins[1],
        greys(),
        baselines=hidden,
        sliding_window_shapes=(1, 2, 2),
        strides=(1, stride, stride),
    )


@pytest.mark.parametrize("name", ["black", "white", "mean", "blur"])
def test_coincides_where_captum_s_window_is_the_grid_s_cell(twins, name):
    reference = theirs(twins, name, stride=2)
    assert largest_difference(ours(twins, name).repeat(2, axis=1).repeat(2, axis=2), reference) < SAME


def test_captum_s_usual_stride_of_one_is_another_map(twins):
    """Windows that overlap are averaged at each pixel, which smooths the map. Averaged again over the cells
    it still correlates, but no cell's value is the effect of hiding that cell."""
    reference = theirs(twins, "mean", stride=1).reshape(-1, 16, 2, 12, 2).mean(axis=(2, 4))
    found = ours(twins, "mean")
    assert np.corrcoef(found.ravel(), reference.ravel())[0, 1] == pytest.approx(0.864, abs=0.02)
    assert largest_difference(found, reference) == pytest.approx(1.08, abs=0.05)
