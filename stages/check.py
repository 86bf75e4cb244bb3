"""Check the attribution methods on one architecture: faithfulness, and sanity under random weights."""

from functools import partial

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.attribution.family import load_family
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.folders import check_folder
from evidrift.base.grid import load_grid
from evidrift.base.json import write_sealed
from evidrift.base.table import write_frame
from evidrift.base.unfinished.scratch import unfinished
from evidrift.check.checking import check_architecture
from evidrift.check.params import load_check
from evidrift.check.tables import FAITHFULNESS, RANDOMISATION, SCHEMAS, summarise
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.checkpoint import load_plan, load_seeds


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images", "scratch"),
        models="the folder of the architecture's backbone and checkpoints",
        maps="the folder of the architecture's map files",
        checks="to write: tables of faithfulness and of randomisation",
        metrics="to write: counts, means and verdicts",
    )
    params = load_check(args.params)
    grid = load_grid(args.params)
    families = [load_family(args.params, name) for name in grid.families]
    check_folder(args.maps, [f"{seed}-{name}.h5" for seed in grid.seeds for name in grid.families])
    store = ImageStore(args.images / STORE)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    load = partial(load_seeds, plan, args.models)
    with unfinished("check", args, params, grid, families, plan) as memo:
        faithfulness, randomisation = check_architecture(
            args.architecture, load, families, store.split("test"), plan.prepare, args.maps, params, memo
        )
        for name, rows in ((FAITHFULNESS, faithfulness), (RANDOMISATION, randomisation)):
            write_frame(args.checks / name, rows, SCHEMAS[name])
        write_sealed(args.metrics, summarise(faithfulness, randomisation))


if __name__ == "__main__":
    run(main)
