"""Prepared stores with planted answers, as the stage prepare would leave them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidrift.images.store import SPLITS, Images, write_store
from tests.prepare.films import film

SIDE = 64


@dataclass(frozen=True)
class Row:
    """One image: its film is `film(look)` unless pixels are given."""

    image_id: str
    label: int
    patient: str
    split: str
    look: int = 0
    pixels: np.ndarray | None = None
    source: str | None = None
    identical_to: str = ""

    def film(self) -> np.ndarray:
        return film(self.look, SIDE, SIDE) if self.pixels is None else self.pixels


def write(folder: Path, rows: Sequence[Row], classes: Sequence[str] = ("a", "b")) -> tuple[Path, Path]:
    """The store and the manifest of these images."""
    rows = sorted(rows, key=lambda row: (SPLITS.index(row.split), row.image_id))
    store, manifest = folder / "store.h5", folder / "manifest.csv"
    columns = ["image_id", "width", "height", "identical_to"]
    columns += ["source"] * (rows[0].source is not None)
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            cells = {"image_id": row.image_id, "width": SIDE, "height": SIDE} | {
                "identical_to": row.identical_to,
                "source": row.source,
            }
            writer.writerow([cells[name] for name in columns])
    write_store(
        store,
        tables=[manifest],
        classes=classes,
        size=SIDE,
        image_ids=[row.image_id for row in rows],
        patient_ids=[row.patient for row in rows],
        labels=[row.label for row in rows],
        splits=[row.split for row in rows],
        content=[(0, 0, SIDE, SIDE)] * len(rows),
        pixels=[row.film() for row in rows],
    )
    return store, manifest


def images(films: Sequence[np.ndarray], content: Sequence[tuple[int, int, int, int]] | None = None) -> Images:
    """Films of one size as a split of a store."""
    names = np.array([f"{at:04d}" for at in range(len(films))])
    height, width = films[0].shape
    return Images(
        ids=names,
        patient_ids=names,
        labels=np.zeros(len(films), np.int32),
        pixels=np.stack(films),
        content=np.array(content or [(0, 0, height, width)] * len(films), np.int32),
        classes=("a",),
    )
