"""A made-up architecture for the tests of drift and compare: arrays instead of networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evidrift.drift.params import Drift
from evidrift.drift.source import ArchitectureMaps

CLASSES = ("covid19", "normal")
PARAMS = Drift(area=0.2, curve=[0.05, 0.5], draws=3, seed=0)


def architecture(
    name: str = "densenet_mini",
    *,
    seeds: tuple[int, ...] = (1, 2),
    patients: Sequence[str] = ("p0", "p1", "p2", "p3", "p4", "p5"),
    methods: Sequence[tuple[str, str]] = (("penultimate", "grad_cam"), ("penultimate", "layer_cam")),
    grid: int = 5,
    noise: float = 1.0,
    noise_by_method: dict[str, float] | None = None,
) -> ArchitectureMaps:
    """Images of alternating classes, one a patient unless patients repeat, all predicted rightly.

    An image's maps share a pattern; each run adds `noise` of its own to the tuned checkpoint, a tenth of
    it to the transfer-learned one.
    """
    n = len(patients)
    random = np.random.default_rng(sum(map(ord, name)))
    labels = np.arange(n) % 2
    signed = {}
    for key in methods:
        pattern = random.normal(size=(n, grid, grid)) + 1
        own = random.normal(size=(2, len(seeds), n, grid, grid))
        strength = (noise_by_method or {}).get(key[1], noise)
        by_checkpoint = strength * np.array([0.1, 1]).reshape(2, 1, 1, 1, 1)
        signed[key] = (pattern + own * by_checkpoint).astype(np.float32)
    return ArchitectureMaps(
        architecture=name,
        seeds=seeds,
        classes=CLASSES,
        image_ids=np.array([f"{CLASSES[label]}/{k:02d}.png" for k, label in enumerate(labels)]),
        patient_ids=np.array(patients),
        labels=labels,
        content=np.tile([0, 0, 64, 64], (n, 1)),
        size=64,
        predicted=np.tile(labels, (2, len(seeds), 1)),
        signed=signed,
        explained={key: np.ones(n, dtype=bool) for key in methods},
        families={method: "cam" for _, method in methods},
        score=["centred"],
        target=["label"],
        constant_gradient={layer: layer == "last" for layer, _ in methods},
        rectified={layer: True for layer, _ in methods},
        not_defined=(),
        versions={"keras": ["3.15.1"], "numpy": ["2.4.6"], "tensorflow": ["2.21.0"]},
    )


def in_two_clouds(seeds: tuple[int, ...], apart: tuple[int, ...], **how: Any) -> ArchitectureMaps:
    """A made-up architecture whose fine-tuning under the seeds `apart` has its evidence elsewhere."""
    maps = architecture(seeds=seeds, noise=0.3, **how)
    for signed in maps.signed.values():
        elsewhere = np.random.default_rng(7).normal(size=signed.shape[2:]) * 2
        signed[1, np.isin(seeds, apart)] += elsewhere.astype(np.float32)
    return maps
