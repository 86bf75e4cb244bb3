"""Probe the images: what tells their class without a network, and which look the same across splits."""

import argparse
from pathlib import Path

from evidrift.errors import run
from evidrift.probe.probing import probe
from evidrift.probe.results import write_near_duplicates, write_probe


def main() -> None:
    """Run the stage."""
    args = parse_args()
    found, pairs = probe(args.store, args.manifest)
    write_near_duplicates(args.near_duplicates, pairs)
    write_probe(args.metrics, found)


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="the prepared store")
    parser.add_argument("--manifest", type=Path, required=True, help="the prepared images")
    parser.add_argument(
        "--near-duplicates", type=Path, required=True, help="to write: pairs that look the same across splits"
    )
    parser.add_argument("--metrics", type=Path, required=True, help="to write: what each probe found")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
