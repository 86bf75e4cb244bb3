"""Check the attribution methods on one architecture: faithfulness, and sanity under random weights."""

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import evidrift.start_tensorflow  # noqa: F401 - first, before TensorFlow
from evidrift.checks.checking import check_architecture
from evidrift.checks.tables import summarise, write_checks
from evidrift.drift.grid_files import check_folder
from evidrift.errors import run
from evidrift.images.store import ImageStore
from evidrift.models.catalogue import find
from evidrift.models.checkpoint import load_checkpoints
from evidrift.models.classifier import network_input
from evidrift.params.architecture import load_architecture
from evidrift.params.check import load_check
from evidrift.params.grid import load_grid
from evidrift.params.section import load_section

if TYPE_CHECKING:
    import keras

    from evidrift.models.checkpoint import Weights


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_check(args.params)
    grid = load_grid(args.params)
    options = load_architecture(args.params, args.architecture).options
    modules = {name: import_module(f"evidrift.attribution.families.{name}") for name in grid.families}
    families = {
        name: (module, load_section(args.params, module.Params, "explain", name))
        for name, module in modules.items()
    }
    check_folder(args.maps, [f"{seed}-{name}.h5" for seed in grid.seeds for name in grid.families])
    zoo = find(args.architecture)
    store = ImageStore(args.store)

    def load(seed: int) -> "tuple[keras.Model, dict[str, Weights]]":
        return load_checkpoints(
            args.architecture,
            store.size,
            len(store.classes),
            options,
            backbone=args.backbone,
            head=args.models / str(seed) / "head.weights.h5",
            finetuned=args.models / str(seed) / "finetuned.weights.h5",
        )

    faithfulness, randomisation = check_architecture(
        args.architecture,
        load,
        families,
        store.split("test"),
        lambda pixels: network_input(pixels, zoo),
        args.maps,
        params,
    )
    write_checks(args.faithfulness, faithfulness)
    write_checks(args.randomisation, randomisation)
    args.metrics.parent.mkdir(parents=True, exist_ok=True)
    summary = json.dumps(summarise(faithfulness, randomisation), indent=2)
    args.metrics.write_text(summary + "\n", encoding="utf-8")


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument("--backbone", type=Path, required=True, help="the pretrained backbone's weights")
    parser.add_argument(
        "--models", type=Path, required=True, help="the folder of the architecture's heads and tuned weights"
    )
    parser.add_argument("--maps", type=Path, required=True, help="the folder of the architecture's map files")
    parser.add_argument("--faithfulness", type=Path, required=True, help="to write: a row a map")
    parser.add_argument("--randomisation", type=Path, required=True, help="to write: a row a map and depth")
    parser.add_argument("--metrics", type=Path, required=True, help="to write: counts, means and verdicts")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
