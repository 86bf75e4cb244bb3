"""A network of two layers whose scores, gradients and maps can be worked out by hand.

In units of 64 grey levels a 2x2 cell's pixels sum to s. The layer `features` has two channels a cell,
A1 = relu(s - 1) and A2 = relu(2 - s); from their means over the cells m1 and m2 the logits are
(6 m1, 6 m2, 3 m1 + 3 m2) + (1, 0, 2), whose mean is 3 m1 + 3 m2 + 1. So the centred scores are
3 (m1 - m2), 3 (m2 - m1) - 1 and 1: each cell adds F(s) = 3 (A1 - A2) / cells to class 0 and takes as much
from class 1, and class 2 has no gradient at all.
"""

from dataclasses import replace
from functools import cache

import keras
import numpy as np

from evidrift.attribution.network import Network
from evidrift.families import cam, channel_cam, gradients, perturbation
from evidrift.networks.target.layers import resolve

UNIT = 64
# cell sums: 0, 1.5; 3, 4
SQUARE = np.array([[0, 0, 64, 32], [0, 0, 0, 0], [64, 64, 128, 64], [32, 32, 32, 32]], np.uint8)
# cell sums: 0, 1.5, 1; 3, 4, 0.5
WIDE = np.concatenate([SQUARE, [[16, 16], [16, 16], [0, 32], [0, 0]]], axis=1).astype(np.uint8)
SHAPES = {"square": SQUARE, "wide": WIDE, "tall": WIDE.T.copy()}

FAMILIES = {"cam": cam, "gradients": gradients, "perturbation": perturbation, "channel_cam": channel_cam}
COMMON = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": 5}
LAYERS = {"layers": ["penultimate"]}
SETTINGS = {
    "cam": COMMON | LAYERS,
    "gradients": COMMON | {"steps": 16, "baselines": ["black"], "samples": 8, "noise": 0.1, "seed": 3},
    "perturbation": COMMON | {"baseline": "black", "masks": 32, "cells": 2, "keep": 0.5, "seed": 3},
    "channel_cam": COMMON | LAYERS,
}
METHODS = {
    "cam": ["grad_cam", "grad_cam_pp", "grad_cam_pp_unit", "layer_cam", "hires_cam", "xgrad_cam"],
    "gradients": ["gradient_input", "integrated_gradients", "smooth_grad"],
    "perturbation": ["occlusion", "rise"],
    "channel_cam": ["score_cam", "ablation_cam"],
}
ALL = [(family, method) for family, methods in METHODS.items() for method in methods]


def params(family, methods, **changes):
    """Parameters of a family; all of it that the changes do not name is small."""
    return FAMILIES[family].Params(**(SETTINGS[family] | {"methods": methods} | changes))


def prepare(pixels):
    """Two channels with different slopes: p / 64, and p / 32 - 1."""
    grey = np.asarray(pixels, np.float32)[..., None] / UNIT
    return np.concatenate([grey, 2 * grey - 1], axis=-1)


@cache
def network(shape=SQUARE.shape, score="centred", bias=(1, 0, 2)):
    """The network for images of that shape; `features` stands for `penultimate`, since there is no other."""
    inputs = keras.Input((*shape, 2))
    x = keras.layers.Conv2D(2, 2, strides=2, activation="relu", name="features")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))
    kernel = np.zeros((2, 2, 2, 2))
    kernel[:, :, 0, 0] = 1  # s - 1
    kernel[:, :, 0, 1], kernel[:, :, 1, 1] = 1, -1  # the sum of 1 - p / 64, less 2: 2 - s
    model.get_layer("features").set_weights([kernel, np.array([-1, -2])])
    model.get_layer("logits").set_weights([np.array([[6, 0, 3], [0, 6, 3]]), np.array(bias)])
    layer = replace(resolve(model, ["features"])[0], label="penultimate")
    return Network(model, [layer], prepare, score)


def cell_sums(image):
    """s of each cell."""
    height, width = image.shape
    return (image / UNIT).reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3))


def channels(image):
    """A1 and A2 of each cell, (2, h, w)."""
    s = cell_sums(image)
    return np.stack([np.maximum(s - 1, 0), np.maximum(2 - s, 0)])


def parts(image):
    """F(s): what each cell adds to the score of class 0, (h, w)."""
    first, second = channels(image)
    return 3 * (first - second) / first.size


def explain(family, method, image, target=0, net=None, **changes):
    """The map of one image, (h, w)."""
    net = net or network(image.shape)
    result = FAMILIES[family].explain(
        net, image[None], np.array([target]), params(family, [method], **changes), 1.0
    )
    return result.layers["penultimate"].methods[method][0]
