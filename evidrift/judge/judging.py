"""Explain treated checkpoints as the stage explain does fine-tuned ones, and put tl's maps beside theirs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evidrift.attribution.explain import explain_checkpoint
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Memo
from evidrift.base.versions import versions
from evidrift.judge.checkpoints import Checkpoints
from evidrift.judge.start import read_start, require_alike
from evidrift.maps.mapfile import CheckpointMaps, Origin
from evidrift.networks.checkpoint import checkpoint_hash
from evidrift.networks.target.layers import resolve

if TYPE_CHECKING:
    from evidrift.images.store import Images


class Point(NamedTuple):
    """A point of the curve: what is judged.

    Attributes:
        architecture: its name.
        strategy: of fine-tuning.
        strength: how strongly.
    """

    architecture: str
    strategy: str
    strength: str

    @property
    def stage(self) -> str:
        """The stage that judges it, as DVC addresses it."""
        return f"judge@{'-'.join(self)}"


class Judged(NamedTuple):
    """What goes into a map file.

    Attributes:
        origin: what was explained.
        chosen: positions of the images in the test split.
        maps: of tl, and of the treated checkpoint as `ft`.
    """

    origin: Origin
    chosen: np.ndarray
    maps: dict[str, CheckpointMaps]


def judge_maps(
    point: Point,
    checkpoints: Checkpoints,
    families: Sequence[Family],
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    folder: Path,
    memo: Memo = NOTHING,
) -> Iterator[Judged]:
    """Maps of every seed's treated checkpoint by every family, with those of its tl.

    tl's are read from the study's map files: the same images under the same weights by the same code.

    Args:
        point: what is judged.
        checkpoints: of all seeds.
        families: of the grid.
        images: of the test split.
        prepare: brings pixels, (n, size, size) uint8, to the network's input.
        folder: of the architecture's map files, `<seed>-<family>.h5`.
        memo: of batches that were explained before.

    Yields:
        Those of one seed and family after the other.

    Raises:
        UserError: a treated checkpoint gives other logits than were recorded, or a map file is missing,
            damaged, or not of this tl.
    """
    classifier = checkpoints.classifier
    # one graph, compiled once, takes the weights of all checkpoints in turn
    networks = _networks(checkpoints, families, prepare)
    chosen = [choose(images.ids, images.labels, family.params.images_per_class) for family in families]
    total = len(checkpoints.treated) * sum(map(len, chosen))
    with Progress(total=total, desc=" ".join(("judge", *point)), unit="image") as progress:
        for seed, treated in checkpoints.treated.items():
            weights = {
                "tl": checkpoint_hash(classifier, checkpoints.start[seed]),
                "ft": checkpoint_hash(classifier, treated),
            }
            for family, network, at in zip(families, networks, chosen, strict=True):
                origin = _origin(point.architecture, seed, family, images, weights)
                path = folder / f"{seed}-{family.name}.h5"
                start = read_start(path, origin, images.ids[at], images.content[at])
                maps = explain_checkpoint(
                    family,
                    network,
                    images,
                    checkpoints.recorded[seed],
                    at,
                    progress,
                    point.stage,
                    f"seed-{seed}-{family.name}",
                    memo,
                )
                require_alike(path, start, maps)
                yield Judged(origin, at, {"tl": start, "ft": maps})


def _networks(
    checkpoints: Checkpoints, families: Sequence[Family], prepare: Callable[[np.ndarray], Any]
) -> list[Network]:
    """A network for each family; those that can share one do."""
    networks: dict[tuple, Network] = {}
    for family in families:
        key = _key(family)
        if key not in networks:
            layers = resolve(checkpoints.classifier, family.params.layers)
            networks[key] = Network(checkpoints.classifier, layers, prepare, family.params.score)
    return [networks[_key(family)] for family in families]


def _key(family: Family) -> tuple:
    return tuple(family.params.layers), family.params.score


def _origin(
    architecture: str, seed: int, family: Family, images: "Images", weights: dict[str, str]
) -> Origin:
    return Origin(
        architecture=architecture,
        seed=seed,
        family=family.name,
        score=family.params.score,
        target=family.params.target,
        size=images.pixels.shape[1],
        classes=images.classes,
        versions=versions(),
        weights=weights,
    )
