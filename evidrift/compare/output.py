"""Write the study's result: metrics/compare.json for git and DVC, and every table as CSV."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.base.files.writing import write_text
from evidrift.base.json import nested, nested_rows, plain, write_sealed
from evidrift.base.keys import PIPELINE
from evidrift.base.sentence import Spelling, spelled
from evidrift.claims.claim import Claim
from evidrift.compare.findings.courses import Course
from evidrift.compare.findings.models import MEASURES, over_seeds
from evidrift.compare.findings.opinions import answer
from evidrift.compare.findings.ranking import Observed
from evidrift.compare.result import Result
from evidrift.measures.of_pairs import PRIMARY
from evidrift.reliance.summary import ALL

# The JSON is kept in git: enough for what means over some hundred images can tell.
DECIMALS = 4
IN_MODELS = tuple(name for measure in MEASURES for name in (measure, f"{measure}_sd"))
IN_BASINS = ("basins", "groups", "within", "between", "p_corrected", "verdict")
IN_CHECKS = (
    *("gain", "gain_low", "gain_high", "faithful"),
    *("similarity", "chance", "excess", "excess_low", "excess_high", "insensitive"),
)
IN_METRICS = (
    *("mean", "sd", "low", "high", "shared", "shared_low", "shared_high", "erratic"),
    *("floor_tl", "floor_ft", "scale", "over_scale", "over_scale_low", "over_scale_high"),
)
IN_RELIANCE = ("reliance", "simultaneous_low", "simultaneous_high", "shown", "flipped")
IN_ASSOCIATIONS = ("correlation", "low", "high", "within", "within_low", "within_high")
# Its curve stands in along_training.csv.
OF_COURSES = ("arch", "seed", "method", "curve")
# A claim stands in the JSON under these, so they are not said again.
IN_KEYS = ("kind", "estimand", "arch", "other", "method", "against")


def metrics(result: Result) -> dict[str, Any]:
    """The small summary for metrics/compare.json: nested by name, so that `dvc metrics diff` can tell."""
    observed = result.observed
    primary = result.drift[result.drift["measure"].isin(PRIMARY)]
    return plain(
        {
            "common_cohort": {
                "images": len(result.cohort.image_ids),
                "patients": result.cohort.n_patients,
            },
            "score": result.score,
            "target": result.target,
            "models": nested_rows(over_seeds(result.models).reset_index(), ("arch", "checkpoint"), IN_MODELS),
            "drift": nested_rows(primary, ("arch", "method", "layer", "measure"), IN_METRICS),
            "decidable": not observed.undecidable,
            "undecidable": _undecidable(observed),
            "basins": nested_rows(result.basins.table, ("arch", "checkpoint", "method"), IN_BASINS),
            "checks": nested_rows(result.marks, ("arch", "method", "layer", "checkpoint"), IN_CHECKS),
            "ranking": nested(
                ((each.layer, each.method), [arch for arch, _ in each.scores]) for each in observed.rankings
            ),
            "reversals": [asdict(reversal) for reversal in observed.reversals],
            "layer_cam_against_grad_cam_pp": _question(result),
            "claims": _claims(result.claims),
            "stability": _stability(result),
            "orders": nested(
                ((row.method, row.order), row.probability) for row in result.orders.itertuples()
            ),
            "associations": nested_rows(result.associations, ("property", "arch", "method"), IN_ASSOCIATIONS),
            "along_training": _along_training(result),
            "reliance": _reliance(result),
            "warnings": _warnings(result),
        },
        DECIMALS,
    )


def write_metrics(path: Path, result: Result) -> None:
    """Write metrics/compare.json."""
    write_sealed(path, metrics(result))


def write_tables(folder: Path, result: Result, spelling: Spelling = PIPELINE) -> list[Path]:
    """Write every table as CSV: drift, claims, statuses, cohorts, models, agreement, checks, places ...

    Args:
        folder: to write to.
        result: of `compare`.
        spelling: of the claims' reasons.

    Returns:
        What was written, for `write_summary`, which holds the checksums.
    """
    rankings = [
        {"layer": each.layer, "method": each.method, "place": place, "arch": arch, "score": score}
        for each in result.observed.rankings
        for place, (arch, score) in enumerate(each.scores, start=1)
    ]
    scores = ("stable_by_method", "other_by_method", "stable_by_against", "other_by_against")
    reversals = [
        {**asdict(each), **dict(zip(scores, each.scores, strict=True))} for each in result.observed.reversals
    ]
    tables = {
        "drift": result.drift,
        "basins": result.basins.table,
        "statuses": result.statuses,
        "cohorts": result.cohorts,
        "left_out": result.left_out,
        "models": result.models,
        "agreement": result.agreement,
        "rank_agreement": result.taus,
        "claims": claim_table(result.claims, spelling),
        "multiverse": result.multiverse,
        "robustness": result.robustness,
        "paper": result.paper,
        "orders": result.orders,
        "confusion": result.confusion,
        "classes": result.classes,
        "associations": result.associations,
        "along_training": _courses(result.courses),
        "checks": result.marks,
        "localisation": result.localisation,
        "moves": result.moves,
        "reliance": result.reliance.regions,
        "reliance_changes": result.reliance.changes,
        "reliance_spikes": result.reliance.spikes,
        "reliance_cases": result.reliance.cases,
        "rankings": pd.DataFrame(rankings, columns=["layer", "method", "place", "arch", "score"]),
        "reversals": pd.DataFrame(
            reversals,
            columns=[
                *("layer", "method", "against", "stable", "other", *scores),
                *("alike", "effect_of_confidence", "excluded_maps_matter"),
            ],
        ),
    }
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return paths


def claim_table(claims: Sequence[Claim], spelling: Spelling = PIPELINE) -> pd.DataFrame:
    """A row per claim, its reason as it is spelled, its warnings joined by `; `."""
    columns = [field.name for field in fields(Claim)]
    rows = [
        asdict(claim) | {"reason": spelled(claim.reason, spelling), "warnings": "; ".join(claim.warnings)}
        for claim in claims
    ]
    return pd.DataFrame(rows, columns=columns)


def _undecidable(observed: Observed) -> str | None:
    return f"not decidable: {spelled(observed.undecidable, PIPELINE)}" if observed.undecidable else None


def _warnings(result: Result) -> dict[str, str]:
    """By key; a key that several caveats have, as two methods that explained in part, holds all of them."""
    by_key: dict[str, str] = {}
    for caveat in result.caveats:
        by_key[caveat.key] = " ".join(
            filter(None, (by_key.get(caveat.key), spelled(caveat.sentence, PIPELINE)))
        )
    return by_key


def _claims(claims: Sequence[Claim]) -> dict[str, Any]:
    """By kind, estimand, method(s) and architecture(s): what is known of each claim."""
    items = []
    for claim in claims:
        methods = ", ".join(filter(None, (claim.method, claim.against)))
        archs = ", ".join(filter(None, (claim.arch, claim.other)))
        known = {
            name: value
            for name, value in asdict(claim).items()
            if name not in IN_KEYS and not (isinstance(value, float) and np.isnan(value))
        }
        keys = (claim.kind, claim.estimand.replace(" ", "_"), methods, archs)
        items.append((keys, known | {"reason": spelled(claim.reason, PIPELINE)}))
    return nested(items)


def _stability(result: Result) -> dict[str, Any]:
    return nested(
        (
            (each.method, each.place.replace(" ", "_")),
            {"arch": each.arch or None, "verdict": each.verdict, "reason": spelled(each.reason, PIPELINE)},
        )
        for each in result.extremes
    )


def _along_training(result: Result) -> dict[str, Any]:
    return nested(
        (
            (course.arch, str(course.seed), course.method),
            {name: value for name, value in asdict(course).items() if name not in OF_COURSES},
        )
        for course in result.courses
    )


def _reliance(result: Result) -> dict[str, Any]:
    """Of all classes together, by architecture, region, fill and checkpoint."""
    regions = result.reliance.regions
    whole = regions[regions["label"] == ALL]
    return nested_rows(whole, ("arch", "region", "fill", "checkpoint"), IN_RELIANCE)


def _courses(courses: Sequence[Course]) -> pd.DataFrame:
    """A row per architecture, seed, method and epoch."""
    parts = [
        course.curve.assign(arch=course.arch, seed=course.seed, method=course.method) for course in courses
    ]
    if not parts:
        return pd.DataFrame(columns=["arch", "seed", "method", "epoch", "drift"])
    table = pd.concat(parts, ignore_index=True)
    return table[["arch", "seed", "method", *parts[0].columns[:-3]]]


def _question(result: Result) -> dict[str, Any]:
    """Whether the study's reversal survives, in words and by pair of architectures."""
    question = result.question
    return {
        "answer": [spelled(each, PIPELINE) for each in answer(question)],
        "outcomes": {
            f"{each.reversal.other}, {each.reversal.stable}": {
                "outcome": each.outcome,
                "verdict": each.verdict,
                "with_layer_cam": each.with_layer_cam,
                "with_grad_cam_pp": each.with_grad_cam_pp,
            }
            for each in question.opinions
        },
    }
