"""Prepare the images: one store at one size, split by patient, with a reason for each image left out."""

import argparse
from pathlib import Path

from evidrift.errors import run
from evidrift.images.prepare import Outputs, prepare
from evidrift.params.prepare import load_prepare


def main() -> None:
    """Run the stage."""
    args = parse_args()
    params = load_prepare(args.params)
    prepare(params, Outputs(args.store, args.manifest, args.exclusions, args.metrics))


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="to write: the prepared store")
    parser.add_argument("--manifest", type=Path, required=True, help="to write: the kept images")
    parser.add_argument(
        "--exclusions", type=Path, required=True, help="to write: the images left out, and why"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="to write: counts")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
