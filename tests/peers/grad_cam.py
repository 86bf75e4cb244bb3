"""The package grad-cam: its methods, and its maps before it rectifies, normalises and enlarges them."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch
from torch import nn


@contextmanager
def without_torchvision() -> Iterator[None]:
    """A stub in torchvision's place: the package needs it for pictures and boxes alone, never made here."""
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    _, transforms, functional = stubs = [ModuleType(name) for name in names]
    for name in ("Compose", "Normalize", "ToTensor"):
        setattr(transforms, name, None)
    functional.resize = None
    sys.modules.update(zip(names, stubs, strict=True))
    yield
    for name in names:
        del sys.modules[name]


with without_torchvision():
    from pytorch_grad_cam import (
        AblationCAM,
        EigenCAM,
        GradCAM,
        GradCAMPlusPlus,
        HiResCAM,
        LayerCAM,
        ScoreCAM,
        XGradCAM,
    )
    from pytorch_grad_cam.base_cam import BaseCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget, ClassifierOutputTarget

__all__ = [
    "AblationCAM",
    "ClassifierOutputSoftmaxTarget",
    "ClassifierOutputTarget",
    "EigenCAM",
    "GradCAM",
    "GradCAMPlusPlus",
    "HiResCAM",
    "LayerCAM",
    "ScoreCAM",
    "XGradCAM",
    "raw_maps",
]

Score = Callable[[torch.Tensor], torch.Tensor]


def raw_maps(
    method: type[BaseCAM], twin: nn.Module, layer: str, inputs: torch.Tensor, scores: Sequence[Score]
) -> np.ndarray:
    """Signed maps, (n, h, w), on the layer's own grid.

    Args:
        method: of the package.
        twin: a torch twin, or its part behind the preprocessing.
        layer: name of one of its modules.
        inputs: of the twin, (n, channels, H, W).
        scores: of each image, from its logits.
    """
    module = twin.get_submodule(layer)
    cam = method(twin, [module])
    outputs = cam.activations_and_grads(inputs)
    sum(score(output) for score, output in zip(scores, outputs, strict=True)).backward()
    activations, gradients = cam.activations_and_grads.activations[0], cam.activations_and_grads.gradients[0]
    return cam.get_cam_image(inputs, module, scores, activations.numpy(), gradients.numpy(), False)
