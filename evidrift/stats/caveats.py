"""What to keep in mind when reading the study's tables."""

from collections.abc import Iterator

import pandas as pd

from evidrift.stats.floors import OVERLAP_ALL
from evidrift.stats.study import Study


def caveats(study: Study, drift: pd.DataFrame, statuses: pd.DataFrame) -> Iterator[str]:
    """Every caveat that applies, as a sentence.

    Args:
        study: that was compared.
        drift: from `floors.summarise`.
        statuses: from `cohorts.status_table`.
    """
    if study.phantoms:
        yield "The images are phantoms, drawn by a program: nothing here is about patients."
    if not study.patients_known:
        yield "Patients unknown: every image counts as its own patient."
    if len(study.seeds) == 1:
        yield (
            "One seed: there is no floor, so the rankings are of raw drift, in which the noise between "
            "trainings is contained, and nothing can be said about architectures as recipes."
        )
    for library, versions in _versions(study).items():
        if len(versions) > 1:
            yield (
                f"The grid mixes versions of {library}: {', '.join(versions)}. Differences may come from "
                "them; run all of it again on one."
            )
    for name, note in study.notes.items():
        if negative := [layer for layer, is_rectified in note.rectified.items() if not is_rectified]:
            yield f"{name}: {', '.join(negative)} can be negative; maps there are to be read with care."
        if note.not_defined:
            without = ", ".join(f"{method} at {layer}" for layer, method in note.not_defined)
            yield f"{name}: not defined, since the layer can be negative: {without}."
    unused = statuses[statuses["images"] == "common"][["flat", "blank", "nan"]].to_numpy().sum()
    if unused:
        yield (
            f"{unused} drift pairs of the common cohort hold a flat, blank or nan map and are left out of "
            f"the means; {OVERLAP_ALL} counts them as overlap 0."
        )
    if drift.loc[drift["measure"] == "overlap", "chance"].isna().any():
        yield "Chance is missing somewhere: it needs two patients of one class in the common cohort."


def _versions(study: Study) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for content in study.training.values():
        for library, version in content["versions"].items():
            found.setdefault(library, set()).add(version)
    for note in study.notes.values():
        for library, versions in note.versions.items():
            found.setdefault(library, set()).update(versions)
    return {library: sorted(versions) for library, versions in sorted(found.items())}
