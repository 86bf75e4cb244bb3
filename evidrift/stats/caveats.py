"""What to keep in mind when reading the study's tables."""

from collections.abc import Iterator

import pandas as pd

from evidrift.stats.floors import OVERLAP_ALL
from evidrift.stats.study import Study
from evidrift.stats.trust import reservations


def caveats(study: Study, drift: pd.DataFrame, statuses: pd.DataFrame, marks: pd.DataFrame) -> Iterator[str]:
    """Every caveat that applies, as a sentence.

    Args:
        study: that was compared.
        drift: from `floors.summarise`.
        statuses: from `cohorts.status_table`.
        marks: from `checks.verdicts.marks`.
    """
    if study.phantoms:
        yield "The images are phantoms, drawn by a program: nothing here is about patients."
    if not study.patients_known:
        yield "Patients unknown: every image counts as its own patient."
    if len(study.seeds) == 1:
        yield (
            "One seed: there is no floor, so the drift in the tables holds the noise between trainings, and "
            "nothing can be said about architectures as recipes."
        )
    if study.identical_across_splits:
        yield (
            f"Images identical to one in another split: {study.identical_across_splits}. The networks may be "
            "tested on what they were trained on."
        )
    if any("raw" in note.score for note in study.notes.values()):
        yield "Maps are of the raw logit: it holds a term that softmax cannot see and training does not move."
    if any("prediction" in note.target for note in study.notes.values()):
        yield (
            "Each checkpoint's prediction is explained, not the label: the two maps of a regressed or fixed "
            "image are of different classes, and chance holds maps of other classes where a partner is wrong."
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
    yield from _explained_in_part(study)
    unused = statuses[statuses["images"] == "common"][["flat", "blank", "nan"]].to_numpy().sum()
    if unused:
        yield (
            f"{unused} drift pairs of the common cohort hold a flat, blank or nan map and are left out of "
            f"the means; {OVERLAP_ALL} counts them as overlap 0."
        )
    yield from reservations(marks)
    overlaps = drift[drift["measure"] == "overlap"]
    if overlaps.loc[overlaps["mean"].notna(), "chance"].isna().any():
        yield "Chance is missing somewhere: it needs two patients of one class among the test images."


def _explained_in_part(study: Study) -> Iterator[str]:
    """Methods that explained a stated number of images, whose figures are therefore of fewer patients."""
    everything = study.pairs["image_id"].nunique()
    for method, images in study.pairs.groupby("method", observed=True)["image_id"].nunique().items():
        if images < everything:
            yield f"{method} explained {images} of {everything} test images: its figures are of these alone."


def _versions(study: Study) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for content in study.training.values():
        for library, version in content["versions"].items():
            found.setdefault(library, set()).add(version)
    for note in study.notes.values():
        for library, versions in note.versions.items():
            found.setdefault(library, set()).update(versions)
    return {library: sorted(versions) for library, versions in sorted(found.items())}
