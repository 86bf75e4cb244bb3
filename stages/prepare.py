"""Prepare the images: one store at one size, split by patient, with a reason for each image left out."""

import argparse
from pathlib import Path

from evidrift.base.errors import run
from evidrift.images.store import EXCLUSIONS, MANIFEST, STORE
from evidrift.prepare.params import load_prepare
from evidrift.prepare.prepare import Outputs, prepare


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_prepare(args.params)
    store, manifest, exclusions = (args.images / name for name in (STORE, MANIFEST, EXCLUSIONS))
    prepare(params, Outputs(store, manifest, exclusions, args.metrics))


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument(
        "--images", type=Path, required=True, help="to write: the store, the manifest, and what was left out"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="to write: counts")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
