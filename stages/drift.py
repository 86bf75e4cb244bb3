"""Measure how far the maps of one architecture moved, with floors and chance: its drift table."""

import argparse
import json
from pathlib import Path

from evidrift.drift.placetable import build_places, read_masks
from evidrift.drift.source import read_maps
from evidrift.drift.summary import summarise
from evidrift.drift.table import build
from evidrift.drift.tablefile import read_table, write_table
from evidrift.errors import run
from evidrift.params.drift import load_drift
from evidrift.params.grid import load_grid


def main() -> None:
    """Run the stage."""
    args = parse_args()
    grid = load_grid(args.params)
    maps = read_maps(args.maps, args.architecture, grid.seeds, grid.families, args.manifest)
    drift, agreement, notes = build(maps, load_drift(args.params))
    write_table(args.table, drift, notes)
    write_table(args.agreement, agreement)
    write_table(args.places, build_places(maps, read_masks(args.store, maps.image_ids)))
    args.metrics.parent.mkdir(parents=True, exist_ok=True)
    summary = json.dumps(summarise(read_table(args.table)), indent=2)
    args.metrics.write_text(summary + "\n", encoding="utf-8")


def parse_args() -> argparse.Namespace:
    """Paths as dvc.yaml declares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--params", type=Path, required=True)
    parser.add_argument("--maps", type=Path, required=True, help="the folder of the architecture's map files")
    parser.add_argument("--manifest", type=Path, required=True, help="the prepared images and their patients")
    parser.add_argument("--store", type=Path, required=True, help="the prepared store, for its masks")
    parser.add_argument("--table", type=Path, required=True, help="to write: the drift table")
    parser.add_argument(
        "--agreement", type=Path, required=True, help="to write: how alike the methods' maps are"
    )
    parser.add_argument("--places", type=Path, required=True, help="to write: where each map's evidence lies")
    parser.add_argument("--metrics", type=Path, required=True, help="to write: counts and means")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
