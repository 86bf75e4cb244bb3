"""Ask the networks of one architecture what their decisions hang on, by replacing regions of the films."""

from functools import partial

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.folders import check_folder
from evidrift.base.grid import load_grid
from evidrift.base.json import write_sealed
from evidrift.base.table import write_frame
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.checkpoint import load_plan, load_seeds
from evidrift.reliance.architecture import rely
from evidrift.reliance.params import load_reliance
from evidrift.reliance.summary import metrics
from evidrift.reliance.tables import REGIONS, SCHEMAS, SPIKES, spike_schema


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images", "scratch"),
        models="the folder of the architecture's backbone and checkpoints",
        maps="the folder of the architecture's map files",
        reliance="to write: tables of regions and of painted markers",
        metrics="to write: counts, means and intervals",
    )
    params, grid = load_reliance(args.params), load_grid(args.params)
    names = [f"{seed}-{family}.h5" for seed in grid.seeds for family in grid.families]
    check_folder(args.maps, names)
    store = ImageStore(args.images / STORE)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    load = partial(load_seeds, plan, args.models)
    files = [args.maps / name for name in names]
    test = store.split("test")
    with unfinished("reliance", args, params, grid, plan) as memo:
        found = rely(args.architecture, load, grid.seeds, test, plan.prepare, files, params, memo)
        write_frame(args.reliance / REGIONS, found.regions, SCHEMAS[REGIONS])
        write_frame(args.reliance / SPIKES, found.spikes, spike_schema(store.classes))
        write_sealed(args.metrics, metrics(found.regions, found.spikes))


if __name__ == "__main__":
    run(main)
