"""The maps of one run by one method, as the page has them; and numbers as text."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidrift.maps.mapfile import CHECKPOINTS, MapFile
from evidrift.measures.canvas import STATUSES, draw
from evidrift.report.page.material import Material

FULL = 65535  # a map's highest value


@dataclass(frozen=True)
class Block:
    """Where these maps are.

    Attributes:
        run: number among all architectures and seeds, in order.
        file: that holds them.
        layer: of conclusions.
        method: of attribution.
        images: of which there are maps, positions among the report's, (k,).
        grid: cells of a map, (h, w).
    """

    run: int
    file: MapFile
    layer: str
    method: str
    images: np.ndarray
    grid: tuple[int, int]

    @property
    def cells(self) -> int:
        """Of a map."""
        return self.grid[0] * self.grid[1]

    def maps(self, part: slice) -> np.ndarray:
        """Positive parts of both checkpoints' maps, (2, images, h, w), each as shares of its highest value.

        Zeros where a map cannot be used.
        """
        content = self.file.content()[part]
        return np.stack([self._positive(checkpoint, part, content) for checkpoint in CHECKPOINTS])

    def _positive(self, checkpoint: str, part: slice, content: np.ndarray) -> np.ndarray:
        signed = self.file.maps(checkpoint, self.layer, self.method, part)
        usable = draw(signed, content, self.file.origin.size).status == STATUSES.index("ok")
        positive = np.where(usable[:, None, None], np.maximum(np.nan_to_num(signed), 0), 0).astype(np.float64)
        highest = positive.max(axis=(1, 2), keepdims=True)
        shares = np.divide(positive, highest, out=np.zeros_like(positive), where=highest > 0)
        return np.rint(FULL * shares)


def blocks_of(material: Material) -> Iterator[Block]:
    """All blocks of a report, in the order in which the page has them."""
    summary = material.summary
    place = {str(each): number for number, each in enumerate(material.images.ids)}
    runs = [(arch, seed) for arch in summary.architectures for seed in summary.seeds]
    for run, (arch, seed) in enumerate(runs):
        for file in material.map_files(arch, seed):
            images = np.array([place[str(each)] for each in file.image_ids()])
            for layer, method in file.methods():
                if layer == summary.layer:
                    grid = file.maps(CHECKPOINTS[0], layer, method, slice(1)).shape[1:]
                    yield Block(run, file, layer, method, images, (int(grid[0]), int(grid[1])))


def packed(values: Any, kind: str) -> str:
    """Base64 of an array as `kind`, row after row."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")
