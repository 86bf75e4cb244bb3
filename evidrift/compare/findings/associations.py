"""Does an image's drift go with something else about the image? Spearman's correlation over patients.

An association is an observation: nothing here says that one makes the other. It is secondary
(docs/design.md, Drift), an interval without a verdict, at 95 % each and not corrected for
their number. Seeds are fixed: it speaks of these checkpoints. It is measured within one architecture, on that
architecture's own images that are right in both checkpoints of every seed, at the layer that conclusions rest
on, by the moved share.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax
from scipy.stats import bootstrap

from evidrift.base.interval import CONFIDENCE
from evidrift.base.schema import Schema, columns, framed
from evidrift.base.seeds import stream
from evidrift.compare.findings.logits import Logits
from evidrift.drift.oriented import as_drift
from evidrift.measures.of_pairs import MOVED_SHARE

RESAMPLES = 1000
# Numbers in an array that stays in a core's cache: draws are taken in portions of this size.
CACHED = 25_000
# Share of the sample's size below which a spread of ranks is rounding.
NOTHING = 1e-9
KINDS = {"drift": "drift", "seed_ft": "floor"}
# The attributes of `Association`, by what goes with drift.
ASSOCIATIONS: Schema = (
    columns(str, "", "arch", "layer", "method", "property")
    | columns(np.float64, "-1 to 1", "correlation", "low", "high", "within", "within_low", "within_high")
    | columns(np.int64, "", "n_patients", "n_images", "n_values")
    | columns(str, "", "reason")
)


@dataclass(frozen=True)
class Association:
    """How two properties of images go together.

    Attributes:
        correlation: Spearman's over images, each patient counting once; -1 to 1.
        low, high: its 95 % interval.
        within, within_low, within_high: likewise of the ranks less their class's mean rank, so that what
            differs between classes alone doesn't count; NaN where nothing varies within any class.
        n_patients, n_images: with both properties.
        n_values: distinct values of the second property.
        reason: why the numbers above are NaN; else empty.
    """

    correlation: float
    low: float
    high: float
    within: float
    within_low: float
    within_high: float
    n_patients: int
    n_images: int
    n_values: int
    reason: str


def associate(
    one: np.ndarray,
    other: np.ndarray,
    classes: np.ndarray,
    patients: np.ndarray,
    min_patients: int,
    *names: str,
) -> Association:
    """Spearman's correlation over images with an interval by bootstrap over patients.

    Every patient counts once, its images share that; patients are drawn with all of their images. So many
    images of one patient neither dominate the correlation nor make the interval narrower. A draw in which
    nothing varies shows no association and counts as 0.

    Args:
        one: (n,) a property of each image; images without a finite value are left out.
        other: (n,) another, likewise.
        classes: (n,) each image's label.
        patients: (n,) each image's patient.
        min_patients: fewer decide nothing.
        names: of the random stream.
    """
    known = np.flatnonzero(np.isfinite(one) & np.isfinite(other))
    known = known[np.argsort(classes[known], kind="stable")]
    one, other = one[known], other[known]
    of_class, of_patient = (np.unique(each[known], return_inverse=True)[1] for each in (classes, patients))
    n_patients = len(np.unique(of_patient))
    reason = _undecidable(one, other, n_patients, min_patients)
    numbers = np.full((2, 3), np.nan)
    if not reason:
        numbers = _bootstrapped(one, other, of_class, of_patient, stream("association", *names))
    (correlation, low, high), (within, within_low, within_high) = numbers.tolist()
    return Association(
        correlation=correlation,
        low=low,
        high=high,
        within=within,
        within_low=within_low,
        within_high=within_high,
        n_patients=n_patients,
        n_images=len(one),
        n_values=len(np.unique(other)),
        reason=reason,
    )


def _bootstrapped(
    one: np.ndarray,
    other: np.ndarray,
    of_class: np.ndarray,
    of_patient: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Correlation, low, high: over all and within classes, (2, 3)."""
    n_images = np.bincount(of_patient)
    everyone = np.arange(len(n_images))

    def statistic(drawn: np.ndarray, axis: int) -> np.ndarray:
        del axis  # always the last one
        times = _times(np.atleast_2d(drawn), len(n_images)).T / n_images[:, None]
        return spearman(times[of_patient], one, other, of_class).reshape(2, *drawn.shape[:-1])

    interval = bootstrap(
        (everyone,),
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, CACHED // len(one)),
        vectorized=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=random,
    ).confidence_interval
    numbers = np.stack([statistic(everyone, -1), interval.low, interval.high], axis=-1)
    if not (_varies_within(one, of_class) and _varies_within(other, of_class)):
        numbers[1] = np.nan
    return numbers


def _undecidable(one: np.ndarray, other: np.ndarray, n_patients: int, min_patients: int) -> str:
    needed = max(min_patients, 2)  # a single patient leaves nothing to draw from
    if n_patients < needed:
        return f"{n_patients} patients, {needed} are needed"
    varies = len(np.unique(one)) > 1 and len(np.unique(other)) > 1
    return "" if varies else "one of both is the same for all images"


def _varies_within(values: np.ndarray, of_class: np.ndarray) -> bool:
    return any(np.ptp(values[of_class == each]) > 0 for each in np.unique(of_class))


def _times(drawn: np.ndarray, n: int) -> np.ndarray:
    """How often each of 0 .. n - 1 stands in each row, (rows, n)."""
    offsets = n * np.arange(len(drawn))[:, None]
    return np.bincount((drawn + offsets).ravel(), minlength=n * len(drawn)).reshape(len(drawn), n)


def spearman(weights: np.ndarray, one: np.ndarray, other: np.ndarray, of_class: np.ndarray) -> np.ndarray:
    """Spearman's correlation of samples in which image i counts weights[i] times.

    Ranks are of the weighted sample: ties, repeated images among them, have their mean rank. As resamples
    repeat the same images, sorting once is enough. Within classes it is the correlation of the ranks less
    their class's mean: the partial rank correlation given the class. 0 where nothing varies.

    Args:
        weights: (n, samples), none below 0.
        one: (n,).
        other: (n,).
        of_class: (n,) index, rising.

    Returns:
        (2, samples): over all, within classes.
    """
    x, y = _centred_ranks(weights, one), _centred_ranks(weights, other)
    starts = np.flatnonzero(np.diff(of_class, prepend=-1))
    size = np.maximum(np.add.reduceat(weights, starts, axis=0), np.finfo(np.float64).tiny)
    means = [np.add.reduceat(weights * ranks, starts, axis=0) / size for ranks in (x, y)]
    within = _correlation(weights, x - means[0][of_class], y - means[1][of_class])
    return np.stack([_correlation(weights, x, y), within])


def _correlation(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of values whose mean is 0, (samples,)."""
    weighted = weights * x
    scale = np.sqrt((weighted * x).sum(axis=0) * (weights * y * y).sum(axis=0))
    # ranks that differ do so by much more than what is left of equal ones by rounding
    varies = scale > NOTHING * weights.sum(axis=0)
    return np.divide((weighted * y).sum(axis=0), scale, out=np.zeros_like(scale), where=varies)


def _centred_ranks(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean ranks less their mean, (n, samples)."""
    order = np.argsort(values, kind="stable")
    distinct, group = np.unique(values, return_inverse=True)
    tied = np.add.reduceat(weights[order], np.searchsorted(values[order], distinct), axis=0)
    ranks = np.cumsum(tied, axis=0) - tied / 2
    # the mean of mean ranks is always half of the sample's size
    return (ranks - tied.sum(axis=0) / 2)[group]


def image_drifts(pairs: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Each image's drift and seed floor, means over seeds and over pairs of seeds.

    Args:
        pairs: drift tables.
        layer: that conclusions rest on.

    Returns:
        A row per arch, layer, method and image_id with a drift pair: patient_id, label, drift and floor, the
        seed floor of ft (NaN with one seed, and where nothing could be measured).
    """
    keys = ["arch", "layer", "method", "image_id", "patient_id", "label"]
    rows = pairs[(pairs["layer"] == layer) & pairs["pair_kind"].isin(list(KINDS))]
    named = rows[[*keys, "pair_kind"]].astype(str).assign(value=as_drift(rows)[MOVED_SHARE])
    means = named.groupby([*keys, "pair_kind"])["value"].mean().unstack("pair_kind")
    return means.reindex(columns=list(KINDS)).rename(columns=KINDS).rename_axis(columns=None).reset_index()


def associations(drifts: pd.DataFrame, properties: pd.DataFrame, min_patients: int) -> pd.DataFrame:
    """The association of drift with each property, by architecture and method.

    Args:
        drifts: from `image_drifts`.
        properties: arch, image_id, and a column a property; its images are the ones that count.
        min_patients: fewer decide nothing.

    Returns:
        A row per arch, layer, method and property, with the attributes of `Association`.
    """
    names = [name for name in properties.columns if name not in ("arch", "image_id")]
    keys = ["arch", "layer", "method"]
    every = drifts[keys].drop_duplicates()
    joined = dict(list(drifts.merge(properties, on=["arch", "image_id"]).groupby(keys)))
    rows = []
    for arch, layer, method in every.itertuples(index=False, name=None):
        images = joined.get((arch, layer, method), drifts.iloc[:0].reindex(columns=[*drifts.columns, *names]))
        drift = images["drift"].to_numpy(float)
        labels, patients = images["label"].to_numpy(str), images["patient_id"].to_numpy(str)
        for name in names:
            other = images[name].to_numpy(float)
            found = associate(drift, other, labels, patients, min_patients, arch, method, name)
            rows.append({"arch": arch, "layer": layer, "method": method, "property": name} | asdict(found))
    return framed(rows, ASSOCIATIONS)


def score_changes(logits: Mapping[str, Logits]) -> pd.DataFrame:
    """How far fine-tuning moved each image's score, for the images right in both checkpoints of every seed.

    Returns:
        A row per arch and image_id: `centred_logit` and `probability`, the mean over seeds of the absolute
        change of the label's z_c - mean_j z_j (0 to infinity) and of its softmax (0 to 1).
    """
    return pd.concat([_changes(name, each) for name, each in logits.items()], ignore_index=True)


def _changes(name: str, logits: Logits) -> pd.DataFrame:
    at = (slice(None), slice(None), np.arange(len(logits.labels)), logits.labels)
    centred = (logits.values - logits.values.mean(axis=-1, keepdims=True))[at]
    probability = softmax(logits.values, axis=-1)[at]
    changes = {
        "centred_logit": np.abs(centred[1] - centred[0]).mean(axis=0),
        "probability": np.abs(probability[1] - probability[0]).mean(axis=0),
    }
    table = pd.DataFrame({"arch": name, "image_id": logits.image_ids, **changes})
    return table[logits.right]


def answer(table: pd.DataFrame, what: str) -> str:
    """What a table of associations says, in a few plain sentences.

    Args:
        table: from `associations`, of one property.
        what: the property in words, e.g. `the change of the label's logit`.
    """
    known = table[table["reason"] == ""]
    if known.empty:
        reasons = "; ".join(sorted(set(table["reason"]))) or "there is no map"
        return f"Whether drift goes with {what} is not decidable: {reasons}."
    found = _found(known, "low", "high")
    within = known[known["within"].notna()]
    fixed = f" Within classes: {_found(within, 'within_low', 'within_high')}." if len(within) else ""
    return (
        f"Drift and {what}, over architectures and methods: {found}.{fixed} "
        "Intervals are at 95 % each; these are associations on these checkpoints, not causes."
    )


def _found(table: pd.DataFrame, low: str, high: str) -> str:
    """`drift rises with it in 2 of 4 (x 2), falls in 1 (y 1), not shown in 1`."""
    rises, falls = table[table[low] > 0], table[table[high] < 0]
    n_open = len(table) - len(rises) - len(falls)
    return (
        f"drift rises with it in {len(rises)} of {len(table)}{_by_architecture(rises)}, "
        f"falls in {len(falls)}{_by_architecture(falls)}, not shown in {n_open}"
    )


def _by_architecture(rows: pd.DataFrame) -> str:
    sizes = rows.groupby("arch", sort=False).size()
    return f" ({', '.join(f'{arch} {size}' for arch, size in sizes.items())})" if len(rows) else ""
