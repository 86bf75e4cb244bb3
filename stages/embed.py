"""Embed every image with one pretrained backbone, and version the backbone's weights."""

import argparse
from pathlib import Path

import evidrift.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.errors import run
from evidrift.images.store import ImageStore
from evidrift.models.catalogue import find
from evidrift.models.checkpoint import save_weights
from evidrift.models.weights import load_backbone
from evidrift.params.architecture import load_architecture
from evidrift.params.embed import load_embed
from evidrift.training.embedding import embed, pooled
from evidrift.training.features import write_features
from evidrift.training.forward import compile_forward


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_embed(args.params)
    store = ImageStore(args.store)
    zoo = find(args.architecture)
    backbone = load_backbone(args.architecture, store.size, load_architecture(args.params, args.architecture))
    forward = compile_forward(pooled(backbone))
    splits = {
        split: embed(forward, zoo, store.split(split), views, params.batch_size)
        for split, views in (("train", params.views), ("validation", 0), ("test", 0))
    }
    write_features(args.features, splits)
    save_weights(backbone, args.backbone)


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument("--backbone", type=Path, required=True, help="to write: the backbone's weights")
    parser.add_argument("--features", type=Path, required=True, help="to write: pooled features")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
