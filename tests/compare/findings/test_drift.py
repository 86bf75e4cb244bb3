from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from evidrift.claims.cells import excesses_of
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.compare.findings.drift import summarise as table_of
from evidrift.drift.oriented import as_drift
from evidrift.measures.of_pairs import describe, measure
from tests.compare.studies import study_of
from tests.drift.maps import canvases_of
from tests.drift.study import architecture

BOTH = CommonCohort(("a", "b"), 2)
MEASURES = ["displacement", "overlap", "correlation", "concentration", "entropy"]


def pair(kind: str, seeds: tuple[int, int], image: str, overlap: float, after: str | None = None) -> dict:
    """A row of a drift table in which only the overlap and the concentration matter."""
    ok = not np.isnan(overlap)
    return {
        "arch": "x",
        "seed_before": seeds[0],
        "seed_after": seeds[1],
        "pair_kind": kind,
        "image_id": image,
        "image_id_after": after or image,
        "patient_id": f"patient of {image}",
        "method": "grad_cam",
        "layer": "penultimate",
        "status": "ok" if ok else "blank",
        **dict.fromkeys(MEASURES, 0.5),
        "overlap": overlap,
        "concentration": 0.1 if seeds[0] == 1 else -0.3,
    }


TABLE = pd.DataFrame(
    [
        pair("drift", (1, 1), "a", 0.4),
        pair("drift", (1, 1), "b", 0.5),
        pair("drift", (2, 2), "a", 0.2),
        pair("drift", (2, 2), "b", 0.7),
        pair("drift", (2, 2), "c", 0.0),
        pair("seed_ft", (1, 2), "a", 0.6),
        pair("seed_ft", (1, 2), "b", 0.9),
        pair("seed_tl", (1, 2), "a", 0.9),
        pair("seed_tl", (1, 2), "b", 1.0),
        pair("random", (1, 1), "a", 0.2, after="b"),
        pair("random", (2, 2), "a", 0.0, after="b"),
        pair("random", (2, 2), "b", 0.1, after="c"),
        pair("random", (2, 2), "b", 0.3, after="a"),
    ]
)


def summarise(pairs: pd.DataFrame, cohort: CommonCohort) -> pd.DataFrame:
    seeds = tuple(sorted(set(pairs["seed_before"])))
    return table_of(pairs, cohort, excesses_of(pairs, cohort, seeds))


def of(summary: pd.DataFrame, measure: str = "overlap") -> pd.Series:
    return summary[summary["measure"] == measure].iloc[0]


def test_the_summary_of_two_images_and_two_seeds_by_hand():
    found = of(summarise(TABLE, BOTH))
    # Drift of a: mean of 0.6 and 0.8; of b: of 0.5 and 0.3. c is not in the cohort.
    assert found["mean"] == pytest.approx((0.7 + 0.4) / 2)
    # Seed means 0.55 and 0.55.
    assert found["sd"] == pytest.approx(0)
    assert found["floor"] == pytest.approx((0.4 + 0.1) / 2)
    assert found["floor_tl"] == pytest.approx((0.1 + 0.0) / 2)
    # Chance, each image's part as itself and as another's partner (`chance_cells`). Seed 1: a 0.8. Seed 2:
    # a 1 and b 0.8 as themselves; as partners, 0.7 and 1 lie 0.15 around their mean: a - 0.1, b + 0.1. b has
    # no pair in seed 1 and is filled up by its 0.9 of seed 2.
    chance = (0.8 + 0.9 + 0.9 + 0.9) / 4
    assert found["chance"] == pytest.approx(chance)
    assert found["excess"] == pytest.approx((0.3 + 0.3) / 2)
    assert found["normalised"] == pytest.approx(0.3 / (chance - 0.25))
    assert (found["n_images"], found["n_patients"]) == (2, 2)


def test_sd_is_that_of_the_seeds_means():
    table = TABLE.assign(overlap=TABLE["overlap"].where(TABLE["seed_before"] == 1, TABLE["overlap"] + 0.1))
    # Seed 1: (0.6 + 0.5) / 2, seed 2: (0.7 + 0.2) / 2; the sd of two values is their distance over sqrt 2.
    assert of(summarise(table, BOTH))["sd"] == pytest.approx(0.1 / np.sqrt(2))


def test_concentration_drifts_by_its_size_and_keeps_its_sign_beside():
    found = of(summarise(TABLE, BOTH), "concentration")
    assert found["mean"] == pytest.approx((0.1 + 0.3) / 2)
    assert found["change"] == pytest.approx((0.1 - 0.3) / 2)


def test_every_measure_is_oriented_so_that_larger_is_more_drift():
    oriented = as_drift(TABLE.iloc[[2]])
    assert oriented.iloc[0].to_dict() == pytest.approx(
        {
            "displacement": 0.5,
            "overlap": 0.8,
            "correlation": 0.5,
            "concentration": 0.3,
            "entropy": 0.5,
            "overlap_all": 0.8,
        }
    )


def test_unusable_pairs_are_left_out_and_in_overlap_all_overlap_by_nothing():
    table = pd.concat([TABLE, pd.DataFrame([pair("drift", (3, 3), "b", np.nan)])])
    summary = summarise(table, BOTH)
    assert of(summary)["mean"] == pytest.approx((0.7 + 0.4) / 2)
    assert of(summary, "overlap_all")["mean"] == pytest.approx((0.7 + (0.5 + 0.3 + 1) / 3) / 2)


def test_an_image_without_a_usable_pair_is_not_counted():
    gone = (TABLE["image_id"] == "b") & (TABLE["pair_kind"] == "drift")
    table = TABLE.assign(overlap=TABLE["overlap"].mask(gone), status=TABLE["status"].mask(gone, "blank"))
    found = of(summarise(table, BOTH))
    assert found["mean"] == pytest.approx(0.7)
    assert found["excess"] == pytest.approx(0.3)
    assert (found["n_images"], found["n_patients"]) == (1, 1)


def test_one_seed_has_neither_spread_nor_floor_nor_excess():
    found = of(summarise(TABLE[TABLE["seed_before"] == 1].query("pair_kind in ['drift', 'random']"), BOTH))
    # b has no random pair in seed 1: it counts for nothing
    assert (found["mean"], found["n_images"]) == (pytest.approx(0.6), 1)
    assert found["chance"] == pytest.approx(0.8)
    assert found[["sd", "floor", "floor_tl", "excess", "normalised"]].isna().all()


def test_chance_at_or_below_the_floor_leaves_nothing_to_normalise_by():
    table = TABLE.assign(overlap=TABLE["overlap"].mask(TABLE["pair_kind"] == "random", 0.75))
    found = of(summarise(table, BOTH))
    assert (found["chance"], found["floor"]) == (pytest.approx(0.25), pytest.approx(0.25))
    assert np.isnan(found["normalised"])
    assert found["excess"] == pytest.approx(0.3)


def test_an_empty_cohort_has_rows_without_numbers():
    summary = summarise(TABLE, CommonCohort((), 0))
    assert of(summary)["n_images"] == 0
    assert summary[["mean", "sd", "floor", "chance", "excess", "normalised"]].isna().all(axis=None)


def test_drift_floor_and_chance_equal_loops_over_the_maps(tmp_path):
    maps = architecture(seeds=(1, 2, 3))
    study = study_of(maps)
    found = summarise(study.pairs, common_cohort(study.pairs)).set_index(["method", "measure"])
    signed = maps.signed["penultimate", "layer_cam"]
    images, seeds = range(6), range(3)

    def distance(one, other) -> float:
        features = describe(canvases_of(one, other), (0.2,))
        return 1 - float(measure(features, np.array([0]), np.array([1]), 0.2, ())["overlap"][0])

    drift = [[distance(signed[0, s, i], signed[1, s, i]) for s in seeds] for i in images]
    floor = [[distance(signed[1, s, i], signed[1, t, i]) for s, t in combinations(seeds, 2)] for i in images]
    # Three draws, but two other patients of the class: both are met, in every seed.
    chance = [
        [
            distance(signed[0, s, i], signed[1, s, j])
            for s in seeds
            for j in images
            if j != i and (j - i) % 2 == 0
        ]
        for i in images
    ]
    row = found.loc[("layer_cam", "overlap")]
    assert row["mean"] == pytest.approx(np.mean(drift), abs=1e-6)
    assert row["sd"] == pytest.approx(np.std(np.mean(drift, axis=0), ddof=1), abs=1e-6)
    assert row["floor"] == pytest.approx(np.mean(floor), abs=1e-6)
    assert row["chance"] == pytest.approx(np.mean(chance), abs=1e-6)
    assert row["excess"] == pytest.approx(np.mean(drift) - np.mean(floor), abs=1e-6)
