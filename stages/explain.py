"""Explain both checkpoints of one architecture and seed: write their CAM tensors."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.attribution.explain import explain_checkpoints
from evidrift.attribution.family import load_family
from evidrift.attribution.origin import origin_of
from evidrift.attribution.subset import choose
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.maps.mapfile import CHECKPOINTS, write_maps
from evidrift.networks.checkpoint import checkpoint_hash, load_checkpoints, load_plan
from evidrift.networks.files import PREDICTIONS
from evidrift.training.predictions import read_predictions


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "seed", "family", "params", "images", "scratch"),
        backbone="the pretrained backbone's weights",
        checkpoints="the folder of tl and ft",
        maps="to write: the map file",
    )
    family = load_family(args.params, args.family)
    store = ImageStore(args.images / STORE)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    images = store.split("test")
    folders = {name: args.checkpoints / name for name in CHECKPOINTS}
    classifier, weights = load_checkpoints(plan, backbone=args.backbone, folders=folders)
    recorded = {
        name: read_predictions(args.checkpoints / name / PREDICTIONS, images.ids, store.classes)
        for name in weights
    }
    chosen = choose(images.ids, images.labels, family.params.images_per_class)
    hashes = {name: checkpoint_hash(classifier, values) for name, values in weights.items()}
    origin = origin_of(args.architecture, args.seed, family, images, hashes)
    with unfinished("explain", args, family, plan) as memo:
        maps = explain_checkpoints(family, classifier, weights, images, plan.prepare, recorded, chosen, memo)
        write_maps(args.maps, origin, images.ids[chosen], images.content[chosen], maps)


if __name__ == "__main__":
    run(main)
