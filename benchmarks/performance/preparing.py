"""prepare against a plain loop that decodes and resizes the same files."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.performance.films import CLASSES, films
from benchmarks.performance.measuring import Line, Side, require_close, side_by_side
from evidrift.images.store import SPLITS, ImageStore
from evidrift.prepare.params import Prepare
from evidrift.prepare.prepare import Outputs, prepare

SIZE, SIDE = 224, 1024


def write_films(root: Path, n: int, side: int) -> None:
    """PNG and JPEG files in class folders, in turn."""
    for number, film in enumerate(films(n, side)):
        path = root / f"class{number % CLASSES}" / f"{number:05d}{'.png' if number % 2 else '.jpg'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(film).save(path)


def prepared(source: Path, out: Path) -> ImageStore:
    """What the stage writes."""
    params = Prepare(
        source=str(source),
        manifest=None,
        size=SIZE,
        padding=False,
        min_side=64,
        split={"salt": "benchmark", "train": 0.4, "validation": 0.3},
    )
    names = ("store.h5", "manifest.csv", "exclusions.csv", "metrics.json")
    prepare(params, Outputs(*(out / name for name in names)))
    return ImageStore(out / "store.h5")


def plain(source: Path) -> dict[str, np.ndarray]:
    """Every image by its path: decoded, grey, resized over areas."""
    found = {}
    for path in sorted(source.rglob("*.*")):
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"))
        found[path.relative_to(source).as_posix()] = cv2.resize(
            grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA
        )
    return found


def against_decoding_and_resizing(
    rounds: int, n: int = 160, side: int = SIDE, source: Path | None = None
) -> Iterator[Line]:
    """Hashes, splits, exclusions and the store are what prepare does beside it."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if source is None:
            source = root / "films"
            write_films(source, n, side)
        store, expected = prepared(source, root / "out"), plain(source)
        for images in map(store.split, SPLITS):
            theirs = np.stack([expected[path] for path in images.ids]).astype(int)
            require_close("pixels", np.asarray(images.pixels).astype(int), theirs, 1 / 255)
        yield side_by_side(
            "prepare",
            f"prepare, {len(expected)} films of {side} px to {SIZE} px",
            "a loop that decodes and resizes",
            Side(partial(prepared, source, root / "out")),
            Side(partial(plain, source)),
            rounds,
        )
