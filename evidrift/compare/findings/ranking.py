"""Rankings of architectures by stability, and reversals of means between methods, as observations.

Nothing here is a test. A reversal is only that: under one method architecture a has the smaller mean, under
another b. Whether chance explains it is what `claims.decide` asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns
from evidrift.base.sentence import NOTHING_SAID, Sentence, parameter, say
from evidrift.claims.cohort import CommonCohort
from evidrift.drift.oriented import MOVED_SHARE_ALL
from evidrift.drift.tables import Notes
from evidrift.measures.of_pairs import MOVED_SHARE

MEASURE = MOVED_SHARE
# Maps of two methods that are this alike cannot disagree in earnest.
ALIKE = 0.99
# Where the gradient is constant over space these methods' maps coincide, or nearly (docs/design.md, Target
# layers).
SAME_MAP = (
    frozenset({"grad_cam", "hires_cam", "xgrad_cam"}),
    frozenset({"layer_cam", "grad_cam_pp", "grad_cam_pp_unit"}),
)
MEDIAN_AGREEMENT: Schema = columns(str, "", "arch", "layer", "method", "other_method") | columns(
    np.float32, "-1 to 1", "correlation"
)
SCALED, UNIT = "grad_cam_pp", "grad_cam_pp_unit"


@dataclass(frozen=True)
class Ranking:
    """Architectures under one method at one layer.

    Attributes:
        layer: target layer.
        method: attribution method.
        scores: architecture and drift, most stable first.
        unscored: architectures without maps.
        excluded_maps_matter: counting unusable maps as moved wholly changes the order.
    """

    layer: str
    method: str
    scores: tuple[tuple[str, float], ...]
    unscored: tuple[str, ...]
    excluded_maps_matter: bool


@dataclass(frozen=True)
class Reversal:
    """`method` finds `stable` more stable than `other`, `against` finds the opposite.

    Attributes:
        layer: target layer.
        method, against: attribution methods.
        stable, other: architectures.
        scores: drift of stable and other under `method`, then under `against`.
        alike: median correlation of the two methods' maps, the larger of the two architectures'.
        effect_of_confidence: it vanishes under Grad-CAM++'s unit form; None where plain Grad-CAM++ takes no
            part, or the unit form has no score.
        excluded_maps_matter: it vanishes when unusable maps count as moved wholly.
    """

    layer: str
    method: str
    against: str
    stable: str
    other: str
    scores: tuple[float, float, float, float]
    alike: float | None
    effect_of_confidence: bool | None
    excluded_maps_matter: bool

    @property
    def flagged(self) -> bool:
        """The two methods' maps are nearly the same."""
        return self.alike is not None and self.alike > ALIKE


@dataclass(frozen=True)
class Observed:
    """What the means say about the order of architectures.

    Attributes:
        undecidable: why no order is given, as a clause; empty where one is.
        rankings: by layer and method.
        reversals: between methods that are not degenerate.
    """

    undecidable: Sentence
    rankings: tuple[Ranking, ...]
    reversals: tuple[Reversal, ...]


Scores = dict[tuple[str, str], dict[str, float]]


def observe(
    summary: pd.DataFrame,
    architectures: tuple[str, ...],
    seeds: tuple[int, ...],
    cohort: CommonCohort,
    min_patients: int,
    notes: Mapping[str, Notes],
    agreement: pd.Series,
) -> Observed:
    """Rank the architectures by their drift and name the reversals.

    Args:
        summary: from `findings.drift.summarise`.
        architectures: of the grid.
        seeds: of the grid.
        cohort: the common cohort.
        min_patients: fewer decide nothing.
        notes: by architecture.
        agreement: from `median_agreement`.
    """
    if undecidable := _undecidable(len(seeds), cohort.n_patients, min_patients):
        return Observed(undecidable, (), ())
    scores, filled = (_scores(summary, measure) for measure in (MEASURE, MOVED_SHARE_ALL))
    rankings = tuple(
        _ranking(key, scores[key], filled[key], architectures) for key in sorted(scores, key=_order)
    )
    reversals = tuple(_reversals(scores, filled, architectures, notes, agreement))
    return Observed(NOTHING_SAID, rankings, reversals)


def _undecidable(n_seeds: int, n_patients: int, min_patients: int) -> Sentence:
    """Why nothing can be said about the order of architectures; empty where something can."""
    if n_seeds == 1:
        return say(
            "with one seed a difference between architectures cannot be told from the noise between trainings"
        )
    if n_patients < min_patients:
        told = "the common cohort has {n} patients, fewer than {parameter}, {least}"
        return say(told, n=n_patients, parameter=parameter("min_patients"), least=min_patients)
    return NOTHING_SAID


def median_agreement(agreement: pd.DataFrame, cohort: CommonCohort) -> pd.Series:
    """Median correlation of two methods' maps over the common cohort, all seeds and both checkpoints.

    Returns:
        By (arch, layer, method, other_method), the methods in alphabetical order.
    """
    chosen = agreement[agreement["image_id"].isin(cohort.image_ids)]
    keys = [chosen[name].astype(str) for name in MEDIAN_AGREEMENT if name != "correlation"]
    return chosen["correlation"].groupby(keys).median()


def degenerate(layer: str, one: str, other: str, notes: list[Notes]) -> bool:
    """Whether two methods' maps differ by so little at a layer that no reversal may be called."""
    constant = any(note.constant_gradient.get(layer, False) for note in notes)
    return constant and any({one, other} <= group for group in SAME_MAP)


def alike_groups(
    methods: pd.DataFrame, notes: Mapping[str, Notes], agreement: pd.Series
) -> dict[str, list[list[str]]]:
    """Methods that cannot disagree, by layer: degenerate in any architecture, or with maps nearly the same.

    Args:
        methods: columns layer and method, what there is.
        notes: by architecture.
        agreement: from `median_agreement`.
    """
    groups: dict[str, list[list[str]]] = {}
    for layer, rows in methods.groupby("layer", observed=True, sort=False):
        present = sorted(set(rows["method"]))
        constant = any(note.constant_gradient.get(layer, False) for note in notes.values())
        same = [sorted(group & set(present)) for group in SAME_MAP] if constant else []
        for pair in combinations(present, 2):
            likeness = _likeness(agreement, layer, pair, notes) or 0
            if likeness > ALIKE and not any(set(pair) <= set(group) for group in same):
                same.append(list(pair))
        groups[str(layer)] = [group for group in same if len(group) > 1]
    return groups


def _likeness(
    agreement: pd.Series, layer: str, methods: tuple[str, str], architectures: Iterable[str]
) -> float | None:
    """Median correlation of two methods' maps, the architectures' largest; None where there is none."""
    found = [agreement.get((name, layer, *sorted(methods))) for name in architectures]
    return max((float(value) for value in found if value is not None and not pd.isna(value)), default=None)


def _order(key: tuple[str, str]) -> tuple[bool, str, str]:
    """Conclusions rest on `penultimate`: it comes first."""
    return (key[0] != "penultimate", *key)


def _scores(summary: pd.DataFrame, measure: str) -> Scores:
    scores: Scores = {}
    for row in summary[summary["measure"] == measure].itertuples():
        here = scores.setdefault((row.layer, row.method), {})
        if not pd.isna(row.mean):
            here[row.arch] = float(row.mean)
    return scores


def _ranking(
    key: tuple[str, str], scores: dict[str, float], filled: dict[str, float], architectures: tuple[str, ...]
) -> Ranking:
    order = sorted(scores, key=lambda name: scores[name])
    unscored = tuple(name for name in architectures if name not in scores)
    matter = order != sorted(filled, key=lambda name: filled[name])
    return Ranking(*key, tuple((name, scores[name]) for name in order), unscored, matter)


def _reversals(
    scores: Scores,
    filled: Scores,
    architectures: tuple[str, ...],
    notes: Mapping[str, Notes],
    agreement: pd.Series,
) -> list[Reversal]:
    found = []
    keys = sorted(scores, key=_order)
    for (layer, one), (other_layer, two) in combinations(keys, 2):
        if layer != other_layer:
            continue
        for pair in combinations(architectures, 2):
            if degenerate(layer, one, two, [notes[name] for name in pair]):
                continue
            if _reversed(scores, layer, one, two, pair):
                found.append(_reversal(scores, filled, layer, one, two, pair, agreement))
    return found


def _reversed(scores: Scores, layer: str, one: str, two: str, pair: tuple[str, str]) -> bool | None:
    """Whether two methods order a pair of architectures differently; None where a score is missing."""
    first, second = (_lead(scores.get((layer, method), {}), pair) for method in (one, two))
    return None if first is None or second is None else first * second < 0


def _lead(scores: dict[str, float], pair: tuple[str, str]) -> float | None:
    return scores[pair[0]] - scores[pair[1]] if set(pair) <= set(scores) else None


def _reversal(
    scores: Scores,
    filled: Scores,
    layer: str,
    one: str,
    two: str,
    pair: tuple[str, str],
    agreement: pd.Series,
) -> Reversal:
    here, there = scores[layer, one], scores[layer, two]
    stable, other = sorted(pair, key=lambda name: here[name])
    return Reversal(
        layer=layer,
        method=one,
        against=two,
        stable=stable,
        other=other,
        scores=(here[stable], here[other], there[stable], there[other]),
        alike=_likeness(agreement, layer, (one, two), pair),
        effect_of_confidence=_vanishes_under_unit_form(scores, layer, one, two, pair),
        excluded_maps_matter=not _reversed(filled, layer, one, two, pair),
    )


def _vanishes_under_unit_form(
    scores: Scores, layer: str, one: str, two: str, pair: tuple[str, str]
) -> bool | None:
    if SCALED not in (one, two):
        return None
    one, two = (UNIT if method == SCALED else method for method in (one, two))
    still = _reversed(scores, layer, one, two, pair)
    return None if still is None else not still
