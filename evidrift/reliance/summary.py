"""Reliance over patients: means with their intervals, by checkpoint, region and class. Needs no TensorFlow.

Seeds and then a patient's images are averaged first, so that a patient counts once. Seeds are fixed in
intervals: they speak of these checkpoints. Those of scores are Student's, those of shares Clopper and
Pearson's, which hold for rare events too. A patient's share over several seeds counts as a fraction: no
variable between 0 and 1 varies more than a yes or no of the same mean.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evidrift.base.interval import CONFIDENCE
from evidrift.base.json import nested_rows, plain
from evidrift.base.schema import Schema, columns
from evidrift.images.marker import CORNERS
from evidrift.reliance.params import REGIONS
from evidrift.reliance.tables import CHANGE, FILLS

ALL = "all"  # classes, taken together
DECIMALS = 6
KEYS = ["arch", "region", "fill", "label"]
# What comes before other words in a column.
PLACES = {name: place for place, name in enumerate((ALL, "tl", "ft", *FILLS, *CORNERS, *REGIONS))}
COUNTS = columns(np.int64, "", "n_patients", "n_images")
RELIANCE: Schema = (
    columns(str, "", *KEYS, "checkpoint")
    | columns(np.float64, "of the label's centred score", "reliance", "low", "high")
    | columns(np.float64, "of the label's centred score", "simultaneous_low", "simultaneous_high")
    | columns(np.bool_, "under every fill", "shown")
    | columns(np.float64, "of the label's centred score", "score_change", "random_change")
    | columns(np.float64, "share of images", "flipped", "flipped_low", "flipped_high", "random_flipped")
    | columns(np.float64, "share of images", "accuracy", "accuracy_filled")
    | columns(np.float64, "of the image's area", "area")
    | COUNTS
)
CHANGES: Schema = (
    columns(str, "", *KEYS)
    | columns(np.float64, "of the label's centred score", "tl", "ft", "change", "low", "high")
    | columns(np.int64, "", "n_patients")
)
SPIKED: Schema = (
    columns(str, "", "arch", "corner", "label", "checkpoint", "towards")
    | columns(np.float64, "of the centred score of `towards`", "change", "low", "high")
    | columns(np.float64, "share of images", "flipped", "flipped_low", "flipped_high")
    | COUNTS
)
# By the summary's names, what is averaged of the table's.
AVERAGED = {
    **{name: name for name in ("reliance", "score_change", "random_change", "area")},
    **{name: name for name in ("flipped", "random_flipped")},
    "accuracy": "correct_before",
    "accuracy_filled": "correct_filled",
}


def summarise(regions: pd.DataFrame) -> pd.DataFrame:
    """Mean reliance by architecture, region, fill, class and checkpoint; RELIANCE.

    `low` and `high` are at 95 % each. The simultaneous ones hold for all regions and classes of a checkpoint
    at once (Bonferroni); `shown` says that they lie above 0 whatever the fill, since each is an artefact.

    Args:
        regions: tables of regions, one below the other.
    """
    rows = regions.assign(**{name: regions[column] for name, column in AVERAGED.items()})
    patients, found = _averaged(rows, [*KEYS, "checkpoint"], list(AVERAGED))
    found["low"], found["high"] = _student(patients["reliance"])
    asked = found.reset_index().drop_duplicates(["arch", "checkpoint", "region", "label"])
    asked = asked.groupby(["arch", "checkpoint"]).size()
    found["simultaneous_low"], found["simultaneous_high"] = _student(
        patients["reliance"], found.index.droplevel(["region", "fill", "label"]).map(asked)
    )
    above = (found["simultaneous_low"] > 0).groupby(level=["arch", "region", "label", "checkpoint"])
    found["shown"] = above.transform("sum") == len(FILLS)
    return _in_order(_with_share_interval(found).reset_index())[list(RELIANCE)]


def changes(regions: pd.DataFrame) -> pd.DataFrame:
    """How fine-tuning changes reliance, ft - tl paired by patient; CHANGES."""
    patients, _ = _averaged(regions, [*KEYS, "checkpoint"], ["reliance"])
    both = patients["reliance"].unstack("checkpoint").reindex(columns=["tl", "ft"]).dropna()
    both["change"] = both["ft"] - both["tl"]
    found = both.groupby(level=KEYS).mean()
    found["low"], found["high"] = _student(both["change"])
    found["n_patients"] = both.groupby(level=KEYS).size()
    return _in_order(found.reset_index())[list(CHANGES)]


def summarise_spikes(spikes: pd.DataFrame) -> pd.DataFrame:
    """What a painted marker does, by corner and class of the film; SPIKED.

    Returns:
        For all classes together, and for each, a row for each class of the network, `towards`: the change of
        its score, and the share of images whose prediction turns to it. Where `towards` is all, the share of
        images whose prediction turns to any.
    """
    parts = [spikes.assign(towards=ALL, change=np.nan)]
    for name in (column.removeprefix(CHANGE) for column in spikes if column.startswith(CHANGE)):
        turned = spikes["flipped"].astype(bool) & (spikes["class_spiked"].astype(str) == name)
        parts.append(spikes.assign(towards=name, change=spikes[CHANGE + name], flipped=turned))
    rows = pd.concat(parts, ignore_index=True)
    patients, found = _averaged(
        rows, ["arch", "corner", "label", "checkpoint", "towards"], ["flipped", "change"]
    )
    found["low"], found["high"] = _student(patients["change"])
    return _in_order(_with_share_interval(found).reset_index())[list(SPIKED)]


def share_interval(share: pd.Series, n: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Clopper and Pearson's interval of a share (1934), by quantiles of the beta distribution.

    Args:
        share: 0 to 1.
        n: of how many.
    """
    count, tail = share * n, (1 - CONFIDENCE) / 2
    some, rest = count.where(count > 0, 1), (n - count).where(count < n, 1)
    low = pd.Series(special.betaincinv(some, n - some + 1, tail), share.index)
    high = pd.Series(special.betaincinv(n - rest + 1, rest, 1 - tail), share.index)
    return low.where(count > 0, 0.0), high.where(count < n, 1.0)


def metrics(regions: pd.DataFrame, spikes: pd.DataFrame) -> dict[str, Any]:
    """The metrics of one architecture: counts, and means with intervals over all classes."""
    asked, painted = summarise(regions), summarise_spikes(spikes)
    asked, painted = (table[table["label"] == ALL] for table in (asked, painted))
    whole = {
        "images": regions["image_id"].nunique(),
        "patients": regions["patient_id"].nunique(),
        "clean_images": spikes["image_id"].nunique(),
        "regions": nested_rows(asked, ("region", "fill", "checkpoint"), list(RELIANCE)[len(KEYS) + 1 :]),
        "spikes": nested_rows(painted, ("corner", "towards", "checkpoint"), list(SPIKED)[5:]),
    }
    return plain(whole, DECIMALS)


def _averaged(
    rows: pd.DataFrame, keys: Sequence[str], values: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients' means, by the keys and patient; their means by the keys, n_patients and n_images.

    Rows count for their own label, and once more for all labels.
    """
    words = [*keys, "patient_id", "image_id"]
    typed = rows[[*words, *values]].astype(dict.fromkeys(words, str) | dict.fromkeys(values, np.float64))
    both = pd.concat([typed.assign(label=ALL), typed], ignore_index=True)
    images = both.groupby(words)[list(values)].mean()
    patients = images.groupby(level=[*keys, "patient_id"]).mean()
    groups = patients.groupby(level=list(keys))
    found = groups.mean()
    found["n_patients"] = groups.size()
    found["n_images"] = images.groupby(level=list(keys)).size()
    return patients, found


def _student(patients: pd.Series, several: Any = 1) -> tuple[pd.Series, pd.Series]:
    """Interval of the mean over patients, the index's last level, for one or several at once; NaN of one."""
    groups = patients.groupby(level=[name for name in patients.index.names if name != "patient_id"])
    n, mean = groups.count(), groups.mean()
    quantile = special.stdtrit(n - 1, 1 - (1 - CONFIDENCE) / 2 / several)
    reach = quantile * groups.std(ddof=1) / np.sqrt(n)
    return mean - reach, mean + reach


def _with_share_interval(found: pd.DataFrame) -> pd.DataFrame:
    low, high = share_interval(found["flipped"], found["n_patients"])
    return found.assign(flipped_low=low, flipped_high=high)


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Regions as they are listed, then a user's; all classes together before each; tl before ft."""
    order = pd.DataFrame(index=table.index)
    for name in ("arch", "region", "corner", "fill", "label", "checkpoint", "towards"):
        if name in table:
            order[name] = table[name].map(lambda word: (PLACES.get(word, len(PLACES)), word))
    return table.loc[order.sort_values(list(order.columns), kind="stable").index].reset_index(drop=True)
