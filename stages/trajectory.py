"""Follow drift along fine-tuning: maps after each kept epoch against those of tl, on validation images."""

from functools import partial

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.folders import check_folder
from evidrift.base.grid import load_grid
from evidrift.base.json import write_sealed
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.checkpoint import load_plan, load_seeds
from evidrift.trajectory.following import follow
from evidrift.trajectory.params import load_trajectory
from evidrift.trajectory.table import summarise, write_trajectory


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images", "scratch"),
        models="the folder of the architecture's backbone and checkpoints",
        epochs="the folder of its epochs files",
        table="to write: a row an epoch, method and image",
        metrics="to write: counts and means",
    )
    params = load_trajectory(args.params)
    check_folder(args.epochs, [f"{seed}.h5" for seed in load_grid(args.params).seeds])
    store = ImageStore(args.images / STORE)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    load = partial(load_seeds, plan, args.models, names=["tl"])
    images = store.split("validation")
    with unfinished("trajectory", args, params, plan) as memo:
        rows = follow(args.architecture, load, args.epochs, images, plan.prepare, params, memo)
        write_trajectory(args.table, rows)
        write_sealed(args.metrics, summarise(rows, params.methods if params.seeds else []))


if __name__ == "__main__":
    run(main)
