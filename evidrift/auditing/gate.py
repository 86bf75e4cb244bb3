"""The gate: whether the model after may take the place of the one before, by limits written down beforehand.

Each limit is judged by an estimate's 95 % interval: below the limit it is passed, above it failed, and across
it not judged, since the images are too few to tell. What happened to the audited images themselves, as the
share that the new model gets wrong, is a fact and needs no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evidrift.base.errors import UserError
from evidrift.base.section import Section, read_params, validate
from evidrift.base.sentence import listed, parameter, say
from evidrift.base.sentence import method as as_term
from evidrift.claims.claim import ALPHA, Claim
from evidrift.claims.estimate import estimate
from evidrift.claims.excess import Excess, without_floor
from evidrift.claims.known import best_known
from evidrift.compare.findings.ranking import MEASURE
from evidrift.compare.result import Result
from evidrift.compare.study import Study

Verdict = Literal["passed", "failed", "not judged"]
EXIT_CODES: dict[str, int] = {"passed": 0, "failed": 1, "not judged": 2}
Share = Annotated[float, Field(ge=0, le=1)]
PLACES = {"border": "the outer 5 % of each side", "corners": "the four corners, 15 % of a side each"}
# Share of the pairs of maps that may be blank, flat or not finite.
MOST_UNUSABLE = 0.2
OF_THE_WAY = "of the way from floor to chance"


class Place(Section):
    """Limits on the share of the evidence that lies at a place; null where there is none.

    Attributes:
        at_most: of the model after.
        growth_at_most: from the model before to the one after.
    """

    at_most: Share | None = None
    growth_at_most: Share | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> "Place":
        if self.at_most is None and self.growth_at_most is None:
            raise ValueError("give at_most, growth_at_most, or both.")
        return self


class Gate(Section):
    """What the model after must keep to. A limit that is null or left out is not asked for.

    Attributes:
        method: attribution method that is judged by; null for the first one audited.
        min_patients: fewer judge nothing.
        excess_drift: how far the evidence may move, as a share of the way from the floor (other trainings of
            the same model) to chance (other patients).
        border, corners: limits on the share of evidence there.
        regressed: share of all images that may go from right to wrong.
    """

    method: str | None = None
    min_patients: Annotated[int, Field(ge=2)] = 20
    excess_drift: Share | None = None
    border: Place | None = None
    corners: Place | None = None
    regressed: Share | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "Gate":
        if all(each is None for each in (self.excess_drift, self.border, self.corners, self.regressed)):
            raise ValueError("it sets no limit: give excess_drift, border, corners or regressed.")
        return self

    def check_method(self, methods: Sequence[str]) -> None:
        """Whether the gate can be judged by what is audited.

        Raises:
            UserError: its method is not among them.
        """
        if self.method is not None and self.method not in methods:
            told = (
                "The gate judges by {method}, which is not audited: add it ({given}), or let the gate "
                "judge by one of {methods}."
            )
            raise UserError(say(told, method=self.method, given=parameter("methods"), methods=list(methods)))


@dataclass(frozen=True)
class Check:
    """One limit and what came of it.

    Attributes:
        name: key in the gate file.
        what: in words.
        value, low, high: what was found, with its 95 % interval; NaN where there is none.
        limit: at most this.
        verdict: `passed`, `failed` or `not judged`.
        reason: one sentence.
    """

    name: str
    what: str
    value: float
    low: float
    high: float
    limit: float
    verdict: Verdict
    reason: str


def load_gate(path: Path) -> Gate:
    """Read a gate file.

    Raises:
        UserError: naming the file, the key and what is wrong with it.
    """
    return validate(read_params(path), Gate, f"{path}: ")


def outcome(checks: tuple[Check, ...]) -> Verdict:
    """Failed if one check is; else not judged if one is not; else passed."""
    verdicts = {check.verdict for check in checks}
    return "failed" if "failed" in verdicts else "not judged" if "not judged" in verdicts else "passed"


def judge(
    gate: Gate, study: Study, result: Result, methods: Sequence[str], labels_known: bool
) -> tuple[Check, ...]:
    """Check every limit of the gate.

    Args:
        gate: the limits.
        study: the audit's, of one architecture.
        result: of `compare.result.compare` on it.
        methods: that were audited, in order.
        labels_known: without them nothing is known of regressed images.
    """
    method = gate.method or methods[0]
    checks = []
    if gate.excess_drift is not None:
        found = result.excesses.get(((study.architectures[0], study.layer, method), MEASURE))
        checks.append(_excess(gate.excess_drift, result, method, gate.min_patients, found))
    for name in PLACES:
        place: Place | None = getattr(gate, name)
        if place is None:
            continue
        shares = _shares_by_class(study, result, method, name)
        if place.at_most is not None:
            share = _share(name, place.at_most, result, method, gate.min_patients)
            checks.append(_named(share, shares["ft"]))
        if place.growth_at_most is not None:
            growth = _growth(name, place.growth_at_most, result, method, gate.min_patients)
            checks.append(_named(growth, shares["ft"] - shares["tl"]))
    checks = [_if_usable(check, result, method) for check in checks]
    if gate.regressed is not None:
        n_patients = study.pairs["patient_id"].nunique()
        checks.append(_regressed(gate.regressed, result, labels_known, n_patients, gate.min_patients))
    return tuple(checks)


def _excess(limit: float, result: Result, method: str, min_patients: int, found: Excess | None) -> Check:
    by = {"method": as_term(method)}
    name, what = "excess_drift", say(f"drift beyond the floor under {{method}}, {OF_THE_WAY}", **by)
    claim = _movement(result, method)
    nan = float("nan")
    reason: str
    if claim is None or found is None or found.drift is None:
        reason = say("No usable map under {method} of an image that counts.", **by)
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    if found.drift.n_patients < min_patients:
        reason = _too_few(found.drift.n_patients, min_patients)
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    if found.drift.value == 0:
        return Check(name, what, 0, 0, 0, limit, "passed", "Every map is the same before and after.")
    if found.floor is None:
        return _without_floor(name, what, found, limit)
    if found.room is None or not estimate([found.room], "these checkpoints").p_above() <= ALPHA / 2:
        reason = "Chance is not shown to lie above the floor, so there is no way between them to measure."
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    values = (claim.estimate, claim.low, claim.high)
    verdict, reason = _by_interval(*values, limit, OF_THE_WAY)
    if verdict == "failed" and claim.estimand != "recipe":
        verdict = "not judged"
        reason = listed(
            [reason, "But two trainings cannot show how far the floor depends on them: three are needed."]
        )
    return Check(name, what, *values, limit, verdict, reason)


def _without_floor(name: str, what: str, found: Excess, limit: float) -> Check:
    """The excess is at most the drift's share of chance, which passes or leaves the question open."""
    nan = float("nan")
    bound = without_floor(found)
    if bound is None:
        reason = "Chance is missing: it needs two patients of one class among the images that count."
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    value = bound.value
    low, high = estimate([bound], "these checkpoints").interval()
    told = f"{value:.2f} [{low:.2f}, {high:.2f}] of the way to chance"
    if high <= limit:
        reason = f"Even if no training noise is in it, the drift is {told}, below {limit:g}."
        return Check(name, what, value, low, high, limit, "passed", reason)
    reason = say(
        f"The drift is {told}, but there is no floor: how much of it is the noise between trainings is not "
        "known. Give several trainings of the new model ({after}).",
        after=parameter("after"),
    )
    return Check(name, what, value, low, high, limit, "not judged", reason)


def _movement(result: Result, method: str) -> Claim | None:
    """The claim that the evidence moved: a limit asks for an interval, whatever the claim's own verdict."""
    claims = [claim for claim in result.claims if claim.kind == "moved" and claim.method == method]
    return best_known(claims, lambda claim: bool(np.isfinite([claim.low, claim.high]).all()))


def _share(name: str, limit: float, result: Result, method: str, min_patients: int) -> Check:
    rows = result.localisation
    rows = rows[(rows["checkpoint"] == "ft") & (rows["measure"] == name) & (rows["method"] == method)]
    what = say("share of {method}'s evidence in {place}, after", method=as_term(method), place=PLACES[name])
    return _of_place(f"{name}.at_most", what, rows, "mean", limit, result, min_patients)


def _growth(name: str, limit: float, result: Result, method: str, min_patients: int) -> Check:
    rows = result.moves[(result.moves["measure"] == name) & (result.moves["method"] == method)]
    what = say(
        "growth of the share of {method}'s evidence in {place}", method=as_term(method), place=PLACES[name]
    )
    return _of_place(f"{name}.growth_at_most", what, rows, "change", limit, result, min_patients)


def _shares_by_class(study: Study, result: Result, method: str, measure: str) -> pd.DataFrame:
    """Mean share of the evidence at a place, of the images that count: a row per class, `tl` and `ft`."""
    rows = result.cohort.select(study.places)
    rows = rows[(rows["layer"] == study.layer) & (rows["method"] == method)]
    words = rows[["label", "checkpoint"]].astype(str)
    means = rows[measure].groupby([words["label"], words["checkpoint"]]).mean()
    return means.unstack("checkpoint").reindex(columns=["tl", "ft"])


def _named(check: Check, by_class: pd.Series) -> Check:
    """A failed check with the class that has the most of it, where there are several."""
    if check.verdict != "failed" or len(by_class.dropna()) < 2:
        return check
    most = by_class.idxmax()
    most_there = say("The most is in class {name}: {share:.2f}.", name=most, share=by_class[most])
    return replace(check, reason=listed([check.reason, most_there]))


def _of_place(
    name: str,
    what: str,
    rows: pd.DataFrame,
    column: str,
    limit: float,
    result: Result,
    min_patients: int,
) -> Check:
    nan = float("nan")
    rows = rows[rows["layer"] == result.layer]
    if rows.empty or pd.isna(rows[column].iloc[0]):
        return Check(name, what, nan, nan, nan, limit, "not judged", "No usable map of an image that counts.")
    row = rows.iloc[0]
    value = float(row[column])
    if row["n_patients"] < min_patients:
        reason = _too_few(int(row["n_patients"]), min_patients)
        return Check(name, what, value, nan, nan, limit, "not judged", reason)
    # all patients have the same value: there is nothing to doubt
    low, high = (value if pd.isna(row[bound]) else float(row[bound]) for bound in ("low", "high"))
    return Check(name, what, value, low, high, limit, *_by_interval(value, low, high, limit, ""))


def _regressed(limit: float, result: Result, labels_known: bool, n_patients: int, min_patients: int) -> Check:
    name, what = "regressed", "share of images right before and wrong after"
    nan = float("nan")
    if not labels_known:
        reason = "Labels are not known, so neither is which images went wrong. Give labels."
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    if n_patients < min_patients:
        reason = _too_few(n_patients, min_patients)
        return Check(name, what, nan, nan, nan, limit, "not judged", reason)
    one = result.cohorts.drop_duplicates(["arch", "seed", "cohort"])
    shares = [
        rows.loc[rows["cohort"] == "regressed", "n_images"].sum() / rows["n_images"].sum()
        for _, rows in one.groupby("seed")
    ]
    counts = [
        int(rows.loc[rows["cohort"] == "regressed", "n_images"].sum()) for _, rows in one.groupby("seed")
    ]
    value = float(np.mean(shares))
    images = int(one.groupby("seed")["n_images"].sum().iloc[0])
    told = ", ".join(map(str, counts))
    reason = f"{told} of {images} images regressed{' in the pairs' if len(counts) > 1 else ''}."
    return Check(name, what, value, nan, nan, limit, "passed" if value <= limit else "failed", reason)


def _by_interval(value: float, low: float, high: float, limit: float, unit: str) -> tuple[Verdict, str]:
    size = f"{value:z.2f} [{low:z.2f}, {high:z.2f}]{f' {unit}' if unit else ''}"
    if low > limit:
        return "failed", f"{size} lies above {limit:g}."
    if high <= limit:
        return "passed", f"{size} lies below {limit:g}."
    return "not judged", f"{size} holds {limit:g}: more patients would tell."


def _too_few(n: int, min_patients: int) -> str:
    return f"{n} patient{'s' * (n != 1)} could be measured, fewer than min_patients, {min_patients}."


def _if_usable(check: Check, result: Result, method: str) -> Check:
    """Nothing is passed on the few maps that are left where many cannot be used."""
    rows = result.statuses
    at = (rows["images"] == "common") & (rows["layer"] == result.layer) & (rows["method"] == method)
    pairs, ok = rows.loc[at, "pairs"].sum(), rows.loc[at, "ok"].sum()
    if check.verdict != "passed" or not pairs or ok >= (1 - MOST_UNUSABLE) * pairs:
        return check
    unusable = f"{pairs - ok} of {pairs} pairs of maps are blank, flat or not finite."
    return replace(check, verdict="not judged", reason=listed([unusable, check.reason]))
