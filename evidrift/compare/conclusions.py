"""From the drift tables to claims with verdicts, intervals and the probability of each order."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from evidrift.claims.cells import Key, arrange
from evidrift.claims.claim import Claim, Rules
from evidrift.claims.cohort import CommonCohort
from evidrift.claims.decide import least_decided, make_claims
from evidrift.claims.estimate import ESTIMANDS, Estimand, estimate
from evidrift.claims.excess import Excess, excess
from evidrift.claims.orders import draws, order_table, tau_table
from evidrift.compare.caveats import Caveat
from evidrift.compare.findings.drift import DRIFT
from evidrift.compare.findings.ranking import MEASURE, Observed, degenerate
from evidrift.compare.params import Compare
from evidrift.compare.study import Study
from evidrift.drift.oriented import OVERLAP_ALL

INTERVALS: dict[Estimand, tuple[str, str]] = {
    "recipe": ("low", "high"),
    "these checkpoints": ("fixed_low", "fixed_high"),
}


Excesses = Mapping[tuple[Key, str], Excess]  # by architecture, layer and method, and by measure


def excesses_of(study: Study, cohort: CommonCohort) -> Excesses:
    """Drift, floor, chance and excess of everything that was measured on the common cohort."""
    arranged = arrange(study.pairs, cohort, study.seeds)
    return {
        (key, measure): excess(each.cells(measure))
        for key, each in arranged.items()
        for measure in each.measures
    }


def with_intervals(drift: pd.DataFrame, excesses: Excesses) -> pd.DataFrame:
    """The summary with 95 % intervals of the normalised excess: of the recipe, and of these checkpoints.

    Chance and the normalised excess become those of the claims, so that a value and its interval are of one
    estimate: where images have unlike numbers of partners, as when few were explained, the claims weigh
    chance by pairs, the summary by images.
    """
    rows = []
    for key in drift[["arch", "layer", "method", "measure"]].astype(str).itertuples(index=False, name=None):
        mine = excesses.get((key[:3], key[3]))
        quantity = mine.normalised if mine else None
        row = {
            name: bound
            for estimand in ESTIMANDS
            for name, bound in zip(
                INTERVALS[estimand],
                estimate([quantity], estimand).interval() if quantity else (float("nan"),) * 2,
                strict=True,
            )
        }
        if mine and mine.chance:
            row["chance"] = mine.chance.value
        if quantity:
            row["normalised"] = quantity.value
        rows.append(row)
    found = pd.DataFrame(rows, index=drift.index)
    same = drift.assign(
        **{
            name: found[name].fillna(drift[name])
            for name in ("chance", "normalised")
            if name in found.columns
        }
    )
    ends = found[[name for names in INTERVALS.values() for name in names]]
    return same.join(ends)[list(DRIFT)]


def conclude(
    study: Study, excesses: Excesses, observed: Observed, found: tuple[Caveat, ...], params: Compare
) -> tuple[Claim, ...]:
    """Every claim with its verdict and the caveats that apply; again with unusable maps as overlap 0."""
    rules = Rules(params.min_patients, params.margin)
    methods = sorted({method for (_, layer, method), _ in excesses if layer == study.layer})

    def same(one: str, other: str, pair: tuple[str, str]) -> bool:
        return degenerate(study.layer, one, other, [study.notes[name] for name in pair])

    claims: list[Claim] = []
    for estimand in ESTIMANDS:
        first, again = (
            make_claims(each, study.architectures, methods, rules, same, estimand)
            for each in (_at(excesses, study.layer, measure) for measure in (MEASURE, OVERLAP_ALL))
        )
        claims += least_decided(
            first, again, "Counting maps that cannot be used as overlap 0 gives another verdict."
        )
    return tuple(_warned(claim, study.layer, observed, found) for claim in claims)


def _at(excesses: Excesses, at: str, measure: str) -> dict[tuple[str, str], Excess]:
    """One measure's excess at one layer, by architecture and method."""
    return {
        (arch, method): each
        for ((arch, layer, method), name), each in excesses.items()
        if (layer, name) == (at, measure)
    }


def _warned(claim: Claim, layer: str, observed: Observed, found: tuple[Caveat, ...]) -> Claim:
    keys = [caveat.key for caveat in found if caveat.applies(claim)]
    for each in observed.reversals if claim.kind == "reversal" else ():
        about = (each.layer, {each.method, each.against}, {each.stable, each.other})
        if about == (layer, {claim.method, claim.against}, {claim.arch, claim.other}):
            flags = {"effect_of_confidence": each.effect_of_confidence, "maps_alike": each.flagged}
            keys += [key for key, applies in flags.items() if applies]
    return replace(claim, warnings=tuple(dict.fromkeys(keys)))


def order_of(excesses: Excesses, taus: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Probabilities of the orders, and Kendall's tau with its interval, at the layer of conclusions."""
    known = {
        key: each.normalised
        for key, each in _at(excesses, layer, MEASURE).items()
        if each.normalised and each.normalised.seeds_known and each.normalised.n_patients > 1
    }
    methods = sorted({method for _, method in known})
    drawn = draws(known) if known else np.empty((0, 0))
    orders, agreement = (table(known, methods, drawn) for table in (order_table, tau_table))
    at = taus["layer"] == layer
    keys = ["method", "other_method"]
    return orders, pd.concat([taus[at].merge(agreement, on=keys, how="left"), taus[~at]], ignore_index=True)
