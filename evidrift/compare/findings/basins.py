"""Basins: do the trainings of one recipe lie in one cloud of maps, or in several?

The seed floor is a mean over pairs of trainings. Where trainings fall into basins it is a mixture of two
distances, and hardly any two trainings differ by it. The question is about trainings, so it is asked once of
each architecture and checkpoint, of the maps of all methods together; what lies within and between basins is
then told of each method.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.base.sentence import NOTHING_SAID, Sentence, checkpoint, listed, method, say
from evidrift.claims.basins import Basins, find_basins
from evidrift.claims.cells import Key, arrange
from evidrift.claims.claim import OPEN
from evidrift.claims.cohort import CommonCohort
from evidrift.claims.quantities import Cells, usable_images
from evidrift.compare.findings.opinions import REFERENCE
from evidrift.compare.study import Study
from evidrift.measures.of_pairs import MOVED_SHARE

# Of clear basins fewer find less than half; the figures stand in docs/results/calibration.md.
LEAST = 5
BASINS: Schema = (
    columns(str, "", "arch", "checkpoint", "layer", "method")
    | columns(np.int64, "", "n_trainings", "n_images", "n_patients")
    | columns(np.int64, "groups of two trainings or more that are shown; 1 as far as can be told", "basins")
    | columns(str, "seeds by basin", "groups")
    | columns(np.float64, "moved share, mean over pairs of trainings", "floor", "within", "between")
    | columns(np.float64, "that there is one, 0 to 1", "p_corrected")
    | columns(str, "of several: supported or not decidable", "verdict")
)


class BasinsFound(NamedTuple):
    """Whether trainings fall into basins.

    Attributes:
        table: from `basin_table`; empty where nothing can be told.
        why_not: why nothing can be told, as a clause; empty where something can, and where there are no two
            trainings to ask about.
    """

    table: pd.DataFrame
    why_not: Sentence


class _Trainings(NamedTuple):
    """Mean moved shares of the trainings, (k, k), by one method, and what they are measured by."""

    distances: np.ndarray
    n_images: int
    n_patients: int


def count_basins(study: Study, cohort: CommonCohort, min_patients: int) -> BasinsFound:
    """Ask the trainings of every architecture, at the layer that conclusions rest on."""
    k = len(study.seeds)
    nothing = framed([], BASINS)
    if k < LEAST:
        few = say("{k} trainings, and at least {least} are needed", k=k, least=LEAST)
        return BasinsFound(nothing, few if k > 1 else NOTHING_SAID)
    pairs = study.pairs[study.pairs["layer"] == study.layer]
    arranged = arrange(pairs, cohort, study.seeds)
    table = basin_table(
        {key: each.cells(MOVED_SHARE) for key, each in arranged.items()}, study.seeds, min_patients
    )
    few = say("fewer than {n} patients have maps under every training", n=min_patients)
    return BasinsFound(table, few if table.empty else NOTHING_SAID)


def basin_table(cells: Mapping[Key, Cells], seeds: tuple[int, ...], min_patients: int) -> pd.DataFrame:
    """Basins of each architecture and checkpoint, and the moved shares within and between them by method.

    Args:
        cells: of the moved share at one layer, by architecture, layer and method.
        seeds: of the trainings.
        min_patients: a method with fewer patients is left out.

    Returns:
        A row per architecture, checkpoint and method, see BASINS. `groups` names seeds, as `{1, 3}; {2, 5}`.
        Of one basin `within` is the floor, and `between` NaN.
    """
    asked: dict[tuple[str, str], dict[Key, _Trainings]] = {}
    for key, each in cells.items():
        for name, trainings in _trainings(each, len(seeds)):
            if trainings.n_patients >= min_patients:
                asked.setdefault((key[0], name), {})[key] = trainings
    rows = []
    for (arch, name), by_key in asked.items():
        found = find_basins(_together(by_key.values()), len(asked))
        rows += [(arch, name, *key[1:], *_row(trainings, found, seeds)) for key, trainings in by_key.items()]
    return framed(rows, BASINS)


def sentences(found: BasinsFound) -> list[Sentence]:
    """What is known, in plain words: a sentence for each checkpoint with several, one for all others."""
    if found.why_not:
        question = "Do the trainings of one recipe lie in one cloud of maps, or in several?"
        return [say("{question} Not decidable: {why}.", question=question, why=found.why_not)]
    asked = found.table.drop_duplicates(["arch", "checkpoint"])
    several, one = asked[asked["basins"] > 1], asked[asked["basins"] == 1]
    told = [_several(found.table, row) for row in several.to_dict("records")]
    if len(one):
        told.append(
            say(
                "The {k} trainings of {which} lie in one cloud of maps, as far as can be told.",
                k=int(one["n_trainings"].iloc[0]),
                which=[
                    say("{arch} ({checkpoint})", arch=arch, checkpoint=checkpoint(name))
                    for arch, name in zip(one["arch"], one["checkpoint"], strict=True)
                ]
                if len(several)
                else "each architecture",
            )
        )
    return told


def _several(table: pd.DataFrame, row: Mapping[str, object]) -> Sentence:
    own = table[(table["arch"] == row["arch"]) & (table["checkpoint"] == row["checkpoint"])]
    shown = own[own["method"] == REFERENCE] if (own["method"] == REFERENCE).any() else own
    first = shown.iloc[0]
    return say(
        "The {k} trainings of {arch} ({checkpoint}) lie in {n} clouds of maps, seeds {groups} (p = {p:.2g}, "
        "corrected for all architectures and checkpoints). The seed floor is a mixture: by {method} two "
        "trainings of one cloud differ by {within:.2f}, two of different clouds by {between:.2f}.",
        k=row["n_trainings"],
        arch=row["arch"],
        checkpoint=checkpoint(str(row["checkpoint"])),
        n=row["basins"],
        groups=listed(str(row["groups"]).split("; "), " and "),
        method=method(first["method"]),
        within=first["within"],
        between=first["between"],
        p=first["p_corrected"],
    )


def _trainings(cells: Cells, k: int) -> Iterator[tuple[str, _Trainings]]:
    """Of both checkpoints, where several trainings have maps."""
    usable, has_floors = usable_images(cells)
    n_images, n_patients = int(usable.sum()), len(np.unique(cells.patients[usable]))
    both = tuple(zip(*combinations(range(k), 2), strict=True))
    for name, known, pairs in zip(("tl", "ft"), has_floors, (cells.floor_tl, cells.floor_ft), strict=True):
        if known and n_images:
            distances = np.zeros((k, k))
            distances[both] = pairs[usable].mean(axis=0)
            yield name, _Trainings(distances + distances.T, n_images, n_patients)


def _together(by_method: Iterable[_Trainings]) -> np.ndarray:
    """Sum of the methods' distances, each over its mean so that all count alike: squared distances again."""
    return np.sum([each.distances / (each.distances.mean() or 1.0) for each in by_method], axis=0)


def _row(trainings: _Trainings, found: Basins, seeds: tuple[int, ...]) -> tuple[object, ...]:
    k = len(seeds)
    of = np.zeros(k, int)
    for number, group in enumerate(found.groups):
        of[list(group)] = number
    one, other = np.triu_indices(k, 1)
    values, same = trainings.distances[one, other], of[one] == of[other]
    groups = "; ".join(f"{{{', '.join(str(seeds[at]) for at in group)}}}" for group in found.groups)
    several = len(found.groups) > 1
    return (
        *(k, trainings.n_images, trainings.n_patients, len(found.groups), groups),
        *(values.mean(), values[same].mean(), values[~same].mean() if several else float("nan"), found.p),
        "supported" if several else OPEN,
    )
