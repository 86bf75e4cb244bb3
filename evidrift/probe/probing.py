"""The whole probe of a prepared store: what a linear model can tell, and what looks the same."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evidrift.base.errors import UserError
from evidrift.images.store import SPLITS, Images, ImageStore, require_listed
from evidrift.probe.duplicates import THRESHOLD, hashes, near_duplicates
from evidrift.probe.prediction import predict
from evidrift.probe.results import NearDuplicate, Probe, Unjudged
from evidrift.probe.traits import acquisition, one_hot, thumbnails


class Seen(NamedTuple):
    """What is kept of n images, so that their pixels need not fit into memory."""

    image_ids: np.ndarray
    patients: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    thumbnails: np.ndarray
    traits: np.ndarray
    bits: np.ndarray


def probe(store: Path, manifest: Path) -> tuple[Probe, list[NearDuplicate]]:
    """Probe all images, whatever their split.

    Args:
        store: the prepared store.
        manifest: of its images; its column `source`, where there is one, is probed.

    Raises:
        UserError: one is missing or damaged, or the two are not of one run of prepare.
    """
    opened = ImageStore(store)
    require_listed(manifest)
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = {row["image_id"]: row for row in csv.DictReader(file)}
    try:
        parts = [_see(opened.split(split), split, rows) for split in SPLITS]
    except KeyError as error:
        raise UserError(
            f"{manifest} lacks image {error.args[0]} of {store}. Both must be of one run: dvc repro prepare."
        ) from None
    seen = Seen(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    in_order = [rows[image_id] for image_id in seen.image_ids]
    tables = {"thumbnails": seen.thumbnails, "traits": seen.traits}
    if "source" in in_order[0]:
        tables["source"] = one_hot([row["source"] for row in in_order])
    found = {
        name: predict(name, table, seen.labels, seen.patients, opened.classes)
        for name, table in tables.items()
    }
    found.setdefault("source", Unjudged("the manifest has no column source"))
    pairs = near_duplicates(seen.bits, seen.image_ids, seen.splits, [row["identical_to"] for row in in_order])
    return Probe(found, len(pairs), THRESHOLD), pairs


def _see(images: Images, split: str, rows: Mapping[str, Mapping[str, str]]) -> Seen:
    sizes = np.array([[int(rows[name][side]) for name in images.ids] for side in ("width", "height")])
    return Seen(
        images.ids,
        images.patient_ids,
        images.labels,
        np.full(len(images.ids), split),
        thumbnails(images),
        acquisition(images, *sizes),
        hashes(images),
    )
