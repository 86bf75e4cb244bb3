"""What captum explains on a torch twin: the same score, at the same classes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from captum.attr._utils.attribution import Attribution
from torch import nn

from tests.peers.twins import targets


def attribute(
    explainer: Callable[[Any], Attribution], twin: nn.Sequential, inputs: torch.Tensor, /, **how: Any
) -> np.ndarray:
    """Attributions of the twins' images, summed over the input's channels, (n, H, W).

    Args:
        explainer: of captum, from the function to explain.
        twin: a torch twin, or its part behind the preprocessing.
        inputs: of the twin, (n, channels, H, W).
        how: to `attribute`.
    """

    def score(inputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        logits = twin(inputs)
        return logits.gather(1, classes[:, None])[:, 0] - logits.mean(dim=1)

    found = explainer(score).attribute(
        inputs.requires_grad_(), additional_forward_args=torch.tensor(targets()), **how
    )
    return found.sum(dim=1).detach().numpy()
