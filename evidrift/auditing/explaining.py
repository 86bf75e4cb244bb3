"""Explain one model file on all images of an audit, in one pass where the methods allow it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evidrift.attribution.explain import explain, logits_of
from evidrift.attribution.family import Family
from evidrift.attribution.layers import resolve
from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile
from evidrift.images.planes import Planes
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, joined
from evidrift.maps.scores import logit_scale


@dataclass(frozen=True)
class Explained:
    """One model on n images.

    Attributes:
        raw: what it gives, (n, outputs) float32.
        logits: (n, classes) float32; two classes for a single output.
        maps: by attribution family.
        layer_name: the target layer's name in the model.
    """

    raw: np.ndarray
    logits: np.ndarray
    maps: dict[str, CheckpointMaps]
    layer_name: str


def explain_file(
    file: ModelFile,
    families: Sequence[Family],
    layer: str,
    pixels: np.ndarray | Planes,
    targets: np.ndarray | None,
    what: str,
    quiet: bool,
) -> Explained:
    """Logits and maps of all images, of a model that tells classes apart.

    Args:
        file: the model.
        families: what to compute, from `methods.families_of`.
        layer: target layer.
        pixels: (n, size, size) uint8.
        targets: the class to explain, (n,); None for the model's own prediction.
        what: the model's part, for the progress bar.
        quiet: no progress bar.

    Raises:
        UserError: an output is not finite.
    """
    network = Network(file.model, resolve(file.model, [layer]), file.prepare, "centred")
    maps: dict[str, CheckpointMaps] = {}
    total, silent = len(families) * len(pixels), True if quiet else None
    with Progress(total=total, desc=f"explain {what}", unit="image", disable=silent) as bar:
        for family in families:
            maps[family.name] = explain(
                network, family, pixels, targets, seen=lambda part, batch: bar.update(len(batch.targets))
            )
            targets = maps[family.name].targets
    raw = maps[families[0].name].logits
    _check_finite(file, raw)
    logits = np.concatenate([-raw, raw], axis=1) / 2 if raw.shape[1] == 1 else raw
    logits = logits.astype(np.float32)
    named = {name: replace(each, logits=logits) for name, each in maps.items()}
    return Explained(raw, logits, named, network.layers[0].name)


def outputs_of(file: ModelFile, pixels: np.ndarray | Planes, batch_size: int) -> np.ndarray:
    """What a model gives of all images, (n, outputs) float32.

    Raises:
        UserError: an output is not finite.
    """
    raw = logits_of(Network(file.model, (), file.prepare, "raw"), pixels, batch_size)
    _check_finite(file, raw)
    return raw


def explain_findings(
    file: ModelFile,
    families: Sequence[Family],
    layer: str,
    pixels: np.ndarray | Planes,
    units: tuple[np.ndarray, np.ndarray],
    raw: np.ndarray,
    what: str,
    quiet: bool,
) -> tuple[dict[str, CheckpointMaps], str]:
    """Maps of single findings, of a model each output of which is one.

    The score is the finding's own output before its sigmoid, and it is scaled by that output alone: what the
    others say has no part in it.

    Args:
        file: the model.
        families: what to compute.
        layer: target layer.
        pixels: of n films, (n, size, size) uint8.
        units: which films, and which finding of each, (m,) indices each.
        raw: what the model gives of all films, (n, findings).
        what: the model's part, for the progress bar.
        quiet: no progress bar.

    Returns:
        Maps by attribution family, in the order of the units; and the target layer's name in the model.
    """
    film, finding = units
    network = Network(file.model, resolve(file.model, [layer]), file.prepare, "raw")
    parts: dict[str, list[CheckpointMaps]] = {family.name: [] for family in families}
    order = np.argsort(finding, kind="stable")
    silent = True if quiet else None
    with Progress(total=len(families) * len(film), desc=f"explain {what}", unit="map", disable=silent) as bar:
        for number in np.unique(finding):
            at = order[finding[order] == number]
            scale = logit_scale(raw[:, [number]])
            for family in families:
                maps = explain(network, family, pixels[film[at]], finding[at], scale)
                parts[family.name].append(maps)
                bar.update(len(at))
    back = np.argsort(order)
    return {name: _taken(joined(each), back) for name, each in parts.items()}, network.layers[0].name


def _taken(maps: CheckpointMaps, order: np.ndarray) -> CheckpointMaps:
    def layer(each: LayerMaps) -> LayerMaps:
        return replace(each, methods={name: signed[order] for name, signed in each.methods.items()})

    layers = {label: layer(each) for label, each in maps.layers.items()}
    return CheckpointMaps(maps.targets[order], maps.logits[order], layers)


def _check_finite(file: ModelFile, raw: np.ndarray) -> None:
    broken = int((~np.isfinite(raw)).any(axis=1).sum())
    if broken:
        raise UserError(
            say(
                "{path} gives NaN or infinity for {broken} of {n} images. Its weights hold such values, or "
                "it was trained on another range of input ({preprocessing}).",
                path=file.path,
                broken=broken,
                n=len(raw),
                preprocessing=parameter("preprocessing"),
            )
        )
