"""Judge one strategy and strength: explain its checkpoints beside tl, and check the methods on them."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.attribution.family import load_family
from evidrift.attribution.networks import Networks
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.folders import check_folder
from evidrift.base.grid import load_grid
from evidrift.base.table import write_frame
from evidrift.base.unfinished.scratch import unfinished
from evidrift.check.checking import check_checkpoints
from evidrift.check.params import load_check
from evidrift.check.tables import FAITHFULNESS, RANDOMISATION, SCHEMAS
from evidrift.images.store import STORE, ImageStore
from evidrift.judge.checkpoints import load_treated
from evidrift.judge.files import CHECKS, MAPS, STAGE
from evidrift.judge.judging import Point, judge_maps
from evidrift.maps.mapfile import write_maps
from evidrift.networks.checkpoint import load_plan


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "strategy", "strength", "params", "images", "scratch"),
        models="the folder of the architecture's backbone and checkpoints",
        treated="the folder of the treated checkpoints",
        maps="the folder of the architecture's map files",
        judged="to write: map files, and tables of faithfulness and of randomisation",
    )
    params = load_check(args.params)
    grid = load_grid(args.params)
    families = [load_family(args.params, name) for name in grid.families]
    check_folder(args.maps, [f"{seed}-{name}.h5" for seed in grid.seeds for name in grid.families])
    check_folder(args.treated, map(str, grid.seeds))
    store = ImageStore(args.images / STORE)
    images = store.split("test")
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    checkpoints = load_treated(plan, args.models, args.treated, grid.seeds, images)
    networks = Networks(checkpoints.classifier, plan.prepare)
    point = Point(args.architecture, args.strategy, args.strength)
    folder = args.judged / MAPS
    with unfinished(STAGE, args, params, grid, families, plan) as memo:
        for origin, at, maps in judge_maps(point, checkpoints, networks, families, images, args.maps, memo):
            path = folder / f"{origin.seed}-{origin.family}.h5"
            write_maps(path, origin, images.ids[at], images.content[at], maps)
        weights = checkpoints.as_tuned(params.seeds)
        tables = check_checkpoints(
            args.architecture, networks, weights, families, images, folder, params, memo
        )
        for name, rows in zip((FAITHFULNESS, RANDOMISATION), tables, strict=True):
            write_frame(args.judged / CHECKS / name, rows, SCHEMAS[name])


if __name__ == "__main__":
    run(main)
