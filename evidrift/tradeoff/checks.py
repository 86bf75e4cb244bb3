"""Are the maps of a point still worth anything? Faithfulness beside plain fine-tuning's, and sanity."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.interval import CONFIDENCE, t_interval
from evidrift.check.marks import GAIN_MARGIN, MIN_PATIENTS, OPEN, REFUTED, SUPPORTED, gain_of, marks
from evidrift.claims.claim import NAN, Verdict
from evidrift.tradeoff.evidence import PRIMARY

CHECKPOINT = "ft"  # so are the fine-tuned checkpoints called in every point's tables


class Checks(NamedTuple):
    """The tables of the stage check, or those that judge made of a point."""

    faithfulness: pd.DataFrame
    randomisation: pd.DataFrame


class Checked(NamedTuple):
    """What the checks say of a point, under LayerCAM at the layer that conclusions rest on.

    Attributes:
        change, low, high: faithfulness (the gain of insertion and deletion over random maps) less that of
            plain fine-tuning, a difference of areas, with its 95 % interval over patients.
        faithful: whether it is no lower than plain's by more than `check.marks.GAIN_MARGIN`, in the seeds
            (`check.seeds`) and patients that were checked alone.
        sane: whether maps of random weights lose what the image's map shows.
    """

    change: float = NAN
    low: float = NAN
    high: float = NAN
    faithful: Verdict = "not decidable"
    sane: Verdict = "not decidable"


def checked(plain: Checks, point: Checks) -> Checked:
    """What the checks say of a point beside plain fine-tuning."""
    both = _gains(point).merge(_gains(plain), on=["seed", "image_id", "patient_id"], suffixes=("", "_plain"))
    change = (both["gain"] - both["gain_plain"]).groupby(both["patient_id"]).mean().dropna()
    n = len(change)
    low = high = NAN
    faithful: Verdict = "not decidable"
    if n >= MIN_PATIENTS:
        error = float(change.std() / np.sqrt(n))
        low, high = t_interval(float(change.mean()), error, float(n - 1), CONFIDENCE)
        if low > -GAIN_MARGIN:
            faithful = "supported"
        elif high < -GAIN_MARGIN:
            faithful = "refuted"
    return Checked(float(change.mean()) if n else NAN, low, high, faithful, _sane(point))


def _gains(checks: Checks) -> pd.DataFrame:
    rows = checks.faithfulness
    chosen = (rows["layer"] == PRIMARY[0]) & (rows["method"] == PRIMARY[1])
    rows = rows[chosen & (rows["checkpoint"] == CHECKPOINT)]
    return rows.assign(gain=gain_of(rows))[["seed", "image_id", "patient_id", "gain"]].astype(
        {"image_id": str, "patient_id": str}
    )


def _sane(checks: Checks) -> Verdict:
    """The opposite of the mark `insensitive`."""
    found = marks(checks.faithfulness, checks.randomisation)
    chosen = (found["layer"] == PRIMARY[0]) & (found["method"] == PRIMARY[1])
    verdicts = found.loc[chosen & (found["checkpoint"] == CHECKPOINT), "insensitive"]
    opposite: dict[str, Verdict] = {SUPPORTED: "refuted", REFUTED: "supported", OPEN: "not decidable"}
    return opposite[verdicts.iloc[0]] if len(verdicts) else "not decidable"
