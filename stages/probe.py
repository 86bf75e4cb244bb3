"""Probe the images: what tells their class without a network, and which look the same across splits."""

import argparse
from pathlib import Path

from evidrift.base.errors import run
from evidrift.images.store import MANIFEST, STORE
from evidrift.probe.probing import probe
from evidrift.probe.results import NEAR_DUPLICATES, write_near_duplicates, write_probe


def main() -> None:
    """Run the stage."""
    args = parse_args()
    found, pairs = probe(args.images / STORE, args.images / MANIFEST)
    write_near_duplicates(args.probe / NEAR_DUPLICATES, pairs)
    write_probe(args.metrics, found)


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="the prepared images")
    parser.add_argument(
        "--probe", type=Path, required=True, help="to write: pairs that look the same across splits"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="to write: what each probe found")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
