"""A Keras classifier as a PyTorch module with the same weights, for the package grad-cam."""

from typing import Any

import keras
import numpy as np
import torch
from torch import nn

from evidrift.networks.target.graph import Step, trace


class Twin(nn.Module):
    """The calls of a Keras classifier one by one: network inputs, (n, 3, H, W), to logits.

    Attributes:
        calls: a module for each step of `trace`, so that a target layer is found by its position.
    """

    def __init__(self, classifier: keras.Model) -> None:
        super().__init__()
        self.steps = trace(classifier)
        self.calls = nn.ModuleList(_module(step, self.steps) for step in self.steps)
        self.eval()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits."""
        outputs = [inputs]
        for step, call in zip(self.steps[1:], self.calls[1:], strict=True):
            outputs.append(call(*(outputs[at] for at in step.inputs)))
        return outputs[-1]


class _Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.function(*inputs)


def _module(step: Step, steps: list[Step]) -> nn.Module:
    layer = step.operation
    if not step.inputs:
        return nn.Identity()
    shape = steps[step.inputs[0]].output.shape
    kind = type(layer).__name__
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return _convolution(layer, shape)
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return _pooling(layer, shape, kind == "MaxPooling2D")
    if kind == "BatchNormalization":
        return _normalisation(layer)
    if kind == "Dense":
        kernel, bias = layer.get_weights()
        dense = nn.Linear(*kernel.shape)
        dense.weight.data, dense.bias.data = torch.tensor(kernel.T), torch.tensor(bias)
        return dense
    if kind == "ZeroPadding2D":
        (top, bottom), (left, right) = layer.padding
        return nn.ZeroPad2d((left, right, top, bottom))
    if kind == "Activation" and layer.activation is not keras.activations.relu:
        raise NotImplementedError(f"{layer.name}: {layer.activation}")
    return {
        "Activation": nn.ReLU,
        "ReLU": nn.ReLU,
        "Dropout": nn.Identity,
        "Add": lambda: _Call(lambda *each: sum(each[1:], each[0])),
        "Concatenate": lambda: _Call(lambda *each: torch.cat(each, 1)),
        "GlobalAveragePooling2D": lambda: _Call(lambda each: each.mean((2, 3))),
    }[kind]()


def _convolution(layer: Any, shape: tuple) -> nn.Module:
    kernel, *bias = layer.get_weights()
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    weights = np.moveaxis(kernel, (-2, -1), (0, 1) if depthwise else (1, 0))
    groups = shape[-1] if depthwise else layer.groups
    convolution = nn.Conv2d(
        shape[-1],
        weights.shape[0],
        layer.kernel_size,
        layer.strides,
        dilation=layer.dilation_rate,
        groups=groups,
        bias=bool(bias),
    )
    convolution.weight.data = torch.tensor(np.ascontiguousarray(weights))
    if bias:
        convolution.bias.data = torch.tensor(bias[0])
    parts = [convolution] if layer.activation is keras.activations.linear else [convolution, nn.ReLU()]
    return nn.Sequential(*_border(layer, layer.kernel_size, shape, 0), *parts)


def _pooling(layer: Any, shape: tuple, largest: bool) -> nn.Module:
    if largest:
        pool: nn.Module = nn.MaxPool2d(layer.pool_size, layer.strides)
        return nn.Sequential(*_border(layer, layer.pool_size, shape, -np.inf), pool)
    if layer.padding == "valid":
        return nn.AvgPool2d(layer.pool_size, layer.strides)
    # Keras averages over the cells inside the image alone
    around = tuple(side // 2 for side in layer.pool_size)
    return nn.AvgPool2d(layer.pool_size, layer.strides, around, count_include_pad=False)


def _border(layer: Any, window: tuple, shape: tuple, value: float) -> list[nn.Module]:
    """What Keras's padding `same` adds: where the number is odd, one more below and on the right."""
    if layer.padding == "valid":
        return []
    pads: list[int] = []
    for side, extent, stride in zip(shape[1:3], window, layer.strides, strict=True):
        more = max((-(-side // stride) - 1) * stride + extent - side, 0)
        pads = [more // 2, more - more // 2, *pads]
    return [nn.ConstantPad2d(pads, value)] if any(pads) else []


def _normalisation(layer: Any) -> nn.Module:
    module = nn.BatchNorm2d(layer.moving_mean.shape[0], eps=layer.epsilon)
    module.running_mean, module.running_var = (
        torch.tensor(each.numpy()) for each in (layer.moving_mean, layer.moving_variance)
    )
    if layer.scale:
        module.weight.data = torch.tensor(layer.gamma.numpy())
    if layer.center:
        module.bias.data = torch.tensor(layer.beta.numpy())
    return module
