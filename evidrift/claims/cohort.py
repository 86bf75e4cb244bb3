"""Which images count in every comparison: the common cohort."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class CommonCohort:
    """Images right in both checkpoints of every architecture and seed.

    Attributes:
        image_ids: sorted.
        n_patients: to whom they belong.
    """

    image_ids: tuple[str, ...]
    n_patients: int

    def select(self, pairs: pd.DataFrame) -> pd.DataFrame:
        """Rows of a drift table whose image belongs to the cohort; of a pair of patients, the first one."""
        return pairs[pairs["image_id"].isin(self.image_ids)]


def common_cohort(pairs: pd.DataFrame) -> CommonCohort:
    """The common cohort of the drift tables of all architectures."""
    drift = pairs[pairs["pair_kind"] == "drift"]
    right = (drift["cohort"] == "right").groupby(drift["image_id"], observed=True).all()
    image_ids = right.index[right].astype(str).sort_values()
    patients = drift.loc[drift["image_id"].isin(image_ids), "patient_id"]
    return CommonCohort(tuple(image_ids), patients.nunique())
