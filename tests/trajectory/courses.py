"""Trajectory tables for tests, from overlaps by image and epoch."""

import numpy as np
import pandas as pd

from evidrift.compare.findings.courses import along


def table(overlaps, patients=None, chance=0.4, arch="net", method="layer_cam", seed=1):
    """Rows of one training.

    Args:
        overlaps: (images, epochs), tl's 1 included.
        patients: of each image; each its own if not given.
    """
    overlaps = np.asarray(overlaps, dtype=np.float32)
    n, m = overlaps.shape
    patients = patients or [f"p{at}" for at in range(n)]
    previous = np.full((n, m), 0.9, np.float32)
    previous[:, 0] = np.nan
    return pd.DataFrame(
        {
            "arch": arch,
            "seed": seed,
            "epoch": np.tile(np.arange(m), n),
            "method": method,
            "image_id": np.repeat([f"{at}.png" for at in range(n)], m),
            "patient_id": np.repeat(patients, m),
            "overlap": overlaps.ravel(),
            "overlap_previous": previous.ravel(),
            "overlap_chance": np.float32(chance),
        }
    )


def history(accuracies):
    return pd.DataFrame(
        {"epoch": np.arange(1, len(accuracies) + 1), "validation_accuracy": np.asarray(accuracies, float)}
    )


def course(overlaps, tl, accuracies, chosen, **given):
    """The one course of one training."""
    rows = table(overlaps, **given)
    run = (rows["arch"][0], int(rows["seed"][0]))
    found = along(rows, {run: history(accuracies)}, {run: tl}, {run: chosen})
    assert len(found) == 1
    return found[0]
