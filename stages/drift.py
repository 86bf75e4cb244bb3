"""Measure how far the maps of one architecture moved, with seed floors and the scale: its drift table."""

import evidrift.base.pinned  # noqa: F401 - first, before numpy
from evidrift.base.arguments import arguments
from evidrift.base.errors import run
from evidrift.base.grid import load_grid
from evidrift.base.json import write_sealed
from evidrift.base.table import read_pieces, write_table, writing_table
from evidrift.drift.params import load_drift
from evidrift.drift.places_table import build_places, read_masks
from evidrift.drift.source import read_maps
from evidrift.drift.summary import SUMMARISED, summarise
from evidrift.drift.table import notes_for, pieces
from evidrift.drift.tables import AGREEMENT, PAIRS, PLACES
from evidrift.images.store import MANIFEST, STORE


def main() -> None:
    """Run the stage."""
    args = arguments(
        __doc__,
        ("architecture", "params", "images"),
        maps="the folder of the architecture's map files",
        tables="to write: the drift table, agreement of methods, places",
        metrics="to write: counts and means",
    )
    grid = load_grid(args.params)
    manifest, store = args.images / MANIFEST, args.images / STORE
    maps = read_maps(args.maps, args.architecture, grid.seeds, grid.families, manifest)
    params = load_drift(args.params)
    with (
        writing_table(args.tables / PAIRS, vars(notes_for(maps, params))) as add_pairs,
        writing_table(args.tables / AGREEMENT) as add_agreement,
    ):
        for name, columns in pieces(maps, params):
            (add_pairs if name == PAIRS else add_agreement)(columns)
    write_table(args.tables / PLACES, build_places(maps, read_masks(store, maps.image_ids)))
    write_sealed(args.metrics, summarise(read_pieces(args.tables / PAIRS, "drift", SUMMARISED)))


if __name__ == "__main__":
    run(main)
