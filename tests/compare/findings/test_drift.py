from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest

from evidrift.claims.cells import quantities_of
from evidrift.claims.cohort import CommonCohort, common_cohort
from evidrift.claims.estimate import estimate, moderated
from evidrift.compare.findings.drift import summarise as table_of
from evidrift.drift.oriented import as_drift
from evidrift.measures.of_pairs import describe, measure
from tests.compare.studies import study_of
from tests.drift.maps import canvases_of
from tests.drift.study import architecture

BOTH = CommonCohort(("a", "b"), 2)
MEASURES = ["moved_share", "displacement", "correlation", "concentration", "entropy", "overlap"]
NUMBERS = ["mean", "sd", "shared", "erratic", "floor_tl", "floor_ft", "scale", "over_scale"]


def pair(kind: str, seeds: tuple[int, int], image: str, moved: float, after: str | None = None) -> dict:
    """A row of a drift table in which only the moved share and the concentration matter."""
    ok = not np.isnan(moved)
    return {
        "arch": "x",
        "seed_before": seeds[0],
        "seed_after": seeds[1],
        "pair_kind": kind,
        "image_id": image,
        "image_id_after": after or image,
        "patient_id": f"patient of {image}",
        "label": "normal",
        "method": "grad_cam",
        "layer": "penultimate",
        "status": "ok" if ok else "blank",
        **dict.fromkeys(MEASURES, 0.4),
        "moved_share": moved,
        "concentration": 0.1 if seeds[0] == 1 else -0.3,
    }


TABLE = pd.DataFrame(
    [
        pair("drift", (1, 1), "a", 0.6),
        pair("drift", (1, 1), "b", 0.5),
        pair("drift", (2, 2), "a", 0.8),
        pair("drift", (2, 2), "b", 0.3),
        pair("drift", (2, 2), "c", 1.0),
        pair("cross", (1, 2), "a", 0.7),
        pair("cross", (2, 1), "a", 0.5),
        pair("cross", (1, 2), "b", 0.4),
        pair("cross", (2, 1), "b", 0.4),
        pair("seed_ft", (1, 2), "a", 0.4),
        pair("seed_ft", (1, 2), "b", 0.1),
        pair("seed_tl", (1, 2), "a", 0.1),
        pair("seed_tl", (1, 2), "b", 0.0),
        pair("scale_tl", (1, 1), "a", 0.8, after="b"),
        pair("scale_tl", (2, 2), "a", 1.0, after="b"),
        pair("scale_tl", (2, 2), "b", 0.9, after="c"),
        pair("scale_tl", (2, 2), "b", 0.8, after="a"),
        pair("scale_ft", (1, 1), "a", 0.6, after="b"),
        pair("scale_ft", (2, 2), "a", 0.6, after="b"),
        pair("scale_ft", (2, 2), "b", 0.2, after="c"),
        pair("scale_ft", (2, 2), "b", 0.4, after="a"),
    ]
)


def summarise(pairs: pd.DataFrame, cohort: CommonCohort) -> pd.DataFrame:
    seeds = tuple(sorted(set(pairs["seed_before"])))
    return table_of(pairs, cohort, quantities_of(pairs, cohort, seeds))


def of(summary: pd.DataFrame, measure: str = "moved_share") -> pd.Series:
    return summary[summary["measure"] == measure].iloc[0]


def test_the_summary_of_two_images_and_two_seeds_by_hand():
    found = of(summarise(TABLE, BOTH))
    # drift of a: mean of 0.6 and 0.8; of b: of 0.5 and 0.3. c is not in the cohort.
    drift = (0.7 + 0.4) / 2
    # across trainings less half of both floors: of a 0.6 - 0.25, of b 0.4 - 0.05
    shared = (0.35 + 0.35) / 2
    # seed 1: 0.8 and 0.6 under the two checkpoints; seed 2, without c: (1.0 + 0.8) / 2 and (0.6 + 0.4) / 2
    scale = ((0.8 + 0.6) / 2 + (0.9 + 0.5) / 2) / 2
    assert found[NUMBERS].to_dict() == pytest.approx(
        {
            "mean": drift,
            "sd": 0,  # both seeds' means are 0.55
            "shared": shared,
            "erratic": drift - shared,
            "floor_tl": 0.05,
            "floor_ft": 0.25,
            "scale": scale,
            "over_scale": drift / scale,
        }
    )
    assert (found["n_images"], found["n_patients"]) == (2, 2)


def test_sd_is_that_of_the_seeds_means():
    moved = TABLE["moved_share"]
    table = TABLE.assign(moved_share=moved.where(TABLE["seed_before"] == 1, moved - 0.1))
    # seed 1: (0.6 + 0.5) / 2, seed 2: (0.7 + 0.2) / 2; the sd of two values is their distance over sqrt 2.
    assert of(summarise(table, BOTH))["sd"] == pytest.approx(0.1 / np.sqrt(2))


def test_concentration_drifts_by_its_size_and_keeps_its_sign_beside():
    found = of(summarise(TABLE, BOTH), "concentration")
    assert found["mean"] == pytest.approx((0.1 + 0.3) / 2)
    assert found["change"] == pytest.approx((0.1 - 0.3) / 2)
    assert found[["shared", "erratic"]].isna().all()  # no squared distance


def test_every_measure_is_oriented_so_that_larger_is_more_drift():
    oriented = as_drift(TABLE.iloc[[2]])
    assert oriented.iloc[0].to_dict() == pytest.approx(
        {
            "moved_share": 0.8,
            "displacement": 0.4,
            "correlation": 0.6,
            "concentration": 0.3,
            "entropy": 0.4,
            "overlap": 0.6,
            "moved_share_all": 0.8,
        }
    )


def test_an_image_with_an_unusable_map_is_left_out_and_in_moved_share_all_moved_wholly():
    gone = (TABLE["image_id"] == "b") & (TABLE["pair_kind"] == "drift") & (TABLE["seed_before"] == 1)
    table = TABLE.assign(
        moved_share=TABLE["moved_share"].mask(gone), status=TABLE["status"].mask(gone, "blank")
    )
    summary = summarise(table, BOTH)
    found = of(summary)
    assert found["mean"] == pytest.approx(0.7)
    assert found["shared"] == pytest.approx(0.35)
    assert (found["n_images"], found["n_patients"]) == (1, 1)
    assert of(summary, "moved_share_all")["mean"] == pytest.approx((0.7 + (1 + 0.3) / 2) / 2)


def test_one_seed_has_no_spread_and_nothing_between_trainings():
    found = of(summarise(TABLE[(TABLE["seed_before"] == 1) & (TABLE["seed_after"] == 1)], BOTH))
    assert (found["mean"], found["n_images"]) == (pytest.approx(0.55), 2)
    assert (found["scale"], found["over_scale"]) == pytest.approx((0.7, 0.55 / 0.7))
    assert found[["sd", "shared", "erratic", "floor_tl", "floor_ft"]].isna().all()
    assert found[["low", "high", "shared_low", "over_scale_high"]].isna().all()
    assert found[["fixed_low", "fixed_high", "fixed_over_scale_low"]].notna().all()


def test_an_empty_cohort_has_rows_without_numbers():
    summary = summarise(TABLE, CommonCohort((), 0))
    assert of(summary)["n_images"] == 0
    assert summary[NUMBERS].isna().all(axis=None)


@pytest.fixture(scope="module")
def two():
    """Two architectures, three seeds."""
    names = ("densenet_mini", "resnetv2_mini")
    return [architecture(name, seeds=(1, 2, 3)) for name in names]


def test_all_numbers_equal_loops_over_the_maps(two):
    maps = two[0]
    study = study_of(maps)
    found = summarise(study.pairs, common_cohort(study.pairs)).set_index(["method", "measure"])
    tl, ft = maps.signed["penultimate", "layer_cam"]
    images, seeds = range(6), range(3)

    def distance(one, other) -> float:
        features = describe(canvases_of(one, other), (0.2,))
        return float(measure(features, np.array([0]), np.array([1]), 0.2, ())["moved_share"][0])

    drift = [[distance(tl[s, i], ft[s, i]) for s in seeds] for i in images]
    cross = np.mean([distance(tl[s, i], ft[t, i]) for s, t in permutations(seeds, 2) for i in images])
    floor_tl, floor_ft = (
        np.mean([distance(each[s, i], each[t, i]) for s, t in combinations(seeds, 2) for i in images])
        for each in (tl, ft)
    )
    # three draws, but two other patients of the class: both are met, in every seed
    scale = np.mean(
        [
            distance(each[s, i], each[s, j])
            for each in (tl, ft)
            for s in seeds
            for i in images
            for j in images
            if j != i and (j - i) % 2 == 0
        ]
    )
    shared = cross - floor_tl / 2 - floor_ft / 2
    expected = {
        "mean": np.mean(drift),
        "sd": np.std(np.mean(drift, axis=0), ddof=1),
        "shared": shared,
        "erratic": np.mean(drift) - shared,
        "floor_tl": floor_tl,
        "floor_ft": floor_ft,
        "scale": scale,
        "over_scale": np.mean(drift) / scale,
    }
    row = found.loc[("layer_cam", "moved_share")]
    assert row[NUMBERS].to_dict() == pytest.approx(expected, abs=1e-6)


def test_intervals_are_of_the_estimates_with_the_noise_of_all_architectures(two):
    study = study_of(*two)
    cohort = common_cohort(study.pairs)
    quantities = quantities_of(study.pairs, cohort, study.seeds)
    found = table_of(study.pairs, cohort, quantities).set_index(["arch", "method", "measure"])
    names = {"drift": "", "shared": "shared_", "over_scale": "over_scale_"}
    for name, prefix in names.items():
        own = {
            (arch, method): getattr(each, name)
            for ((arch, _, method), measure), each in quantities.items()
            if measure == "moved_share"
        }
        assert len(own) == 4
        for (arch, method), part in moderated(own).items():
            row = found.loc[arch, method, "moved_share"]
            for fixed, estimand in (("", "recipe"), ("fixed_", "these checkpoints")):
                bounds = row[[f"{fixed}{prefix}{end}" for end in ("low", "high")]]
                assert tuple(bounds) == pytest.approx(estimate([part], estimand).interval())


def test_with_two_seeds_the_shared_part_has_a_value_and_no_interval_of_the_recipe(two):
    study = study_of(replace_seeds(two[0]))
    row = of(summarise(study.pairs, common_cohort(study.pairs)))
    assert row[["shared", "erratic", "fixed_shared_low", "low"]].notna().all()
    assert row[["shared_low", "shared_high"]].isna().all()


def replace_seeds(maps):
    """The same with its first two seeds."""
    signed = {key: each[:, :2] for key, each in maps.signed.items()}
    return replace(maps, seeds=maps.seeds[:2], signed=signed, predicted=maps.predicted[:, :2])
