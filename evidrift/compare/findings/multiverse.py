"""Do the claims survive the choices? The paper's question again under every reasonable choice.

A study has one layer, measure, area and cohort; others are as reasonable. So each difference and reversal of
LayerCAM and Grad-CAM++ is estimated again under all of them, at the level of the claim's own family: what
would stand beside the verdict, had the study chosen otherwise (a multiverse, Steegen et al. 2016; the
specification curve, Simonsohn et al. 2020). Choices share their images and trainings: the share of choices
that agree counts choices, not evidence.

**Reasonable** are: both target layers, where `last` is the one depth that all architectures have in common,
so that grids and depths that differ at `penultimate` are seen to matter or not; the moved share at every area
that was measured and on a grid no finer than any network's, displacement, correlation, Spearman's
correlation, concentration, and where two grids are equal the literature's IoU at half the maximum, which
other grids make incomparable (docs/measures.md); and the images right in every checkpoint of all
architectures, of the two, or these with every class counting alike. Left out are measures that say the same
again (overlap is a function of the moved share without ties, entropy asks what concentration asks) or are not
fair to grids (SSIM), and reversals where the two methods cannot disagree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.schema import Schema, columns, framed
from evidrift.base.sentence import Sentence, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.cells import AllQuantities, arrange, quantities_in
from evidrift.claims.claim import ALPHA, Claim, Rules
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.claims.quantities import Quantities
from evidrift.claims.testing import PRIMARY, Noise, Tested, difference, noise_of, reversal
from evidrift.compare.findings.choices import (
    ABOUT,
    NONE,
    OPPOSITE,
    OPPOSITE_OPEN,
    SAME,
    SAME_OPEN,
    SAYS,
    UNKNOWN,
    WARNING,
    Choice,
    agreeing,
    column_of,
)
from evidrift.compare.findings.ranking import degenerate
from evidrift.compare.study import Study
from evidrift.drift.pairs import SCALE
from evidrift.drift.tables import measures_of
from evidrift.measures.of_pairs import MOVED_SHARE, ON_COARSE_GRID

# Beside the moved share at every area.
MEASURES = (ON_COARSE_GRID, "displacement", "correlation", "spearman", "concentration")
OF_EQUAL_GRIDS = ("iou_half_max",)
# A class with fewer patients does not count as much as the others: one film would decide.
FEWEST = 5
NAMED = 2  # choices in a warning; the rest are counted
MULTIVERSE: Schema = (
    columns(str, "", *ABOUT, "layer", "measure", "cohort")
    | columns(str, "by the study's own choice, by `method`", "stable")
    | columns(np.bool_, "the study's own choice", "own")
    | columns(np.float64, "of the measure; above 0 as by the study's own choice", "lead", "low", "high")
    | columns(np.float64, "mean of both architectures, of the measure", "drift")
    | columns(np.int64, "", "n_images", "n_patients")
    | columns(str, "one of SAYS", "says")
)
ROBUSTNESS: Schema = (
    columns(str, "", *ABOUT, "verdict")
    | columns(np.int64, "", "choices", *(column_of(each) for each in SAYS))
    | columns(np.float64, "share of the choices that can be decided, 0 to 1", "agree")
    | columns(str, "choices that show the opposite", "turned_by")
)


@dataclass(frozen=True)
class Contradiction:
    """A claim of which some choice shows the opposite."""

    about: tuple[str, ...]
    sentence: Sentence


def multiverse(
    study: Study, found: AllQuantities, claims: Sequence[Claim], rules: Rules, own_cohort: str = "all"
) -> pd.DataFrame:
    """Each primary difference and reversal under every reasonable choice.

    Args:
        study: that was compared.
        found: its quantities on the cohort common to all.
        claims: that were made; those about the recipe of LayerCAM and Grad-CAM++ are asked again.
        rules: when a claim is decided.
        own_cohort: the cohort that the claims rest on.

    Returns:
        A row per claim and choice. `lead`, with its interval at the claim's own level: of a difference, by
        how much less that architecture drifts which is the more stable by the study's own choice; of a
        reversal, the smaller of its two leads: at or below 0 where none is observed, and minus that of the
        reversal the other way round where that one is.
    """
    asked = [
        claim
        for claim in claims
        if claim.estimand == "recipe"
        and claim.kind in ("difference", "reversal")
        and {claim.method, claim.against} - {""} <= PRIMARY
        and np.isfinite(_direction(claim))
    ]
    order = study.architectures.index
    asked.sort(key=lambda claim: (*map(order, _pair(claim)), claim.kind, claim.method != "layer_cam"))
    grids = study.pairs.groupby(["arch", "layer"], observed=True)["grid"].first().astype(str)
    rows = []
    for pair, own in groupby(asked, key=_pair):
        about = list(own)
        for cohort, measured in _cohorts(study, found, pair):
            for layer, measure in _choices(study, pair, grids):
                here = {
                    (arch, method): each
                    for ((arch, at, method), name), each in measured.items()
                    if (at, name) == (layer, measure)
                }
                noise, choice = noise_of(here), Choice(layer, measure, cohort)
                own_choice = choice == (study.layer, MOVED_SHARE, own_cohort)
                rows += [
                    row | {"own": own_choice}
                    for claim in about
                    if (row := _row(study, claim, choice, here, noise, rules))
                ]
    return framed(rows, MULTIVERSE)


def robustness(multiverse: pd.DataFrame, claims: Sequence[Claim]) -> pd.DataFrame:
    """How many choices say the same of each claim, and which turn it.

    Returns:
        A row per claim: its verdict; how many choices say what; `agree`, the share of those that can be
        decided whose estimate points the same way (`choices.agreeing`); `turned_by`, those that show the
        opposite.
    """
    verdicts = {_about(claim): claim.verdict for claim in claims if claim.estimand == "recipe"}
    rows = []
    for about, own in multiverse.groupby(list(ABOUT), sort=False):
        counts = own["says"].value_counts()
        decided = own[own["says"] != UNKNOWN]
        turned = own[own["says"] == OPPOSITE]
        rows.append(
            dict(zip(ABOUT, about, strict=True))
            | {column_of(each): int(counts.get(each, 0)) for each in SAYS}
            | {
                "verdict": verdicts[about],
                "choices": len(own),
                "agree": float(agreeing(own)[decided.index].mean()) if len(decided) else np.nan,
                "turned_by": "; ".join(each.words for each in _choices_of(turned)),
            }
        )
    return framed(rows, ROBUSTNESS)


def warned(claims: Sequence[Claim], found: Sequence[Contradiction]) -> tuple[Claim, ...]:
    """The claims, with a warning on those of which some choice shows the opposite."""
    turned = {each.about for each in found}
    return tuple(
        replace(claim, warnings=(*claim.warnings, WARNING))
        if claim.estimand == "recipe" and _about(claim) in turned
        else claim
        for claim in claims
    )


def contradictions(multiverse: pd.DataFrame, claims: Sequence[Claim]) -> Iterator[Contradiction]:
    """Claims that are supported, or by another choice would be, and the other way round by yet another."""
    by_key = {_about(claim): claim for claim in claims if claim.estimand == "recipe"}
    for about, own in multiverse.groupby(list(ABOUT), sort=False):
        turned = _choices_of(own[own["says"] == OPPOSITE])
        if not turned or not (own["says"] == SAME).any():
            continue
        claim = by_key[about]
        named = [each.words for each in turned[:NAMED]]
        rest = f" and by {len(turned) - NAMED} more" if len(turned) > NAMED else ""
        told = "{what}: of {n} reasonable choices {same} it, {turned} the opposite ({named}{rest})."
        yield Contradiction(
            about,
            say(
                told,
                what=_what(claim),
                n=len(own),
                same=_show(int((own["says"] == SAME).sum())),
                turned=_show(len(turned)),
                named="; ".join(named),
                rest=rest,
            ),
        )


def _show(n: int) -> str:
    return f"{n} {'shows' if n == 1 else 'show'}"


def _what(claim: Claim) -> Sentence:
    """The claim as the study's own choice observes it."""
    other = next(each for each in _pair(claim) if each != _stable(claim))
    terms = {"stable": _stable(claim), "other": other, "method": as_term(claim.method)}
    if claim.kind == "difference":
        return say("{stable} more stable than {other} by {method}", **terms)
    told = "{stable} more stable than {other} by {method}, less by {against}"
    return say(told, **terms, against=as_term(claim.against))


def _stable(claim: Claim) -> str:
    return claim.arch if _direction(claim) < 0 else claim.other


def _direction(claim: Claim) -> float:
    """Below 0 where `arch` is the more stable, under `method` if it is a reversal."""
    return claim.interaction if claim.kind == "reversal" else claim.estimate


def _pair(claim: Claim) -> tuple[str, str]:
    return claim.arch, claim.other


def _about(claim: Claim) -> tuple[str, ...]:
    return tuple(getattr(claim, name) for name in ABOUT)


def _choices_of(rows: pd.DataFrame) -> list[Choice]:
    return [Choice(*row) for row in rows[list(Choice._fields)].itertuples(index=False, name=None)]


def _is_area(measure: str) -> bool:
    return measure.startswith(f"{MOVED_SHARE}_") and measure != ON_COARSE_GRID


def _choices(study: Study, pair: tuple[str, str], grids: pd.Series) -> Iterator[tuple[str, str]]:
    """Layers that both have, and the measures that are comparable there; the study's own first."""
    layers = [layer for layer in grids[pair[0]].index if layer in grids[pair[1]].index]
    there = measures_of(study.pairs.columns)
    areas = [MOVED_SHARE, *sorted(filter(_is_area, there), key=lambda name: float(name.split("_")[-1]))]
    for layer in sorted(layers, key=lambda name: (name != study.layer, name)):
        equal = grids[pair[0]][layer] == grids[pair[1]][layer]
        for measure in (*areas, *MEASURES, *(OF_EQUAL_GRIDS if equal else ())):
            yield str(layer), measure


def _cohorts(
    study: Study, found: AllQuantities, pair: tuple[str, str]
) -> Iterator[tuple[str, AllQuantities]]:
    """The quantities of two architectures on each cohort; noise of trainings is that of all on the first."""
    yield "all", found
    pairs = study.pairs[study.pairs["arch"].isin(pair) & ~study.pairs["pair_kind"].isin(SCALE)]
    cohort = common_cohort(pairs)
    if not cohort.image_ids:
        return
    arranged = arrange(pairs, cohort, study.seeds)
    if len(study.architectures) > 2:
        yield "pair", quantities_in(arranged)
    enough = _of_classes(pairs, cohort)
    if enough.image_ids != cohort.image_ids:
        arranged = arrange(pairs, enough, study.seeds)
    if enough.image_ids:
        yield "classes", quantities_in(arranged, by_class=True)


def _of_classes(pairs: pd.DataFrame, cohort: CommonCohort) -> CommonCohort:
    """The cohort's images of classes with enough patients."""
    images = cohort.select(pairs).drop_duplicates("image_id")
    patients = images.groupby("label", observed=True)["patient_id"].nunique()
    kept = images[images["label"].isin(patients.index[patients >= FEWEST])]
    return CommonCohort(tuple(sorted(kept["image_id"].astype(str))), kept["patient_id"].nunique())


def _row(
    study: Study,
    claim: Claim,
    choice: Choice,
    measured: Mapping[tuple[str, str], Quantities],
    noise: Noise,
    rules: Rules,
) -> dict[str, Any] | None:
    """One claim under one choice; None where the choice does not allow it."""
    pair, methods = _pair(claim), [each for each in (claim.method, claim.against) if each]
    if any((name, method) not in measured for name in pair for method in methods):
        return None
    if claim.kind == "reversal":
        both = (claim.method, claim.against)
        if degenerate(choice.layer, *both, [study.notes[name] for name in pair]):
            return None
        tested = reversal(measured, noise, pair, both, rules)
    else:
        tested = difference(measured, noise, pair, claim.method, rules, "recipe")
    lead, low, high = _lead(claim, tested)
    drifts = [each.drift.value for name in pair for m in methods if (each := measured[name, m]).drift]
    return (
        dict(zip(ABOUT, _about(claim), strict=True))
        | choice._asdict()
        | {"stable": _stable(claim)}
        | {"lead": lead, "low": low, "high": high, "drift": float(np.mean(drifts)) if drifts else np.nan}
        | {"n_images": tested.claim.n_images, "n_patients": tested.claim.n_patients}
        | {"says": _says(claim, tested, lead, low, high)}
    )


def _lead(claim: Claim, tested: Tested) -> tuple[float, float, float]:
    """Estimate and interval, above 0 as by the study's own choice."""
    value = tested.claim.estimate
    low, high = tested.interval(ALPHA / max(claim.n_claims, 1)) if tested.interval else (np.nan, np.nan)
    if claim.kind == "reversal":
        turned = _direction(tested.claim) * _direction(claim) < 0 < value
    else:
        turned = _direction(claim) < 0  # a lead of `arch` is a difference below 0
    return (-value, -high, -low) if turned else (value, low, high)


def _says(claim: Claim, tested: Tested, lead: float, low: float, high: float) -> str:
    if tested.obstacle or not np.isfinite([lead, low, high]).all():
        return UNKNOWN
    if claim.kind == "reversal" and tested.claim.estimate <= 0:
        return NONE
    if lead > 0:
        return SAME if low > 0 else SAME_OPEN
    return OPPOSITE if high < 0 else OPPOSITE_OPEN
