"""Check all attribution families of one architecture, on both checkpoints of each seed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pandas as pd

from evidrift.attribution.explain import logits_of
from evidrift.attribution.family import Family
from evidrift.attribution.network import Network
from evidrift.attribution.subset import choose
from evidrift.base.errors import UserError
from evidrift.base.progress import Progress
from evidrift.base.schema import Schema
from evidrift.base.unfinished.memo import NOTHING, Memo
from evidrift.check.faithfulness import faithfulness
from evidrift.check.originals import Originals, read_originals
from evidrift.check.params import Check
from evidrift.check.randomisation import randomisation
from evidrift.check.tables import FAITHFULNESS, RANDOMISATION, SCHEMAS
from evidrift.maps.mapfile import MapFile
from evidrift.maps.scores import differing, logit_scale
from evidrift.networks.target.layers import resolve

if TYPE_CHECKING:
    from evidrift.images.store import Images


def check_architecture(
    architecture: str,
    load: Callable[[Sequence[int]], tuple[keras.Model, dict[tuple[int, str], list[np.ndarray]]]],
    families: Sequence[Family],
    images: "Images",
    prepare: Callable[[np.ndarray], Any],
    folder: Path,
    params: Check,
    memo: Memo = NOTHING,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Faithfulness and randomisation of every method's maps.

    Args:
        architecture: its name.
        load: gives a classifier, network input -> logits, and for it the weights of seeds, by seed and
            checkpoint (`tl`, `ft`).
        families: of the grid.
        images: of the test split.
        prepare: brings pixels, (n, H, W) in 0..255, to the network's input; affine in each channel.
        folder: of the architecture's map files, `<seed>-<family>.h5`.
        params: of the checks.
        memo: of images and depths that were checked before.

    Returns:
        The rows of the faithfulness table and of the randomisation table, see `check.tables`.

    Raises:
        UserError: a map file is missing or lacks an image, its maps are of other weights, or no family
            explains one of the layers.
    """
    classifier, weights = load(params.seeds)
    # one graph, compiled once, takes the weights of all checkpoints in turn
    ready = _ready(classifier, families, prepare, params)
    network = ready[0][1]
    few, depths = params.randomisation.images_per_class, params.randomisation.depths
    many = params.faithfulness.images_per_class
    faithful, insensitive = [], []
    shown, redrawn = (len(choose(images.ids, images.labels, per_class)) for per_class in (many, few))
    total = len(weights) * (shown + redrawn * depths)
    with Progress(total=total, desc=f"check {architecture}", unit="image") as progress:
        for (seed, checkpoint), values in weights.items():
            classifier.set_weights(values)
            files = {
                family.name: MapFile(folder / f"{seed}-{family.name}.h5").require(
                    architecture, seed, family.name
                )
                for family, _ in ready
            }
            origin = (architecture, seed, checkpoint)
            maps = _originals(files, ready, checkpoint, images, params.layers, many)
            _require_same(network, images, maps, params.batch_size, checkpoint)
            name = f"{seed}-{checkpoint}"
            rows = faithfulness(network, images, maps, params, progress, memo, f"faithfulness-{name}")
            faithful.append(_frame(rows, origin, images, SCHEMAS[FAITHFULNESS]))
            maps = _originals(files, ready, checkpoint, images, params.layers, few)
            rows = randomisation(
                classifier, ready, maps, images, depths, origin, progress, memo, f"randomisation-{name}"
            )
            insensitive.append(_frame(rows, origin, images, SCHEMAS[RANDOMISATION]))
    return pd.concat(faithful, ignore_index=True), pd.concat(insensitive, ignore_index=True)


def _ready(
    classifier: keras.Model,
    families: Sequence[Family],
    prepare: Callable[[np.ndarray], Any],
    params: Check,
) -> list[tuple[Family, Network]]:
    """The families that explain any of the layers, each with its network; those that can share one do."""
    networks: dict[tuple, Network] = {}
    ready = []
    for family in families:
        labels = tuple(label for label in params.layers if label in family.params.layers)
        key = (labels, family.params.score)
        if labels:
            if key not in networks:
                networks[key] = Network(classifier, resolve(classifier, labels), prepare, family.params.score)
            ready.append((family, networks[key]))
    explained = {label for labels, _ in networks for label in labels}
    if missing := [label for label in params.layers if label not in explained]:
        raise UserError(
            f"check.layers names {missing[0]}, at which no family of the grid explains. Take it out, or add "
            "it to explain.<family>.layers."
        )
    return ready


def _originals(
    files: dict[str, MapFile],
    ready: list[tuple[Family, Network]],
    checkpoint: str,
    images: "Images",
    layers: list[str],
    per_class: int,
) -> list[Originals]:
    return [
        read_originals(
            files[family.name], checkpoint, images, layers, per_class, family.params.images_per_class
        )
        for family, _ in ready
    ]


def _require_same(
    network: Network, images: "Images", families: list[Originals], batch_size: int, checkpoint: str
) -> None:
    """Refuse maps of other weights or images than those at hand: their logits differ."""
    chosen = max((family.images for family in families), key=len)  # the others' are among them
    logits = logits_of(network, images.pixels[chosen], batch_size)
    for family in families:
        own = logits[np.isin(chosen, family.images)]
        differs = differing(own, family.logits, logit_scale(family.logits))
        if differs.any():
            image_id = images.ids[family.images[int(differs.argmax())]]
            raise UserError(
                f"{family.path}: {checkpoint} now gives other logits of image {image_id} than when its maps "
                "were made. The weights, the store and the maps are not of one run, or of another kind of "
                "machine. `dvc repro --force` with the name of this file's stage, "
                "explain@<architecture>-<seed>-<family>, makes it anew."
            )


def _frame(
    rows: dict[str, np.ndarray], origin: tuple[str, int, str], images: "Images", schema: Schema
) -> pd.DataFrame:
    """Rows of one checkpoint, with what is known of their images."""
    image = rows["image"]
    common = dict(zip(("arch", "seed", "checkpoint"), origin, strict=True)) | {
        "image_id": images.ids[image],
        "patient_id": images.patient_ids[image],
        "label": np.asarray(images.classes)[images.labels[image]],
    }
    return pd.DataFrame({**rows, **common})[list(schema)]
