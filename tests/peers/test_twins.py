"""What every other comparison rests on: the twins are one network."""

import numpy as np
import pytest
import torch

from tests.peers.twins import CentredLogit, greys, largest_difference, network, pixels, prepare, targets

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("layer", ["middle", "end"])
def test_activations_agree(twins, layer):
    model, twin = twins
    ours = network(model, layer).run(pixels(), targets()).activations[layer]
    theirs = twin[: list(dict(twin.named_children())).index(layer) + 1](greys())
    np.testing.assert_allclose(ours, np.moveaxis(theirs.detach().numpy(), 1, -1), atol=1e-5)
    assert ours.std() > 0.1


def test_scores_agree(twins):
    model, twin = twins
    ours = network(model).scores(prepare(pixels()), targets())
    with torch.no_grad():
        logits = twin(greys())
    theirs = [CentredLogit(target)(z).item() for target, z in zip(targets(), logits, strict=True)]
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.std(theirs) > 0.1


def test_gradients_at_the_image_agree(twins):
    model, twin = twins
    ours = network(model).input_gradients(prepare(pixels()), targets())
    inputs = twin[0](greys()).requires_grad_()
    logits = twin[1:](inputs)
    sum(CentredLogit(target)(z) for target, z in zip(targets(), logits, strict=True)).backward()
    assert largest_difference(np.moveaxis(ours, -1, 1), inputs.grad.numpy()) < 1e-5
