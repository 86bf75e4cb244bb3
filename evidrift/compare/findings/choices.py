"""What a study might have chosen, in words, and what a choice can say of a claim."""

from typing import NamedTuple

import pandas as pd

from evidrift.measures.of_pairs import MOVED_SHARE, ON_COARSE_GRID

COHORTS = {
    "all": "common to all",
    "pair": "common to the two",
    "classes": "common to the two, classes alike",
}
# What the estimate and its interval under a choice say of the claim by the study's own choice.
SAME, SAME_OPEN = "the same", "the same, not shown"
NONE = "no reversal"
OPPOSITE_OPEN, OPPOSITE = "the opposite, not shown", "the opposite"
UNKNOWN = "not decidable"
SAYS = (SAME, SAME_OPEN, NONE, OPPOSITE_OPEN, OPPOSITE, UNKNOWN)
WARNING = "another_choice"  # key of the caveat that names the choices that show the opposite
ABOUT = ("kind", "arch", "other", "method", "against")  # columns that say which claim it is
WORDS = {
    MOVED_SHARE: "moved share",
    ON_COARSE_GRID: "moved share on a coarse grid",
    "spearman": "Spearman's correlation",
    "iou_half_max": "IoU at half the maximum",
}


class Choice(NamedTuple):
    """What a study might have chosen."""

    layer: str
    measure: str
    cohort: str

    @property
    def words(self) -> str:
        """For people."""
        return f"{measure_words(self.measure)} at {self.layer}, images {COHORTS[self.cohort]}"


def measure_words(measure: str) -> str:
    """A measure for people, e.g. `moved share of 5 %`."""
    if measure in WORDS or not measure.startswith(MOVED_SHARE):
        return WORDS.get(measure, measure)
    return f"moved share of {measure.removeprefix(f'{MOVED_SHARE}_')} %"


def agreeing(rows: pd.DataFrame) -> pd.Series:
    """Which choices point the same way as the study's own, by row.

    Of a reversal that it does not observe, those do that don't either.

    Args:
        rows: of one claim, from `multiverse`.
    """
    observed = [NONE] if (rows.loc[rows["own"], "says"] == NONE).any() else [SAME, SAME_OPEN]
    return rows["says"].isin(observed)


def column_of(says: str) -> str:
    """The column that counts the choices that say this."""
    return says.replace(", ", "_").replace(" ", "_")
