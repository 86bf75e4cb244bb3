"""One small network twice, in Keras and in PyTorch, with the same weights and the same score."""

from collections import OrderedDict
from functools import cache

import keras
import numpy as np
import torch
from torch import nn

from evidrift.attribution.network import Network, Score
from evidrift.base.seeds import stream
from evidrift.networks.target.layers import resolve

# Two cores for two libraries' thread pools.
torch.set_num_threads(1)

# not square, so that a height taken for a width shows
HEIGHT, WIDTH = 32, 24
CLASSES = 4
N = 6
SCALES = np.array([1 / 127.5, 1 / 64, 1 / 200], np.float32)
OFFSETS = np.array([1, 2, 0.5], np.float32)
# Maps that share a definition differ by rounding: by less than this share of a map's largest value.
SAME = 1e-4


def keras_twin() -> keras.Model:
    """`middle` (16x12) is `penultimate`, `end` (8x6) is `last`."""
    layers = keras.layers
    image = keras.Input((HEIGHT, WIDTH, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(image)
    x = layers.MaxPooling2D(name="halve")(x)
    x = layers.Conv2D(12, 3, padding="same", name="block")(x)
    x = layers.ReLU(name="middle")(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", name="strided")(x)
    x = layers.ReLU(name="end")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(CLASSES, name="logits")(x), name="twin")
    for name in ("stem", "block", "strided", "logits"):
        kernel, bias = (weight.shape for weight in model.get_layer(name).weights)
        draw = stream("twin", name)
        he = np.sqrt(2 / np.prod(kernel[:-1]))
        model.get_layer(name).set_weights([draw.normal(0, he, kernel), draw.normal(0, 0.1, bias)])
    return model


class Preprocessing(nn.Module):
    """`prepare`: grey images, (n, 1, H, W) in 0..255, to the network's input, (n, 3, H, W)."""

    def forward(self, greys: torch.Tensor) -> torch.Tensor:
        scales, offsets = (torch.tensor(values)[:, None, None] for values in (SCALES, OFFSETS))
        return greys * scales - offsets


def torch_twin(model: keras.Model) -> nn.Sequential:
    """The same network, with the weights of a Keras twin: modules have its layers' names.

    Its first module is the preprocessing, so it takes grey images; `twin[1:]` takes the network's input.
    """
    twin = nn.Sequential(
        OrderedDict(
            preprocessing=Preprocessing(),
            stem=nn.Conv2d(3, 8, 3, padding=1),
            stem_relu=nn.ReLU(),
            halve=nn.MaxPool2d(2),
            block=nn.Conv2d(8, 12, 3, padding=1),
            middle=nn.ReLU(),
            # what Keras's "same" does with a stride on an even side
            border=nn.ZeroPad2d((0, 1, 0, 1)),
            strided=nn.Conv2d(12, 16, 3, stride=2),
            end=nn.ReLU(),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            logits=nn.Linear(16, CLASSES),
        )
    )
    for name in ("stem", "block", "strided", "logits"):
        kernel, bias = model.get_layer(name).get_weights()
        # (height, width, in, out) -> (out, in, height, width); (in, out) -> (out, in)
        module = getattr(twin, name)
        module.weight.data = torch.tensor(np.moveaxis(kernel, (-1, -2), (0, 1)))
        module.bias.data = torch.tensor(bias)
    return twin.eval()


class CentredLogit:
    """evidrift's score, z_c - mean_j z_j, as the package grad-cam wants a target: of one image's logits."""

    def __init__(self, target: int):
        self.target = target

    def __call__(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[self.target] - logits.mean()


def prepare(pixels: np.ndarray) -> np.ndarray:
    """Grey 0..255 to three channels of different ranges, so that a channel taken for another shows."""
    return pixels[..., None].astype(np.float32) * SCALES - OFFSETS


def pixels() -> np.ndarray:
    """(N, HEIGHT, WIDTH) uint8: noise around a light blob at a place of its own in each image."""
    draw = stream("twin pixels")
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    centres = draw.uniform((8, 6), (HEIGHT - 8, WIDTH - 6), (N, 2))
    distance = (y - centres[:, 0, None, None]) ** 2 + (x - centres[:, 1, None, None]) ** 2
    grey = 60 + 140 * np.exp(-distance / 60) + draw.normal(0, 25, (N, HEIGHT, WIDTH))
    return np.clip(grey, 0, 255).astype(np.uint8)


def targets() -> np.ndarray:
    return np.arange(N) % CLASSES


@cache
def network(model: keras.Model, layer: str = "penultimate", score: Score = "centred") -> Network:
    return Network(model, resolve(model, [layer]), prepare, score)


def greys() -> torch.Tensor:
    """The images as the torch twin takes them, (N, 1, HEIGHT, WIDTH)."""
    return torch.tensor(pixels().astype(np.float32))[:, None]


def largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Over all images: the largest difference of two maps as a share of the second's largest value."""
    assert ours.shape == theirs.shape
    axes = tuple(range(1, theirs.ndim))
    return float((np.abs(ours - theirs).max(axes) / np.abs(theirs).max(axes)).max())
