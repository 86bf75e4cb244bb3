"""What the networks' decisions hang on, by intervention: see `evidrift.reliance`."""

from typing import NamedTuple

import pandas as pd

from evidrift.base.schema import framed
from evidrift.reliance.summary import CHANGES, RELIANCE, SPIKED, changes, summarise, summarise_spikes


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
    """

    regions: pd.DataFrame
    changes: pd.DataFrame
    spikes: pd.DataFrame


def answers(asked: Asked | None) -> Answers:
    """Means over patients."""
    if asked is None:
        return Answers(framed([], RELIANCE), framed([], CHANGES), framed([], SPIKED))
    spikes = summarise_spikes(asked.spikes) if len(asked.spikes) else framed([], SPIKED)
    return Answers(summarise(asked.regions), changes(asked.regions), spikes)
