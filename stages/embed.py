"""Embed every image with one pretrained backbone, and version the backbone's weights."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.catalogue import find
from evidrift.networks.checkpoint import save_weights, weights_hash
from evidrift.networks.params import load_architecture
from evidrift.training.embed import embed, pooled
from evidrift.training.features import write_features
from evidrift.training.loop import compile_forward
from evidrift.training.params import load_embed
from evidrift.training.pretrained import load_backbone


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images", "scratch"),
        backbone="to write: the backbone's weights",
        features="to write: pooled features",
    )
    params = load_embed(args.params)
    store = ImageStore(args.images / STORE)
    zoo = find(args.architecture)
    section = load_architecture(args.params, args.architecture)
    backbone = load_backbone(args.architecture, store.size, section)
    forward = compile_forward(pooled(backbone))
    with unfinished("embed", args, params, section.options, weights_hash(backbone)) as memo:
        splits = {
            split: embed(forward, zoo, store.split(split), views, params.batch_size, memo, split)
            for split, views in (("train", params.views), ("validation", 0), ("test", 0))
        }
        write_features(args.features, splits)
        save_weights(backbone, args.backbone)


if __name__ == "__main__":
    run(main)
