"""Names for people: measures, cohorts, trainings and methods."""

import pandas as pd

from evidrift.compare.summary import Summary

MEASURES = {
    "moved_share": "moved share",
    "displacement": "displacement",
    "correlation": "1 - correlation",
    "concentration": "concentration",
    "overlap": "1 - overlap (IoU)",
}
COHORTS = {
    "right": "right before and after",
    "regressed": "right before, wrong after",
    "fixed": "wrong before, right after",
    "wrong": "wrong before and after",
}
WITHOUT_LABELS = {"right": "same prediction", "regressed": "another prediction"}


def cohort_names(summary: Summary) -> dict[str, str]:
    """What each cohort is called; without labels nothing is right or wrong."""
    return COHORTS if summary.labels_known else WITHOUT_LABELS


def run_word(summary: Summary) -> str:
    """What distinguishes two trainings of one architecture."""
    return "seed" if summary.kind == "study" else "pair"


def checkpoint_names(summary: Summary) -> dict[str, str]:
    """What each checkpoint is called."""
    return {"tl": summary.before, "ft": summary.after}


def mixtures(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Number of basins by architecture and checkpoint, of those whose seed floor is a mixture."""
    several = table[table["basins"] > 1]
    return {
        (str(arch), str(name)): int(n)
        for arch, name, n in zip(several["arch"], several["checkpoint"], several["basins"], strict=True)
    }
