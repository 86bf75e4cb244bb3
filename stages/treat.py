"""Fine-tune every seed of an architecture by another strategy, for the curve of gain against drift."""

import evidrift.base.pinned  # first, before numpy
import evidrift.networks.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.grid import load_grid
from evidrift.base.unfinished.scratch import unfinished
from evidrift.images.store import STORE, ImageStore
from evidrift.networks.checkpoint import load_plan
from evidrift.training.outputs import write_treated
from evidrift.training.params import load_finetune
from evidrift.training.strategy import load_strategy
from evidrift.training.treat import treat


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "strategy", "strength", "params", "images", "scratch"),
        models="the folder of the architecture's backbone and checkpoints",
        treated="to write: a checkpoint folder a seed",
        history="to write: a row a seed and epoch",
        metrics="to write: by seed accuracy, AUC, calibration",
    )
    params = load_finetune(args.params, args.architecture).recipe()
    strategy = load_strategy(args.params, args.strategy, args.strength)
    seeds = load_grid(args.params).seeds
    store = ImageStore(args.images / STORE)
    plan = load_plan(args.params, args.architecture, store.size, len(store.classes))
    identity = {name: getattr(args, name) for name in ("architecture", "strategy", "strength")}
    identity["parameters"] = strategy.params.model_dump()
    with unfinished("treat", args, params, strategy, plan, seeds) as scratch:
        made = treat(plan, args.models, seeds, store, params, strategy, args.treated, scratch)
        write_treated(args.treated, args.history, args.metrics, identity, list(made), store.split("test"))


if __name__ == "__main__":
    run(main)
