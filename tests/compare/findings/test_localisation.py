"""Localisation over patients: means, intervals and changes by hand, and on maps whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evidrift.base.table import read_table, write_table
from evidrift.claims.cohort import CommonCohort
from evidrift.compare.findings.localisation import changes, localisation
from evidrift.drift.places_table import Masks, build_places
from evidrift.measures.places import BASELINES
from tests.drift.study import architecture

T_OF_ONE = 12.7062  # Student's t with one degree of freedom, 97.5 %


def row(
    patient: str, image: str, seed: int, checkpoint: str, finding: float, hit: float = 1.0, **more
) -> dict:
    """A row of a places table: the finding takes 0.1 of the area, 0.25 of the cells; no lungs are known."""
    known = {"finding": finding, "finding_area": 0.1, "hit": hit, "hit_random": 0.25}
    return {
        "arch": "x",
        "seed": seed,
        "checkpoint": checkpoint,
        "image_id": image,
        "patient_id": patient,
        "layer": "penultimate",
        "method": "grad_cam",
        **dict.fromkeys([*BASELINES, *BASELINES.values()], np.nan),
        **known,
        **more,
    }


# Patient p has images a and b, q has c. Means of seeds: a 0.2 -> 0.4, b 0.4 -> 0.4, c 0.1 -> 0.6.
TABLE = pd.DataFrame(
    [
        row("p", "a", 1, "tl", 0.1, 0),
        row("p", "a", 2, "tl", 0.3, 1),
        row("p", "b", 1, "tl", 0.4, 1),
        row("p", "b", 2, "tl", 0.4, 1),
        row("q", "c", 1, "tl", 0.1, 0),
        row("q", "c", 2, "tl", 0.1, 0),
        row("p", "a", 1, "ft", 0.5, 1),
        row("p", "a", 2, "ft", 0.3, 1),
        row("p", "b", 1, "ft", 0.4, 1),
        row("p", "b", 2, "ft", 0.4, 1),
        row("q", "c", 1, "ft", 0.8, 0.5),
        row("q", "c", 2, "ft", 0.4, 0),
    ]
)


def of(table: pd.DataFrame, measure: str, checkpoint: str | None = None) -> pd.Series:
    found = table[table["measure"] == measure]
    if checkpoint:
        found = found[found["checkpoint"] == checkpoint]
    (only,) = (each for _, each in found.iterrows())
    return only


def test_the_share_in_the_finding_of_two_patients_by_hand():
    found = of(localisation(TABLE), "finding", "tl")
    # p: mean of 0.2 and 0.4; q: 0.1. Two values 0.2 apart: standard error of the mean 0.1.
    assert found["mean"] == pytest.approx(0.2)
    assert found["high"] == 1  # 0.2 + 1.27
    assert found["low"] == 0  # by Student's t alone, 0.2 - 1.27
    assert (found["random"], found["ratio"]) == (pytest.approx(0.1), pytest.approx(2))
    assert found["above"] == pytest.approx(0.1)
    assert found["above_low"] == -1  # 0.1 - 1.27
    assert found[["n_patients", "n_images", "n_left_out"]].tolist() == [2, 3, 0]


def test_the_hit_rate_of_two_patients_by_hand():
    table = localisation(TABLE)
    # p, tl: a 0.5, b 1; q: 0. p, ft: 1; q: 0.25.
    assert of(table, "hit", "tl")["mean"] == pytest.approx(0.375)
    assert of(table, "hit", "ft")["mean"] == pytest.approx(0.625)
    assert of(table, "hit", "ft")["random"] == pytest.approx(0.25)


def test_the_change_is_paired_by_image_and_seed():
    found = of(changes(TABLE), "finding")
    # p: a +0.2, b 0; q: +0.5.
    assert (found["tl"], found["ft"]) == (pytest.approx(0.2), pytest.approx(0.5))
    assert found["change"] == pytest.approx((0.1 + 0.5) / 2)


def test_intervals_of_two_patients_by_hand():
    table = TABLE.assign(finding=TABLE["finding"] / 20)
    found = of(localisation(table), "finding", "tl")
    # p: 0.3 / 20, q: 0.1 / 20: 0.01 apart, so the standard error of their mean is 0.005.
    half = T_OF_ONE * 0.005
    assert found["mean"] == pytest.approx(0.01)
    assert found["high"] == pytest.approx(0.01 + half, rel=1e-5)
    assert found["above_low"] == pytest.approx(0.01 - 0.1 - half, rel=1e-5)
    assert found["above_high"] == pytest.approx(0.01 - 0.1 + half, rel=1e-5)
    # p: +0.1 / 20, q: +0.5 / 20: 0.02 apart.
    moved = of(changes(table), "finding")
    assert moved["low"] == pytest.approx(0.015 - T_OF_ONE * 0.01, rel=1e-5)
    assert moved["high"] == pytest.approx(0.015 + T_OF_ONE * 0.01, rel=1e-5)


def test_a_map_that_cannot_be_used_leaves_its_pair_out_of_both_checkpoints():
    blank = (TABLE["image_id"] == "a") & (TABLE["seed"] == 1) & (TABLE["checkpoint"] == "ft")
    table = TABLE.assign(finding=TABLE["finding"].mask(blank), hit=TABLE["hit"].mask(blank))
    # Of a only seed 2 is left: 0.3 -> 0.3.
    assert of(localisation(table), "finding", "tl")["mean"] == pytest.approx((0.35 + 0.1) / 2)
    found = of(changes(table), "finding")
    assert found["change"] == pytest.approx((0 + 0.5) / 2)
    assert found[["n_patients", "n_images", "n_left_out"]].tolist() == [2, 3, 1]


def test_measures_of_which_nothing_is_known_have_no_row():
    assert set(localisation(TABLE)["measure"]) == {"hit", "finding"}
    normal = [row("r", "n", s, c, np.nan, np.nan, finding_area=np.nan) for s in (1, 2) for c in ("tl", "ft")]
    table = pd.concat([TABLE, pd.DataFrame(normal).assign(hit_random=np.nan)])
    pd.testing.assert_frame_equal(localisation(table), localisation(TABLE))


def test_a_method_without_a_usable_map_has_a_row_without_numbers():
    found = of(localisation(TABLE.assign(finding=np.nan)), "finding", "ft")
    assert found[["mean", "low", "high", "random", "ratio", "above"]].isna().all()
    assert found[["n_patients", "n_images", "n_left_out"]].tolist() == [0, 0, 6]


def test_equal_patients_and_a_single_one_have_a_mean_but_no_interval():
    equal = localisation(TABLE.assign(finding=0.3))
    assert of(equal, "finding", "tl")["mean"] == pytest.approx(0.3)
    assert of(equal, "finding", "tl")[["low", "high", "above_low", "above_high"]].isna().all()
    single = of(changes(TABLE[TABLE["patient_id"] == "p"]), "finding")
    assert single["change"] == pytest.approx(0.1)
    assert np.isnan(single["low"])


def test_each_architecture_layer_and_method_stands_for_itself():
    other = TABLE.assign(arch="y", method="layer_cam", finding=TABLE["finding"] / 2)
    found = localisation(pd.concat([TABLE, other])).set_index(["arch", "method", "measure", "checkpoint"])
    assert found["mean"]["y", "layer_cam", "finding", "ft"] == pytest.approx(0.25)
    assert found["mean"]["x", "grad_cam", "finding", "ft"] == pytest.approx(0.5)
    assert len(found) == 2 * 2 * 2


def test_a_cohort_can_be_chosen():
    table = CommonCohort(("c",), 1).select(TABLE)
    assert of(changes(table), "finding")["change"] == pytest.approx(0.5)


def test_random_maps_find_what_chance_finds(tmp_path):
    patients = [f"p{k}" for k in range(200)]
    maps = architecture(patients=patients, grid=6)
    noise = np.random.default_rng(3).random((2, 2, 200, 6, 6)) ** 8  # a few strong cells
    maps.signed["penultimate", "grad_cam"][:] = noise
    spots = np.zeros((200, 64, 64), dtype=bool)
    for k in range(200):
        spots[k, k % 50 : k % 50 + 14, 5 : 5 + 20 + k % 30] = True
    write_table(tmp_path / "t.parquet", build_places(maps, Masks(spots, spots)))
    table = localisation(read_table(tmp_path / "t.parquet", "drift").to_pandas())
    table = table[table["method"] == "grad_cam"]
    assert len(table) == 2 * 5
    assert table["ratio"].between(0.9, 1.1).all()
    # 99.9 % of the way, so that ten intervals do not fail by chance.
    wide = (table["above_high"] - table["above_low"]) / 2 * (3.3 / 1.97)
    assert (table["above"].abs() < wide).all()


def test_maps_that_move_into_the_finding_are_shown_to_do_so(tmp_path):
    maps = architecture(patients=[f"p{k}" for k in range(30)], grid=4)
    signed = maps.signed["penultimate", "layer_cam"]
    signed[:] = np.random.default_rng(1).random(signed.shape)
    signed[1, ..., :2, :2] += 2
    mask = np.zeros((30, 64, 64), dtype=bool)
    mask[:, :32, :32] = True
    write_table(tmp_path / "t.parquet", build_places(maps, Masks(mask, mask)))
    places = read_table(tmp_path / "t.parquet", "drift").to_pandas()
    moved = changes(places).set_index(["method", "measure"]).loc["layer_cam"]
    assert moved.loc["finding", "low"] > 0.2
    assert moved.loc["hit", "low"] > 0.5
    assert moved.loc["lungs", "change"] == moved.loc["finding", "change"]
    still = changes(places).set_index(["method", "measure"]).loc["grad_cam"]
    assert still.loc["finding", "low"] < 0 < still.loc["finding", "high"]


def test_intervals_are_those_of_a_t_test_over_patients():
    random = np.random.default_rng(0)
    values = random.random(12)
    table = pd.DataFrame(
        [row(f"p{k}", f"i{k}", 1, "tl", value) for k, value in enumerate(values)]
        + [row(f"p{k}", f"i{k}", 1, "ft", value**2) for k, value in enumerate(values)]
    )
    expected = stats.ttest_1samp(values**2 - values, 0).confidence_interval(0.95)
    assert of(changes(table), "finding")[["low", "high"]].tolist() == pytest.approx(list(expected))
