"""Explain one model file on all images of an audit, in one pass where the methods allow it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evidrift.attribution.explain import explain, logits_of
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.base.errors import UserError
from evidrift.base.files.spool import Spool
from evidrift.base.progress import Progress
from evidrift.base.sentence import parameter, say
from evidrift.foreign.files import ModelFile
from evidrift.images.planes import Planes
from evidrift.maps.mapfile import CheckpointMaps, LayerMaps, joined
from evidrift.maps.scores import logit_scale, predicted_classes
from evidrift.networks.target.layers import resolve

IN_BLOCK = 256  # images whose maps are in memory at a time


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
    pixels: np.ndarray | Planes | Spool,
    targets: np.ndarray | None,
    what: str,
    quiet: bool,
    scratch: Path | None = None,
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
        scratch: folder on whose disk the maps lie; None for the system's temporary one.

    Raises:
        UserError: an output is not finite.
    """
    network = Network(file.model, resolve(file.model, [layer]), file.prepare, "centred")
    maps: dict[str, CheckpointMaps] = {}
    total, silent = len(families) * len(pixels), True if quiet else None
    with Progress(total=total, desc=f"explain {what}", unit="image", disable=silent) as bar:
        for family in families:
            scale = None
            if family.params.needs_scale or (targets is None and not family.params.takes_predicted):
                logits = logits_of(network, pixels, family.params.batch_size)
                scale, targets = (
                    logit_scale(logits),
                    predicted_classes(logits) if targets is None else targets,
                )
            kept = _Kept(scratch)
            for part in _blocks(len(pixels), family.params.batch_size):
                own = None if targets is None else targets[part]
                kept.add(
                    explain(
                        network,
                        family,
                        pixels[part],
                        own,
                        scale,
                        lambda _, some: bar.update(len(some.targets)),
                    )
                )
            maps[family.name] = kept.whole()
            targets = maps[family.name].targets
    raw = maps[families[0].name].logits
    _check_finite(file, raw)
    logits = np.concatenate([-raw, raw], axis=1) / 2 if raw.shape[1] == 1 else raw
    logits = logits.astype(np.float32)
    named = {name: replace(each, logits=logits) for name, each in maps.items()}
    return Explained(raw, logits, named, network.layers[0].name)


def outputs_of(file: ModelFile, pixels: np.ndarray | Planes | Spool, batch_size: int) -> np.ndarray:
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
    pixels: np.ndarray | Planes | Spool,
    units: tuple[np.ndarray, np.ndarray],
    raw: np.ndarray,
    what: str,
    quiet: bool,
    scratch: Path | None = None,
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
        scratch: as for `explain_file`.

    Returns:
        Maps by attribution family, in the order of the units; and the target layer's name in the model.
    """
    film, finding = units
    network = Network(file.model, resolve(file.model, [layer]), file.prepare, "raw")
    kept = {family.name: _Kept(scratch) for family in families}
    order = np.argsort(finding, kind="stable")
    silent = True if quiet else None
    with Progress(total=len(families) * len(film), desc=f"explain {what}", unit="map", disable=silent) as bar:
        for number in np.unique(finding):
            at = order[finding[order] == number]
            scale = logit_scale(raw[:, [number]])
            for family in families:
                for part in _blocks(len(at), family.params.batch_size):
                    own = at[part]
                    kept[family.name].add(explain(network, family, pixels[film[own]], finding[own], scale))
                    bar.update(len(own))
    back = np.argsort(order)
    return {name: _taken(each.whole(), back) for name, each in kept.items()}, network.layers[0].name


class _Kept:
    """The maps of blocks of images, one after the other, on disk."""

    def __init__(self, scratch: Path | None) -> None:
        self._scratch = scratch
        self._blocks: list[CheckpointMaps] = []
        self._spools: dict[tuple[str, str], Spool] = {}

    def add(self, block: CheckpointMaps) -> None:
        """Add the maps of further images of the same network, layers and methods."""
        layers = {}
        for label, layer in block.layers.items():
            for name, signed in layer.methods.items():
                if (label, name) not in self._spools:
                    self._spools[label, name] = Spool(self._scratch)
                self._spools[label, name].add(np.asarray(signed))
            layers[label] = replace(layer, methods={})
        self._blocks.append(replace(block, layers=layers))

    def whole(self) -> CheckpointMaps:
        """All of them."""
        found = joined(self._blocks)
        layers = {
            label: replace(
                each, methods={name: own for (at, name), own in self._spools.items() if at == label}
            )
            for label, each in found.layers.items()
        }
        return replace(found, layers=layers)


def _blocks(n: int, batch_size: int) -> Iterator[slice]:
    """Of whole batches, so that each is as it would be without blocks."""
    size = max(IN_BLOCK // batch_size, 1) * batch_size
    return (slice(first, first + size) for first in range(0, n, size))


def _taken(maps: CheckpointMaps, order: np.ndarray) -> CheckpointMaps:
    def layer(each: LayerMaps) -> LayerMaps:
        return replace(
            each, methods={name: signed.take(order, axis=0) for name, signed in each.methods.items()}
        )

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
