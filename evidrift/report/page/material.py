"""All that a report is made of, read from compare's tables, the drift tables, the maps and the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from evidrift.base.errors import UserError
from evidrift.base.files.seal import checksum
from evidrift.base.table import read_csv, read_table
from evidrift.compare.summary import NAME, TEXT, Summary, read_summary
from evidrift.drift.tables import PAIRS as TABLE
from evidrift.drift.tables import Notes, notes_of
from evidrift.images.store import MANIFEST, Images, ImageStore
from evidrift.maps.mapfile import MapFile
from evidrift.report.figures.shapes import film_shapes
from evidrift.report.words.cells import MEASURES

PAIRS = [
    *("pair_kind", "seed_before", "image_id", "label", "pred_before", "pred_after"),
    *("cohort", "method", "status", "thin", *MEASURES),
]


@dataclass(frozen=True)
class ReportFiles:
    """Where a report's material lies.

    Attributes:
        tables: folder of result tables and summary.json.
        drift: folder of drift tables, a folder an architecture.
        maps: folder of map files, a folder an architecture.
        store: the prepared store.
    """

    tables: Path
    drift: Path
    maps: Path
    store: Path


class Material:
    """Reads a report's material, each part once.

    Attributes:
        files: where it lies.
        summary: of summary.json.

    Raises:
        UserError: it is not there.
    """

    def __init__(self, files: ReportFiles) -> None:
        self.files = files
        manifest = files.store.with_name(MANIFEST)
        for path in (files.tables / NAME, files.drift, files.maps, files.store, manifest):
            if not path.exists():
                raise UserError(f"{path} does not exist. Run `dvc repro` first: the stage compare writes it.")
        self.summary: Summary = read_summary(files.tables)

    @cached_property
    def images(self) -> Images:
        """The images that were explained."""
        return ImageStore(self.files.store).split("test")

    @cached_property
    def shapes(self) -> np.ndarray:
        """Width and height of these images before they were squashed or padded, px, (n, 2)."""
        return film_shapes(self.files.store, self.images.ids)

    @cached_property
    def notes(self) -> dict[str, Notes]:
        """By architecture."""
        return {
            arch: notes_of(read_table(self.files.drift / arch / TABLE, "drift"))
            for arch in self.summary.architectures
        }

    def table(self, name: str) -> pd.DataFrame:
        """One of compare's tables."""
        return read_csv(self.summary.table(self.files.tables, f"{name}.csv"), TEXT)

    def at_layer(self, name: str) -> pd.DataFrame:
        """One of compare's tables, at the layer of conclusions."""
        whole = self.table(name)
        return whole[whole["layer"] == self.summary.layer]

    def pairs(self, arch: str) -> pd.DataFrame:
        """An architecture's pairs at the layer of conclusions: PAIRS."""
        path, columns = self.files.drift / arch / TABLE, [*PAIRS, "layer"]
        whole = read_table(path, "drift", columns).replace_schema_metadata(None)
        here = whole.filter(pc.equal(pc.cast(whole["layer"], "string"), self.summary.layer))
        return here.select(PAIRS).to_pandas()

    def map_files(self, arch: str, seed: int) -> Iterator[MapFile]:
        """One for each attribution family."""
        for family in self.summary.families:
            yield MapFile(self.files.maps / arch / f"{seed}-{family}.h5")

    def hashes(self) -> list[tuple[str, str]]:
        """What was read, as a name that says no path, and its sha256."""
        tables = sorted(self.summary.tables)
        found = [(f"tables/{name}", self.summary.table(self.files.tables, name)) for name in tables]
        found.append((f"tables/{NAME}", self.files.tables / NAME))
        for arch in self.summary.architectures:
            found.append((f"drift/{arch}/{TABLE}", self.files.drift / arch / TABLE))
            found += [
                (f"maps/{arch}/{maps.path.name}", maps.path)
                for seed in self.summary.seeds
                for maps in self.map_files(arch, seed)
            ]
        found.append(("store", self.files.store))
        return [(name, checksum(path)) for name, path in found]
