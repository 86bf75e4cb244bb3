"""How sure the order of architectures is: the probability of each order, and of agreement between methods.

The drifts of all architectures and methods are drawn around their estimates from one
multivariate t distribution, with the covariance over patients and seeds that the recipe's intervals rest on.
The share of draws in which an order occurs is called its probability, as with a flat prior.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from evidrift.base.interval import CONFIDENCE
from evidrift.base.schema import Schema, columns, framed
from evidrift.base.seeds import stream
from evidrift.claims.estimate import Part, Quantity, moderated, seed_part

DRAWS = 10_000
ORDERS: Schema = columns(str, "", "method", "order") | columns(np.float64, "0 to 1", "probability")
TAUS: Schema = (
    columns(str, "", "method", "other_method")
    | columns(np.float64, "-1 to 1", "tau_low", "tau_high")
    | columns(np.float64, "probability, 0 to 1", "same_order")
)
Quantities = Mapping[tuple[str, str], Quantity]  # by architecture and method


def draws(quantities: Quantities) -> np.ndarray:
    """Plausible true values, (DRAWS, quantities) in the mapping's order.

    Args:
        quantities: at least one, whose noise between trainings is known.
    """
    parts = list(quantities.values())
    return stats.multivariate_t.rvs(
        loc=[part.value for part in parts],
        shape=covariance(quantities),
        df=min(_seeds(part).df for part in moderated(quantities).values()),
        size=DRAWS,
        random_state=stream("orders"),
    ).reshape(DRAWS, len(parts))


def covariance(quantities: Quantities) -> np.ndarray:
    """Covariance of the quantities under the recipe, with the variances that `estimate` has.

    Patients are shared by all quantities; trainings by those of one architecture.
    """
    names = [arch for arch, _ in quantities]
    parts = list(quantities.values())
    n = min(part.n_patients for part in parts)
    n_seeds = parts[0].n_seeds
    by_patient = np.stack([part.weights.mean(axis=1) for part in parts])
    patients = by_patient @ by_patient.T * n / (n - 1)
    by_seed = np.stack([part.weights.sum(axis=0) for part in parts])
    by_seed -= by_seed.mean(axis=1, keepdims=True)
    seeds = by_seed @ by_seed.T / (n_seeds - 1) / n_seeds
    # correlations between methods are those seen, variances those moderated over architectures
    found = np.array([_seeds(part).variance for part in moderated(quantities).values()])
    own = np.diag(seeds)
    factor = np.sqrt(np.divide(found, own, out=np.zeros_like(found), where=own > 0))
    same = np.equal.outer(np.array(names), np.array(names))
    seeds = np.where(same, seeds * np.outer(factor, factor), 0)
    return patients + np.where(np.eye(len(parts), dtype=bool), np.diag(found), seeds)


def _seeds(part: Quantity) -> Part:
    return part.seeds or seed_part(part)


def order_table(quantities: Quantities, methods: Sequence[str], drawn: np.ndarray) -> pd.DataFrame:
    """The probability of each order of the architectures that was drawn.

    Returns:
        method, order (`a < b < c`, the most stable first), probability; by method, the likeliest first.
    """
    keys = list(quantities)
    rows = []
    for method in methods:
        own = [at for at, key in enumerate(keys) if key[1] == method]
        names = np.array([keys[at][0] for at in own])
        orders, counts = np.unique(np.argsort(drawn[:, own], axis=1), axis=0, return_counts=True)
        for at in np.argsort(-counts, kind="stable"):
            rows.append((method, " < ".join(names[orders[at]]), counts[at] / len(drawn)))
    return framed(rows, ORDERS)


def tau_table(quantities: Quantities, methods: Sequence[str], drawn: np.ndarray) -> pd.DataFrame:
    """Kendall's tau between the orders under two methods, over the draws.

    Returns:
        method, other_method, tau_low, tau_high (95 % of the draws lie between), same_order (probability that
        both methods order the architectures alike); for methods with at least two architectures in common.
    """
    at = {key: place for place, key in enumerate(quantities)}
    rows = []
    for one, other in combinations(methods, 2):
        both = [arch for arch, method in at if method == one and (arch, other) in at]
        if len(both) < 2:
            continue
        signs = [
            [np.sign(drawn[:, at[a, method]] - drawn[:, at[b, method]]) for a, b in combinations(both, 2)]
            for method in (one, other)
        ]
        taus = np.mean(np.multiply(*map(np.stack, signs)), axis=0)  # no ties among draws
        low, high = np.quantile(taus, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], method="nearest")
        rows.append((one, other, float(low), float(high), float(np.mean(taus == 1))))
    return framed(rows, TAUS)
