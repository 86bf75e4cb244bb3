"""What the stage probe found: its metrics file, and the table of near-duplicates."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from evidrift.base.files.writing import writing
from evidrift.base.json import plain, read_sealed, write_sealed

NEAR_DUPLICATES = "near_duplicates.csv"  # in the probe's folder
DECIMALS = 6


@dataclass(frozen=True)
class Prediction:
    """How well a linear model predicts the class, on patients that it was not fitted on.

    Attributes:
        accuracy: share of all images predicted right, each held out once.
        low, high: its 95 % interval, see `prediction.interval`.
        baseline: share of the largest class: what one would get right without looking.
        n_images: predicted.
        n_patients: that they are of.
        sensitivity: by class, the share of its images predicted right.
    """

    accuracy: float
    low: float
    high: float
    baseline: float
    n_images: int
    n_patients: int
    sensitivity: Mapping[str, float]


@dataclass(frozen=True)
class Unjudged:
    """A probe without a result, and why, as a clause: `the manifest has no column source`."""

    reason: str


class NearDuplicate(NamedTuple):
    """Two images in different splits that look the same, the one of the earlier split first.

    Attributes:
        distance: number of bits in which their hashes differ.
    """

    image_id: str
    split: str
    other: str
    other_split: str
    distance: int


@dataclass(frozen=True)
class Probe:
    """What is known without any network.

    Attributes:
        predictions: by probe: `thumbnails`, `traits`, `source`.
        n_near_duplicates: pairs of images in different splits that look the same, identical ones not counted.
        threshold: the distance up to which two images are taken to look the same, bits.
    """

    predictions: Mapping[str, Prediction | Unjudged]
    n_near_duplicates: int
    threshold: int


def metrics(probe: Probe) -> dict[str, Any]:
    """What the metrics file holds; a probe without a result has accuracy None and a reason."""
    return {
        "predictions": {name: _fields(found) for name, found in probe.predictions.items()},
        "near_duplicates": {"count": probe.n_near_duplicates, "threshold": probe.threshold},
    }


def write_probe(path: Path, probe: Probe) -> None:
    """Write the metrics file."""
    write_sealed(path, metrics(probe))


def read_probe(path: Path) -> Probe:
    """Read the metrics that `write_probe` wrote."""
    content = read_sealed(path, "probe")
    duplicates = content["near_duplicates"]
    return Probe(
        {
            name: Unjudged(fields["reason"]) if fields["accuracy"] is None else Prediction(**fields)
            for name, fields in content["predictions"].items()
        },
        duplicates["count"],
        duplicates["threshold"],
    )


def write_near_duplicates(path: Path, pairs: Sequence[NearDuplicate]) -> None:
    """Write a row for each pair, in the given order."""
    with writing(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NearDuplicate._fields)
        writer.writerows(pairs)


def _fields(found: Prediction | Unjudged) -> dict[str, Any]:
    if isinstance(found, Unjudged):
        return {"accuracy": None, "reason": found.reason}
    return plain(asdict(found), DECIMALS)
