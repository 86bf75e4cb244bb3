"""From the drift tables to claims with verdicts, intervals and the probability of each order."""

from dataclasses import replace

import numpy as np
import pandas as pd

from evidrift.base.sentence import say
from evidrift.claims.cells import AllQuantities
from evidrift.claims.claim import Claim, Rules
from evidrift.claims.decide import least_decided, make_claims
from evidrift.claims.estimate import ESTIMANDS
from evidrift.claims.orders import draws, order_table, tau_table
from evidrift.claims.quantities import Quantities
from evidrift.compare.caveat import Caveat
from evidrift.compare.findings.ranking import MEASURE, Observed, degenerate
from evidrift.compare.params import Compare
from evidrift.compare.study import Study
from evidrift.drift.oriented import MOVED_SHARE_ALL

ANOTHER_VERDICT = say("Counting maps that cannot be used as moved wholly gives another verdict.")


def conclude(
    study: Study, quantities: AllQuantities, observed: Observed, found: tuple[Caveat, ...], params: Compare
) -> tuple[Claim, ...]:
    """Every claim with its verdict and the caveats that apply; again with unusable maps as moved wholly."""
    rules = Rules(params.min_patients, params.margin, params.preserved)
    methods = sorted({method for (_, layer, method), _ in quantities if layer == study.layer})

    def same(one: str, other: str, pair: tuple[str, str]) -> bool:
        return degenerate(study.layer, one, other, [study.notes[name] for name in pair])

    claims: list[Claim] = []
    for estimand in ESTIMANDS:
        first, again = (
            make_claims(each, study.architectures, methods, rules, same, estimand)
            for each in (_at(quantities, study.layer, measure) for measure in (MEASURE, MOVED_SHARE_ALL))
        )
        claims += least_decided(first, again, ANOTHER_VERDICT)
    return tuple(_warned(claim, study.layer, observed, found) for claim in claims)


def _at(quantities: AllQuantities, at: str, measure: str) -> dict[tuple[str, str], Quantities]:
    """One measure's quantities at one layer, by architecture and method."""
    return {
        (arch, method): each
        for ((arch, layer, method), name), each in quantities.items()
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


def order_of(quantities: AllQuantities, taus: pd.DataFrame, layer: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Probabilities of the orders, and Kendall's tau with its interval, at the layer of conclusions."""
    known = {
        key: each.drift
        for key, each in _at(quantities, layer, MEASURE).items()
        if each.drift and each.drift.seeds_known and each.drift.n_patients > 1
    }
    methods = sorted({method for _, method in known})
    drawn = draws(known) if known else np.empty((0, 0))
    orders, agreement = (table(known, methods, drawn) for table in (order_table, tau_table))
    at = taus["layer"] == layer
    keys = ["method", "other_method"]
    return orders, pd.concat([taus[at].merge(agreement, on=keys, how="left"), taus[~at]], ignore_index=True)
