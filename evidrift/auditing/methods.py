"""Attribution methods by name alone, with settings that do for most networks; the pipeline has its own."""

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from evidrift.attribution.family import Family, find_family
from evidrift.base.errors import UserError
from evidrift.base.sentence import parameter, say

# What a family needs to know beside its methods, layers and batch size. docs/parameters.md explains each.
SETTINGS: dict[str, dict[str, Any]] = {
    "cam": {},
    "gradients": {"steps": 16, "baselines": ["blur"], "samples": 8, "noise": 0.1, "seed": 1},
    "perturbation": {"baseline": "blur", "masks": 256, "cells": 7, "keep": 0.5, "seed": 1},
    "channel_cam": {},
}
OF_LAYERS = ("cam", "channel_cam")
PENULTIMATE = "penultimate"


def families_of(methods: Sequence[str], layer: str, batch_size: int) -> list[Family]:
    """The families that compute these methods of the centred logit at one target layer.

    Args:
        methods: e.g. `layer_cam`, `integrated_gradients`.
        layer: `penultimate`, `last`, or a layer's name.
        batch_size: network inputs per pass.

    Raises:
        UserError: a method is not known, is named twice, or cannot be had at that layer.
    """
    modules = {name: find_family(name) for name in SETTINGS}
    known = {method: name for name, module in modules.items() for method in get_args(module.Method)}
    for method in methods:
        if method not in known:
            close = difflib.get_close_matches(method, known, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise UserError(f"{method} is not an attribution method. {hint}There are: {', '.join(known)}.")
    if batch_size < 1:
        raise UserError(
            say("{given} is {n}; it must be 1 at least.", given=parameter("batch_size"), n=batch_size)
        )
    if len(set(methods)) != len(methods) or not methods:
        named = ", ".join(methods) or "there is none"
        raise UserError(
            say("{given} must name each method once: {named}.", given=parameter("methods"), named=named)
        )
    found = []
    for name, module in modules.items():
        own = [method for method in methods if known[method] == name]
        if not own:
            continue
        if name not in OF_LAYERS and layer != PENULTIMATE:
            told = (
                "{method} explains the image's pixels, on the grid of the layer {penultimate}; it has "
                "no maps at {layer}. Leave it out, or choose that layer ({given})."
            )
            raise UserError(
                say(told, method=own[0], penultimate=PENULTIMATE, layer=layer, given=parameter("layer"))
            )
        of_layers = {"layers": [layer]} if name in OF_LAYERS else {}
        common = {"images_per_class": None, "score": "centred", "target": "label", "batch_size": batch_size}
        params = module.Params(methods=own, **of_layers, **common, **SETTINGS[name])
        found.append(Family(name, module, params))
    return found
