"""Trajectory tables for tests, from moved shares by image and epoch."""

import numpy as np
import pandas as pd

from evidrift.compare.findings.courses import along


def table(moved, patients=None, scale=0.6, arch="net", method="layer_cam", seed=1):
    """Rows of one training.

    Args:
        moved: moved shares, (images, epochs), tl's 0 included.
        patients: of each image; each its own if not given.
    """
    moved = np.asarray(moved, dtype=np.float32)
    n, m = moved.shape
    patients = patients or [f"p{at}" for at in range(n)]
    previous = np.full((n, m), 0.1, np.float32)
    previous[:, 0] = np.nan
    return pd.DataFrame(
        {
            "arch": arch,
            "seed": seed,
            "epoch": np.tile(np.arange(m), n),
            "method": method,
            "image_id": np.repeat([f"{at}.png" for at in range(n)], m),
            "patient_id": np.repeat(patients, m),
            "moved_share": moved.ravel(),
            "moved_share_previous": previous.ravel(),
            "scale": np.float32(scale),
            "label": "sick",
            # of two confident patients each: C-Score 0.4, by chance 0.1
            "confidence": np.float32(0.9),
            "consistency": np.float32(0.4),
            "consistency_chance": np.float32(0.1),
        }
    )


def history(accuracies):
    return pd.DataFrame(
        {"epoch": np.arange(1, len(accuracies) + 1), "validation_accuracy": np.asarray(accuracies, float)}
    )


def course(moved, tl, accuracies, chosen, **given):
    """The one course of one training."""
    rows = table(moved, **given)
    run = (rows["arch"][0], int(rows["seed"][0]))
    found = along(rows, {run: history(accuracies)}, {run: tl}, {run: chosen})
    assert len(found) == 1
    return found[0]
