from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evidrift.base.table import read_table, write_table
from evidrift.drift.measuring import SSIM_DRAWS
from evidrift.drift.pairs import SCALE
from evidrift.drift.summary import summarise
from evidrift.drift.table import build
from evidrift.drift.tables import notes_of
from evidrift.maps.mapfile import CHECKPOINTS
from evidrift.measures.of_pairs import describe, measure
from tests.drift.maps import canvases_of
from tests.drift.study import PARAMS, architecture

DESIGN_COLUMNS = [
    "arch",
    "seed_before",
    "seed_after",
    "checkpoint_before",
    "checkpoint_after",
    "pair_kind",
    "image_id",
    "image_id_after",
    "patient_id",
    "label",
    "pred_before",
    "pred_after",
    "cohort",
    "method",
    "layer",
    "grid",
    "status",
    "thin",
    "moved_share",
    "displacement",
    "correlation",
    "concentration",
    "entropy",
    "spearman",
    "ssim",
    "overlap",
    "iou_half_max",
    "moved_share_5",
    "moved_share_50",
    "moved_share_coarse",
]


def table_of(maps, folder: Path) -> pd.DataFrame:
    columns, _, notes = build(maps, PARAMS)
    write_table(folder / "table.parquet", columns, vars(notes))
    return read_table(folder / "table.parquet", "drift").to_pandas()


def test_the_table_has_the_design_s_columns_and_a_row_per_pair_method_and_layer(tmp_path):
    table = table_of(architecture(), tmp_path)
    assert list(table.columns) == DESIGN_COLUMNS
    # 6 images: 2 seeds of drift, one pair of seeds, 2 other patients of the class in 2 seeds
    counts = table.groupby(["layer", "method", "pair_kind"], observed=True).size()
    assert counts.unstack().loc[("penultimate", "grad_cam")].to_dict() == {
        "drift": 12,
        "cross": 12,
        "seed_ft": 6,
        "seed_tl": 6,
        "scale_tl": 24,
        "scale_ft": 24,
    }
    assert len(table) == 2 * 84
    assert set(table["grid"]) == {"5x5"}


def test_a_row_holds_the_measures_of_its_own_two_maps(tmp_path):
    maps = architecture()
    table = table_of(maps, tmp_path)
    images = maps.image_ids.tolist()

    def signed(row, checkpoint: str, seed: int, image: str) -> np.ndarray:
        runs = maps.signed[row.layer, row.method]
        return runs[CHECKPOINTS.index(checkpoint), maps.seeds.index(seed), images.index(image)]

    for row in table.sample(30, random_state=0).itertuples():
        both = canvases_of(
            signed(row, row.checkpoint_before, row.seed_before, row.image_id),
            signed(row, row.checkpoint_after, row.seed_after, row.image_id_after),
        )
        alone = measure(describe(both, (0.2, 0.05, 0.5)), np.array([0]), np.array([1]), 0.2, (0.05, 0.5))
        for name, value in alone.items():
            assert getattr(row, name) == pytest.approx(value[0], abs=1e-6)


def test_the_cohort_is_named_after_both_predictions(tmp_path):
    maps = architecture()
    predicted = maps.predicted.copy()
    predicted[1, 0, 0] ^= 1  # ft of seed 1 loses image 0
    predicted[0, 0, 1] ^= 1  # ft of seed 1 mends image 1
    predicted[:, 0, 2] ^= 1
    table = table_of(replace(maps, predicted=predicted), tmp_path)
    drift = table[(table["pair_kind"] == "drift") & (table["method"] == "grad_cam")]
    first = drift[drift["seed_before"] == 1].set_index("image_id").loc[maps.image_ids]
    assert first["cohort"].tolist() == ["regressed", "fixed", "wrong", "right", "right", "right"]
    assert first["pred_after"].tolist()[:2] == ["normal", "normal"]
    assert (drift[drift["seed_before"] == 2]["cohort"] == "right").all()


def test_the_status_of_a_pair_is_the_worse_one_and_its_measures_are_missing(tmp_path):
    maps = architecture()
    maps.signed["penultimate", "grad_cam"][0, 0, 0] = -1  # tl of seed 1: blank
    maps.signed["penultimate", "grad_cam"][1, 0, 0] = 1  # ft of seed 1: flat
    maps.signed["penultimate", "grad_cam"][1, 0, 1, 2, 2] = np.nan
    table = table_of(maps, tmp_path)
    drift = table[(table["pair_kind"] == "drift") & (table["method"] == "grad_cam")]
    drift = drift[drift["seed_before"] == 1]
    assert drift["status"].tolist() == ["blank", "nan", "ok", "ok", "ok", "ok"]
    measures = drift[DESIGN_COLUMNS[18:]]
    assert measures.iloc[:2].isna().all(axis=None)
    assert measures.iloc[2:].notna().all(axis=None)
    assert (table[table["method"] == "layer_cam"]["status"] == "ok").all()


def test_a_pair_is_thin_when_either_map_has_less_positive_area_than_wanted(tmp_path):
    maps = architecture(grid=7)
    thin = np.full((7, 7), -1.0)
    thin[3, 3] = 5
    maps.signed["penultimate", "grad_cam"][1, 1, 4] = thin
    table = table_of(maps, tmp_path)
    rows = table[(table["pair_kind"] == "drift") & table["thin"]]
    assert rows[["image_id", "seed_after", "method"]].values.tolist() == [["covid19/04.png", 2, "grad_cam"]]
    assert rows["moved_share"].notna().all()


def test_the_same_maps_give_the_same_bytes(tmp_path):
    # Two images of one patient: a word that stands in a dictionary twice once left bytes to chance.
    patients = ("p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5")
    for name in ("one", "two"):
        columns, agreement, notes = build(architecture(patients=patients), PARAMS)
        write_table(tmp_path / f"{name}.parquet", columns, vars(notes))
        write_table(tmp_path / f"{name}-methods.parquet", agreement)
    for end in (".parquet", "-methods.parquet"):
        assert (tmp_path / f"one{end}").read_bytes() == (tmp_path / f"two{end}").read_bytes()


def test_notes_come_back_as_written(tmp_path):
    maps = replace(architecture(), not_defined=(("block_7", "grad_cam_pp"),), score=["raw"])
    columns, _, notes = build(maps, PARAMS)
    write_table(tmp_path / "table.parquet", columns, vars(notes))
    found = notes_of(read_table(tmp_path / "table.parquet", "drift"))
    assert found == notes
    assert found.not_defined == (("block_7", "grad_cam_pp"),)
    assert (found.area, found.score, found.target) == (0.2, ["raw"], ["label"])


def test_the_agreement_table_correlates_two_methods_maps_of_one_image():
    maps = architecture()
    maps.signed["penultimate", "layer_cam"][:] = 3 * maps.signed["penultimate", "grad_cam"]
    maps.signed["penultimate", "layer_cam"][1, 0, 2] = np.nan
    _, agreement, _ = build(maps, PARAMS)
    assert agreement["method"].to_pylist() == ["grad_cam"] * 24
    assert agreement["other_method"].to_pylist() == ["layer_cam"] * 24
    missing = np.isnan(agreement["correlation"])
    assert missing.sum() == 1
    assert agreement["image_id"].to_pylist()[int(np.argmax(missing))] == maps.image_ids[2]
    np.testing.assert_allclose(agreement["correlation"][~missing], 1, atol=1e-5)


def test_one_method_alone_agrees_with_nothing_and_its_table_is_empty(tmp_path):
    _, agreement, _ = build(architecture(methods=[("last", "grad_cam")]), PARAMS)
    write_table(tmp_path / "methods.parquet", agreement)
    assert len(read_table(tmp_path / "methods.parquet", "drift")) == 0


def test_the_summary_counts_everything_and_averages_images_right_in_both(tmp_path):
    maps = architecture()
    predicted = maps.predicted.copy()
    predicted[1, :, 5] ^= 1
    maps.signed["penultimate", "grad_cam"][0, :, 0] = -1
    columns, _, notes = build(replace(maps, predicted=predicted), PARAMS)
    write_table(tmp_path / "t.parquet", columns, vars(notes))
    table = read_table(tmp_path / "t.parquet", "drift")
    found = summarise([table])
    assert (found["images"], found["patients"]) == (6, 6)
    cohorts = {"fixed": 0, "regressed": 1, "right": 5, "wrong": 0}
    assert found["cohorts"] == {"1": cohorts, "2": cohorts}
    statuses = {"blank": 2, "flat": 0, "nan": 0, "ok": 10, "thin": 0}
    assert found["statuses"]["penultimate"]["grad_cam"] == statuses
    rows = table.to_pandas()
    of = rows[(rows["pair_kind"] == "drift") & (rows["method"] == "grad_cam") & (rows["cohort"] == "right")]
    assert len(of) == 10
    mean = found["right_in_both"]["penultimate"]["grad_cam"]["moved_share"]
    assert mean == pytest.approx(of["moved_share"].mean(), abs=1e-5)


def test_with_nobody_right_the_summary_has_no_means(tmp_path):
    maps = architecture()
    columns, _, notes = build(replace(maps, predicted=1 - maps.predicted), PARAMS)
    write_table(tmp_path / "t.parquet", columns, vars(notes))
    found = summarise([read_table(tmp_path / "t.parquet", "drift")])
    assert set(found["right_in_both"]["penultimate"]["grad_cam"].values()) == {None}


def test_pairs_with_an_image_that_a_method_did_not_explain_have_no_row_of_that_method(tmp_path):
    whole = architecture(seeds=(1,))
    key = ("penultimate", "layer_cam")
    some = np.array([True, True, False, True, True, True])
    signed = whole.signed | {key: np.where(some[:, None, None], whole.signed[key], np.nan)}
    maps = replace(whole, signed=signed, explained=whole.explained | {key: some})
    expected, found = (table_of(each, tmp_path) for each in (whole, maps))
    missing = whole.image_ids[2]
    of_method = expected["method"] == "layer_cam"
    touches = (expected["image_id"] == missing) | (expected["image_id_after"] == missing)
    pd.testing.assert_frame_equal(
        found, expected[~(of_method & touches)].reset_index(drop=True), check_categorical=False
    )
    assert (of_method & touches).sum() > 1


def test_ssim_is_measured_of_an_images_first_draws_alone(tmp_path):
    patients = [f"p{k}" for k in range(14)]
    columns, _, notes = build(architecture(patients=patients), PARAMS.model_copy(update={"draws": 6}))
    write_table(tmp_path / "table.parquet", columns, vars(notes))
    table = read_table(tmp_path / "table.parquet", "drift").to_pandas()
    between = table["pair_kind"].isin(SCALE)
    keys = ["layer", "method", "pair_kind", "seed_before", "image_id"]
    per_image = table[between].groupby(keys, observed=True)
    assert set(per_image.size()) == {6}
    assert set(per_image["ssim"].count()) == {SSIM_DRAWS}
    assert table.loc[~between, "ssim"].notna().all()
    assert table["moved_share"].notna().all()
