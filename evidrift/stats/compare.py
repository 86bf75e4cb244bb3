"""The study's result: every table, what they say about the order of architectures, and its caveats."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidrift.drift.tablefile import PRIMARY
from evidrift.stats.cohorts import CommonCohort, cohort_table, common_cohort, status_table
from evidrift.stats.floors import OVERLAP_ALL, summarise
from evidrift.stats.models import MEASURES, model_table, over_seeds
from evidrift.stats.ranking import NO_TEST, Observed, median_agreement, observe
from evidrift.stats.study import Study

# In metrics/compare.json, which is kept in git: enough for what means over some hundred images can tell.
DECIMALS = 4
IN_METRICS = ("mean", "sd", "floor", "chance", "excess", "normalised")


@dataclass(frozen=True)
class Result:
    """The study's result.

    Attributes:
        architectures: in the grid's order.
        seeds: in the grid's order.
        area: share of the image's area behind `overlap`.
        cohort: the common cohort.
        drift: from `floors.summarise`, in the grid's order, `penultimate` first.
        statuses: from `cohorts.status_table`.
        cohorts: from `cohorts.cohort_table`.
        models: from `models.model_table`.
        agreement: median correlation of the maps of two methods, a row per architecture, layer and pair.
        observed: rankings and reversals of means.
        warnings: sentences.
    """

    architectures: tuple[str, ...]
    seeds: tuple[int, ...]
    area: float
    cohort: CommonCohort
    drift: pd.DataFrame
    statuses: pd.DataFrame
    cohorts: pd.DataFrame
    models: pd.DataFrame
    agreement: pd.DataFrame
    observed: Observed
    warnings: tuple[str, ...]


def compare(study: Study, min_patients: int) -> Result:
    """Compare the architectures of a study; a common cohort under `min_patients` decides nothing."""
    cohort = common_cohort(study.pairs)
    drift = _sorted(summarise(study.pairs, cohort), study.architectures)
    agreement = median_agreement(study.agreement, cohort)
    observed = observe(drift, study.architectures, study.seeds, cohort, min_patients, study.notes, agreement)
    statuses = _sorted(status_table(study.pairs, cohort), study.architectures)
    return Result(
        architectures=study.architectures,
        seeds=study.seeds,
        area=next(iter(study.notes.values())).area,
        cohort=cohort,
        drift=drift,
        statuses=statuses,
        cohorts=_sorted(cohort_table(study.pairs), study.architectures),
        models=model_table(study.training),
        agreement=_sorted(agreement.rename("correlation").reset_index(), study.architectures),
        observed=observed,
        warnings=tuple(_warnings(study, drift, statuses)),
    )


def metrics(result: Result) -> dict[str, Any]:
    """The small summary for metrics/compare.json: nested by name, so that `dvc metrics diff` can tell."""
    observed = result.observed
    return _plain(
        {
            "common_cohort": {
                "images": len(result.cohort.image_ids),
                "patients": result.cohort.n_patients,
                "decidable": not observed.undecidable,
            },
            "models": _models(result.models),
            "drift": _drift(result.drift),
            "basis": observed.basis,
            "ranking": _rankings(observed),
            "reversals": [
                {key: list(value) if key == "scores" else value for key, value in asdict(reversal).items()}
                for reversal in observed.reversals
            ],
            "tests": NO_TEST,
            "warnings": list(result.warnings),
        }
    )


def write_metrics(path: Path, result: Result) -> None:
    """Write metrics/compare.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(metrics(result), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def write_tables(folder: Path, result: Result) -> None:
    """Write every table as CSV: drift, statuses, cohorts, models, agreement, rankings, reversals."""
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
        "statuses": result.statuses,
        "cohorts": result.cohorts,
        "models": result.models,
        "agreement": result.agreement,
        "rankings": pd.DataFrame(rankings, columns=["layer", "method", "place", "arch", "score"]),
        "reversals": pd.DataFrame(
            reversals,
            columns=[
                *("layer", "method", "against", "stable", "other", *scores),
                *("alike", "effect_of_confidence", "excluded_maps_matter"),
            ],
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")


def _warnings(study: Study, drift: pd.DataFrame, statuses: pd.DataFrame) -> Iterator[str]:
    if not study.patients_known:
        yield "Patients unknown: every image counts as its own patient."
    if len(study.seeds) == 1:
        yield (
            "One seed: there is no floor, so the rankings are of raw drift, in which the noise between "
            "trainings is contained, and nothing can be said about architectures as recipes."
        )
    for library, versions in _versions(study).items():
        if len(versions) > 1:
            yield (
                f"The grid mixes versions of {library}: {', '.join(versions)}. Differences may come from "
                "them; run all of it again on one."
            )
    unrectified = {
        layer for note in study.notes.values() for layer, is_so in note.rectified.items() if not is_so
    }
    for layer in sorted(unrectified):
        arches = [name for name, note in study.notes.items() if not note.rectified.get(layer, True)]
        yield f"Layer {layer} of {', '.join(arches)} can be negative: its maps are to be read with care."
    unused = statuses[statuses["images"] == "common"][["flat", "blank", "nan"]].to_numpy().sum()
    if unused:
        yield (
            f"{unused} drift pairs of the common cohort hold a flat, blank or nan map and are left out of the "
            f"means; {OVERLAP_ALL} counts them as overlap 0."
        )
    if len(study.seeds) > 1 and drift.loc[drift["measure"] == "overlap", "chance"].isna().any():
        yield "No two patients of one class are in the common cohort: chance, and what rests on it, is missing."


def _versions(study: Study) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for content in study.training.values():
        for library, version in content["versions"].items():
            found.setdefault(library, set()).add(version)
    for note in study.notes.values():
        for library, versions in note.versions.items():
            found.setdefault(library, set()).update(versions)
    return {library: sorted(versions) for library, versions in sorted(found.items())}


def _sorted(table: pd.DataFrame, architectures: tuple[str, ...]) -> pd.DataFrame:
    """Rows in the grid's order of architectures, `penultimate` first, then as they came."""
    arch = table["arch"].astype(str).map(architectures.index)
    keys = pd.DataFrame(
        {"arch": arch, "later": table["layer"] != "penultimate", "layer": table["layer"].astype(str)}
    )
    if "method" in table:
        keys["method"] = table["method"].astype(str)
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def _models(models: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    nested: dict[str, dict[str, dict[str, float]]] = {}
    for row in over_seeds(models).reset_index().to_dict("records"):
        values = {key: row[key] for name in MEASURES for key in (name, f"{name}_sd")}
        nested.setdefault(row["arch"], {})[row["checkpoint"]] = values
    return nested


def _drift(drift: pd.DataFrame) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for row in drift[drift["measure"].isin((*PRIMARY, OVERLAP_ALL))].to_dict("records"):
        here = nested.setdefault(row["arch"], {}).setdefault(row["method"], {}).setdefault(row["layer"], {})
        here[row["measure"]] = {name: row[name] for name in IN_METRICS}
    return nested


def _rankings(observed: Observed) -> dict[str, dict[str, list[str]]]:
    nested: dict[str, dict[str, list[str]]] = {}
    for each in observed.rankings:
        nested.setdefault(each.layer, {})[each.method] = [arch for arch, _ in each.scores]
    return nested


def _plain(value: Any) -> Any:
    """JSON's types: numbers rounded, missing ones null."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(float(value), DECIMALS) if np.isfinite(value) else None
    return value
