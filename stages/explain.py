"""Explain both checkpoints of one architecture and seed: write their CAM tensors."""

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import evidrift.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.attribution.explain import explain_checkpoints
from evidrift.attribution.mapfile import Origin, write_maps
from evidrift.attribution.subset import choose
from evidrift.errors import run
from evidrift.images.store import ImageStore
from evidrift.models.catalogue import find
from evidrift.models.checkpoint import load_checkpoints, weights_hash
from evidrift.models.classifier import network_input
from evidrift.params.architecture import load_architecture
from evidrift.params.section import load_section
from evidrift.training.predictions import read_predictions
from evidrift.versions import versions

if TYPE_CHECKING:
    import keras

    from evidrift.models.checkpoint import Weights


def main() -> None:
    """Run the stage."""
    args = parse_args()
    family = import_module(f"evidrift.attribution.families.{args.family}")
    params = load_section(args.params, family.Params, "explain", args.family)
    options = load_architecture(args.params, args.architecture).options
    zoo = find(args.architecture)
    store = ImageStore(args.store)
    images = store.split("test")
    classifier, weights = load_checkpoints(
        args.architecture,
        store.size,
        len(store.classes),
        options,
        backbone=args.backbone,
        head=args.head,
        finetuned=args.finetuned,
    )
    recorded = {
        name: read_predictions(path, images.ids, store.classes)
        for name, path in zip(weights, args.predictions, strict=True)
    }
    chosen = choose(images.ids, images.labels, params.images_per_class)
    maps = explain_checkpoints(
        family,
        params,
        classifier,
        weights,
        images,
        lambda pixels: network_input(pixels, zoo),
        recorded,
        chosen,
    )
    origin = Origin(
        architecture=args.architecture,
        seed=args.seed,
        family=args.family,
        score=params.score,
        target=params.target,
        size=store.size,
        classes=store.classes,
        versions=versions(),
        weights={name: _hash(classifier, values) for name, values in weights.items()},
    )
    write_maps(args.maps, origin, images.ids[chosen], images.content[chosen], maps)


def _hash(classifier: "keras.Model", weights: "Weights") -> str:
    classifier.set_weights(weights)
    return weights_hash(classifier)


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--family", required=True, help="the attribution family, a file in families/")
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument("--backbone", type=Path, required=True, help="the pretrained backbone's weights")
    parser.add_argument("--head", type=Path, required=True, help="the transfer-learned head's weights")
    parser.add_argument("--finetuned", type=Path, required=True, help="the fine-tuned weights")
    parser.add_argument(
        "--predictions", type=Path, nargs=2, required=True, help="test logits, as recorded: of tl, of ft"
    )
    parser.add_argument("--maps", type=Path, required=True, help="to write: the map file")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
