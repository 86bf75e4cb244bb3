"""Overlapping classes: what the models confuse, each class's drift beside it, and whether both go together.

A run is one checkpoint of one seed on the test split. All rates of an architecture are over all of its runs,
both checkpoints. "Right" images are those that are right in all of them: their drift is what counts, and by
definition none of them is ever confused.

**Does it bias the association that the rates are estimated on the same images?** Not through the images
themselves: a right image adds to no count of confusions, only to the number of images of its class, which is
the same for all of them, so its own maps can't move its own confusability. (Where a patient has several
images, a wrong one does count in the rates of the patient's right ones.) Three things remain:

- selection: a confused pair loses to the wrong the very images that may have drifted most, which pulls the
  correlation down;
- error: a rate rests on a few dozen images, and noise in the rates pulls the correlation towards 0. The
  interval takes the rates as they are: it says whether drift goes with them, not how strongly it would
  go with the true ones (simulated with five classes and 60 to 150 patients, 0.54 looks like 0.31 to 0.41);
- few pairs: with five classes there are at most ten rates, so whatever else the classes differ by, the
  place or size of their findings, comes along with them, and more patients can't tell this apart: signs can
  differ between architectures, each interval well away from 0. So `within` stands beside it, which compares
  images of one class only. Neither interval says anything about other classes. `n_values` counts the rates.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.compare.findings.logits import Logits
from evidrift.compare.findings.over_patients import intervals

CONFUSION: Schema = (
    columns(str, "", "arch", "label", "called")
    | columns(np.int64, "of the label", "n_images")
    | columns(np.int64, "images times runs", "n_calls", "n_confused")
    | columns(np.float64, "share of the calls, 0 to 1", "rate")
)
CLASSES: Schema = (
    columns(str, "", "arch", "layer", "method", "label")
    | columns(np.int64, "of the label", "n_images", "n_right")
    | columns(np.float64, "share of the label's calls, 0 to 1", "confusion")
    | columns(str, "", "confused_with")
    | columns(np.float64, "share of the others' calls, 0 to 1", "false_alarms")
    | columns(np.float64, "moved share, 0 to 1", "drift", "drift_low", "drift_high")
    | columns(np.float64, "moved share, 0 to 1", "floor", "floor_low", "floor_high")
    | columns(np.int64, "", "n_measured", "n_patients")
)


def confusion_counts(logits: Logits) -> np.ndarray:
    """How often images of class c are called c', over all runs, (classes, classes)."""
    size = len(logits.classes)
    place = logits.labels * size + logits.called
    return np.bincount(place.ravel(), minlength=size * size).reshape(size, size)


def confusion_rates(logits: Logits) -> np.ndarray:
    """Share of the calls of class c's images that say c', (classes, classes); 0 without images of c."""
    counts = confusion_counts(logits)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def confusion_table(logits: Mapping[str, Logits]) -> pd.DataFrame:
    """The confusion of every ordered pair of classes.

    Returns:
        A row per arch, label and other class `called`: n_images of the label, n_calls (n_images x runs),
        n_confused of these that say `called`, and their share `rate`.
    """
    rows = []
    for arch, each in logits.items():
        counts, rates = confusion_counts(each), confusion_rates(each)
        n_images = np.bincount(each.labels, minlength=len(each.classes))
        last = len(each.classes) - 1
        for at, to in np.ndindex(*counts.shape):
            if at != to and (not each.apart or to == last):
                rows.append(
                    {
                        "arch": arch,
                        "label": each.classes[at],
                        "called": each.classes[to],
                        "n_images": n_images[at],
                        "n_calls": counts[at].sum(),
                        "n_confused": counts[at, to],
                        "rate": rates[at, to],
                    }
                )
    return framed(rows, CONFUSION)


def confusability(logits: Mapping[str, Logits]) -> pd.DataFrame:
    """How much each right image's class is confused with the image's strongest rival class.

    The rival is the class besides the label with the highest logit under `tl`, mean over seeds. The
    confusability is the mean of the pair's two rates, label called rival and rival called label, 0 to 1: so
    it doesn't depend on which of the two classes has more images.

    Returns:
        A row per arch and image_id that is right in both checkpoints of every seed, and its `confusability`.
        See the module on what the rates, being of the same test split, do to an association with it.
    """
    return pd.concat([_confusability(name, each) for name, each in logits.items()], ignore_index=True)


def _confusability(name: str, logits: Logits) -> pd.DataFrame:
    rates = confusion_rates(logits)
    # only differences between an image's logits count here, so they needn't be centred
    under_tl = logits.values[0].mean(axis=0)
    others = np.arange(len(logits.classes)) != logits.labels[:, None]
    rival = np.where(others, under_tl, -np.inf).argmax(axis=-1)
    both_ways = rates if logits.apart else (rates + rates.T) / 2
    known = {"image_id": logits.image_ids, "confusability": both_ways[logits.labels, rival]}
    return pd.DataFrame({"arch": name, **known})[logits.right]


def class_table(drifts: pd.DataFrame, logits: Mapping[str, Logits]) -> pd.DataFrame:
    """Each class's drift beside its confusion.

    Args:
        drifts: from `associations.image_drifts`: of one layer.
        logits: from `read_logits`.

    Returns:
        A row per arch, layer, method and class `label`:
        n_images: test images of the class;
        n_right: right in both checkpoints of every seed;
        confusion: share of the calls of its images that say something else;
        confused_with: what they say most often, the first class of several; empty where they never do;
        false_alarms: share of the calls of other classes' images that say it;
        drift, drift_low, drift_high: mean over patients of their right images' drift, 0 to 1;
        floor, floor_low, floor_high: likewise of the seed floor of ft; NaN with one seed;
        n_measured, n_patients: right images with a measured drift, and their patients.
        Intervals are by Student's t over patients, at 95 % each; NaN with a single patient, and where all
        have the same value.
    """
    right = pd.concat(
        [
            pd.DataFrame({"arch": arch, "image_id": each.image_ids[each.right]})
            for arch, each in logits.items()
        ]
    )
    images = drifts.merge(right, on=["arch", "image_id"]).dropna(subset="drift")
    keys = ["arch", "layer", "method", "label"]
    patients = images.groupby([*keys, "patient_id"])[["drift", "floor"]].mean()
    means = [
        intervals(patients[name], keys, 0.0).set_axis([name, f"{name}_low", f"{name}_high"], axis=1)
        for name in ("drift", "floor")
    ]
    counts = pd.DataFrame(
        {"n_measured": images.groupby(keys).size(), "n_patients": patients.groupby(keys).size()}
    )

    every = drifts[["arch", "layer", "method"]].drop_duplicates()
    classes = pd.DataFrame([row for arch, each in logits.items() for row in _class_rows(arch, each)])
    table = every.merge(classes, on="arch").join(pd.concat([*means, counts], axis=1), on=keys)[list(CLASSES)]
    return table.fillna(dict.fromkeys(counts.columns, 0)).astype(dict.fromkeys(counts.columns, int))


def _class_rows(arch: str, logits: Logits) -> Iterator[dict[str, Any]]:
    """What is known of each class without maps."""
    counts = confusion_counts(logits)
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    # of findings, films without them have no image here: how often these are called says the performance
    for at, name in enumerate(logits.classes[:-1] if logits.apart else logits.classes):
        own = logits.labels == at
        calls, others = counts[at].sum(), counts.sum() - counts[at].sum()
        yield {
            "arch": arch,
            "label": name,
            "n_images": int(own.sum()),
            "n_right": int(logits.right[own].sum()),
            "confusion": _share(wrong[at].sum(), calls),
            "confused_with": logits.classes[wrong[at].argmax()] if wrong[at].any() else "",
            "false_alarms": np.nan if logits.apart else _share(wrong[:, at].sum(), others),
        }


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else float("nan")
