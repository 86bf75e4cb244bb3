"""Explain treated checkpoints as the stage explain does fine-tuned ones, and put tl's maps beside theirs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evidrift.attribution.explain import explain_checkpoint
from evidrift.attribution.family import Family
from evidrift.attribution.networks import Networks
from evidrift.attribution.origin import origin_of
from evidrift.attribution.subset import choose
from evidrift.base.progress import Progress
from evidrift.base.unfinished.memo import NOTHING, Memo
from evidrift.judge.checkpoints import Checkpoints
from evidrift.judge.start import read_start, require_alike
from evidrift.maps.mapfile import CheckpointMaps, Origin
from evidrift.networks.checkpoint import checkpoint_hash

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
    networks: Networks,
    families: Sequence[Family],
    images: "Images",
    folder: Path,
    memo: Memo = NOTHING,
) -> Iterator[Judged]:
    """Maps of every seed's treated checkpoint by every family, with those of its tl.

    tl's are read from the study's map files: the same images under the same weights by the same code.

    Args:
        point: what is judged.
        checkpoints: of all seeds.
        networks: of the checkpoints' classifier, which has whichever weights afterwards.
        families: of the grid.
        images: of the test split.
        folder: of the architecture's map files, `<seed>-<family>.h5`.
        memo: of batches that were explained before.

    Yields:
        Those of one seed and family after the other.

    Raises:
        UserError: a treated checkpoint gives other logits than were recorded, or a map file is missing,
            damaged, or not of this tl.
    """
    chosen = [choose(images.ids, images.labels, family.params.images_per_class) for family in families]
    total = len(checkpoints.treated) * sum(map(len, chosen))
    with Progress(total=total, desc=" ".join(("judge", *point)), unit="image") as progress:
        for seed, treated in checkpoints.treated.items():
            weights = {
                "tl": checkpoint_hash(networks.classifier, checkpoints.start[seed]),
                "ft": checkpoint_hash(networks.classifier, treated),
            }
            for family, at in zip(families, chosen, strict=True):
                origin = origin_of(point.architecture, seed, family, images, weights)
                path = folder / f"{seed}-{family.name}.h5"
                start = read_start(path, origin, images.ids[at], images.content[at])
                maps = explain_checkpoint(
                    family,
                    networks.at(family.params.layers, family.params.score),
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
