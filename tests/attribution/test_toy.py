"""The toy network does what its docstring says, so that the families can be tested on it."""

import numpy as np
import pytest

from tests.attribution.toy import SHAPES, SQUARE, cell_sums, channels, network, parts


def test_cells_of_the_square_image_by_hand():
    assert cell_sums(SQUARE).tolist() == [[0, 1.5], [3, 4]]
    assert channels(SQUARE).tolist() == [[[0, 0.5], [2, 3]], [[2, 0.5], [0, 0]]]
    assert parts(SQUARE).tolist() == [[-1.5, 0], [1.5, 2.25]]


@pytest.mark.parametrize("shape", SHAPES)
def test_scores_and_activations_are_those_worked_out(shape):
    image = SHAPES[shape]
    net = network(image.shape)
    inputs = np.repeat(net.inputs(image[None]), 3, axis=0)
    total = parts(image).sum()
    np.testing.assert_allclose(net.scores(inputs, np.arange(3)), [total, -total - 1, 1], atol=1e-6)
    activations = net.run(image[None], np.array([0])).activations["penultimate"][0]
    np.testing.assert_allclose(np.moveaxis(activations, -1, 0), channels(image), atol=1e-6)
