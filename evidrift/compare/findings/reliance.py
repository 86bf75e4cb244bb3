"""What the networks' decisions hang on, by intervention: see `evidrift.reliance`."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.reliance.summary import CHANGES, RELIANCE, SPIKED, changes, summarise, summarise_spikes

CASES: Schema = (
    columns(str, "", "arch")
    | columns(np.int64, "of training", "seed")
    | columns(str, "", "image_id", "region")
    | columns(np.float64, "mean of the fills' reliance, of the label's centred score", "tl", "ft")
)


class Asked(NamedTuple):
    """The tables of the stage reliance, those of all architectures one below the other."""

    regions: pd.DataFrame
    spikes: pd.DataFrame


class Answers(NamedTuple):
    """What came out; empty where nothing was asked.

    Attributes:
        regions: by region, fill, class and checkpoint; RELIANCE.
        changes: from tl to ft; CHANGES.
        spikes: what painted markers do, by corner; SPIKED.
        cases: of single images; CASES.
    """

    regions: pd.DataFrame
    changes: pd.DataFrame
    spikes: pd.DataFrame
    cases: pd.DataFrame


def answers(asked: Asked | None) -> Answers:
    """Means over patients."""
    if asked is None:
        return Answers(*(framed([], schema) for schema in (RELIANCE, CHANGES, SPIKED, CASES)))
    spikes = summarise_spikes(asked.spikes) if len(asked.spikes) else framed([], SPIKED)
    return Answers(summarise(asked.regions), changes(asked.regions), spikes, cases(asked.regions))


def cases(regions: pd.DataFrame) -> pd.DataFrame:
    """Each image's reliance on each region under both checkpoints of a training; CASES."""
    keys = [name for name in CASES if name not in ("tl", "ft")]
    words = [name for name in keys if name != "seed"]
    rows = regions.astype(dict.fromkeys([*words, "checkpoint"], str))
    means = rows.groupby([*keys, "checkpoint"], sort=False)["reliance"].mean().unstack("checkpoint")
    return means.reindex(columns=["tl", "ft"]).astype(float).reset_index().rename_axis(columns=None)
