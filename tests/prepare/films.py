"""Small films on disk, and a whole preparation of them, for the tests beside this module."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from evidrift.images.store import ImageStore
from evidrift.prepare.params import Prepare
from evidrift.prepare.prepare import Outputs, prepare


def film(seed: int, height: int = 24, width: int = 20) -> np.ndarray:
    """A soft, unrepeated picture, (height, width) uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)


def save(path: Path, pixels: np.ndarray, **how) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **how)
    return path


def save_class(folder: Path, n: int, seed: int) -> None:
    for i in range(n):
        save(folder / f"{i:03d}.png", film(1000 * seed + i))


def class_folders(root: Path, classes=("normal", "tuberculosis"), n: int = 40) -> Path:
    """n films in each class folder: enough for five patients in every split of `params`."""
    for seed, label in enumerate(classes):
        save_class(root / label, n, seed)
    return root


def params(**changes) -> Prepare:
    content = {
        "source": "films",
        "manifest": None,
        "size": 32,
        "padding": False,
        "min_side": 8,
        "split": {"salt": "test", "train": 0.4, "validation": 0.3},
    }
    return Prepare.model_validate(content | changes)


def outputs(folder: Path) -> Outputs:
    names = ("store.h5", "manifest.csv", "exclusions.csv", "prepare.json")
    return Outputs(*(folder / name for name in names))


@dataclass(frozen=True)
class Prepared:
    metrics: dict
    manifest: list[dict[str, str]]
    exclusions: dict[str, tuple[str, str]]
    """path -> (reason, detail)"""
    store: ImageStore

    def split_of(self) -> dict[str, str]:
        return {row["image_id"]: row["split"] for row in self.manifest}


def prepared(source: Path, out: Path, **changes) -> Prepared:
    """Prepare a source, and check what must hold for every one."""
    files = outputs(out)
    prepare(params(source=str(source), **changes), files)
    metrics = json.loads(files.metrics.read_text())
    manifest, exclusions = _rows(files.manifest), _rows(files.exclusions)
    store = ImageStore(files.store)
    n_stored = sum(len(store.split(name).ids) for name in ("train", "validation", "test"))
    assert metrics["images_in"] == len(manifest) + len(exclusions)
    assert metrics["kept"] == len(manifest) == n_stored
    assert sum(metrics["excluded"].values()) == len(exclusions)
    assert sum(sum(counts.values()) for counts in metrics["splits"].values()) == len(manifest)
    reasons = {row["path"]: (row["reason"], row["detail"]) for row in exclusions}
    return Prepared(metrics, manifest, reasons, store)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
