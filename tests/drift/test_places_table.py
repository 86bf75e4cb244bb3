"""The places table: which rows it has, what stands in them, and what is missing where nothing is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evidrift.base.errors import UserError
from evidrift.base.table import read_table, write_table
from evidrift.drift.places_table import Masks, build_places, read_masks
from evidrift.drift.source import ArchitectureMaps
from evidrift.images.store import write_store
from tests.drift.study import architecture

NOTHING = Masks(None, None)
COLUMNS = [
    *("arch", "seed", "checkpoint", "image_id", "patient_id", "label", "correct"),
    *("layer", "method", "grid", "status"),
    *("border", "border_area", "corners", "corners_area"),
    *("lungs", "lungs_area", "finding", "finding_area", "hit", "hit_random"),
]
KNOWN_WITHOUT_MASKS = ["border", "corners"]
OF_MASKS = ["lungs", "lungs_area", "finding", "finding_area", "hit", "hit_random"]


def table_of(maps: ArchitectureMaps, masks: Masks, folder: Path) -> pd.DataFrame:
    write_table(folder / "places.parquet", build_places(maps, masks))
    return read_table(folder / "places.parquet", "drift").to_pandas()


def quarters(n: int = 6) -> np.ndarray:
    """A mask of the upper left quarter; the last image has none."""
    masks = np.zeros((n, 64, 64), dtype=bool)
    masks[:-1, :32, :32] = True
    return masks


def test_there_is_a_row_per_map_of_every_method_checkpoint_seed_and_image(tmp_path):
    maps = architecture(methods=[("penultimate", "grad_cam"), ("last", "layer_cam")])
    table = table_of(maps, Masks(quarters(), quarters()), tmp_path)
    assert list(table.columns) == COLUMNS
    assert len(table) == 2 * 2 * 2 * 6
    keys = ["layer", "method", "checkpoint", "seed", "image_id"]
    assert not table.duplicated(keys).any()
    assert set(map(tuple, table[["layer", "method"]].to_numpy())) == set(maps.signed)
    assert set(table["grid"]) == {"5x5"}
    assert table["hit"].dtype == np.float32


def test_a_row_holds_the_shares_of_its_own_map(tmp_path):
    maps = architecture(grid=4)
    signed = maps.signed["penultimate", "layer_cam"]
    signed[:] = -1
    signed[..., 3, 3] = 1
    # Of seed 2's tuned checkpoint, image 1 alone lies in the finding.
    signed[1, 1, 1] = -1
    signed[1, 1, 1, 0, 0] = 1
    table = table_of(maps, Masks(quarters(), quarters()), tmp_path)
    rows = table[(table["method"] == "layer_cam") & table["hit"].notna()]
    inside = rows[rows["hit"] == 1]
    assert inside[["checkpoint", "seed", "image_id"]].to_numpy().tolist() == [["ft", 2, maps.image_ids[1]]]
    assert inside["finding"].item() == pytest.approx(1)
    assert inside["lungs"].item() == pytest.approx(1)
    assert np.allclose(rows.drop(inside.index)["finding"], 0)
    assert np.allclose(rows[["lungs_area", "finding_area", "hit_random"]], 0.25)
    assert np.allclose(table["border_area"], 0.19)
    assert np.allclose(table["corners_area"], 0.09)


def test_without_masks_the_border_and_the_corners_are_known_all_the_same(tmp_path):
    table = table_of(architecture(), NOTHING, tmp_path)
    assert table[OF_MASKS].isna().all(axis=None)
    assert table[KNOWN_WITHOUT_MASKS].notna().all(axis=None)


def test_an_image_without_a_finding_has_lungs_but_no_hit(tmp_path):
    maps = architecture()
    lungs = np.ones((6, 64, 64), dtype=bool)
    table = table_of(maps, Masks(lungs, quarters()), tmp_path)
    normal = table[table["image_id"] == maps.image_ids[-1]]
    assert normal[["finding", "finding_area", "hit", "hit_random"]].isna().all(axis=None)
    assert normal["lungs"].to_numpy() == pytest.approx(1)
    assert table[table["image_id"] != maps.image_ids[-1]].notna().all(axis=None)


def test_an_unusable_map_has_a_status_and_areas_but_no_shares(tmp_path):
    maps = architecture()
    signed = maps.signed["penultimate", "grad_cam"]
    signed[0, 0, 0], signed[0, 0, 1], signed[0, 0, 2, 1, 1] = -1, 1, np.nan
    table = table_of(maps, Masks(quarters(), quarters()), tmp_path)
    run = table[(table["method"] == "grad_cam") & (table["checkpoint"] == "tl") & (table["seed"] == 1)]
    assert run["status"].tolist() == ["blank", "flat", "nan", "ok", "ok", "ok"]
    assert run[["border", "corners", "lungs", "finding", "hit"]].iloc[:3].isna().all(axis=None)
    assert run[["border_area", "lungs_area", "hit_random"]].iloc[:3].notna().all(axis=None)


def test_images_that_were_not_explained_have_no_row(tmp_path):
    maps = architecture()
    chosen = np.array([True, False, True, False, False, False])
    maps.explained["penultimate", "grad_cam"] = chosen
    maps.signed["penultimate", "grad_cam"][:, :, ~chosen] = np.nan
    table = table_of(maps, NOTHING, tmp_path)
    counts = table.groupby("method", observed=True)["image_id"].agg(["size", "nunique"])
    assert counts.loc["grad_cam"].tolist() == [2 * 2 * 2, 2]
    assert counts.loc["layer_cam"].tolist() == [2 * 2 * 6, 6]
    assert (table["status"] == "ok").all()


def test_correct_says_whether_this_checkpoint_of_this_seed_was_right(tmp_path):
    maps = architecture()
    predicted = maps.predicted.copy()
    predicted[1, 0, 3] ^= 1
    table = table_of(replace(maps, predicted=predicted), NOTHING, tmp_path)
    wrong = table.loc[~table["correct"], ["checkpoint", "seed", "image_id", "method"]]
    assert wrong.to_numpy().tolist() == [
        ["ft", 1, maps.image_ids[3], method] for method in ("grad_cam", "layer_cam")
    ]


def test_padding_is_outside_the_image(tmp_path):
    # The image is the right half. Its finding takes its upper half, and the left half's evidence is cut off.
    maps = architecture(grid=4)
    maps = replace(maps, content=np.tile([0, 32, 64, 64], (6, 1)))
    signed = maps.signed["penultimate", "grad_cam"]
    signed[:] = -1
    signed[..., :2, 2:] = 1
    signed[..., 3, 0] = 100
    masks = np.zeros((6, 64, 64), dtype=bool)
    masks[:, :32, 32:] = True
    table = table_of(maps, Masks(masks, masks), tmp_path)
    rows = table[table["method"] == "grad_cam"]
    assert np.allclose(rows["finding_area"], 0.5)
    assert np.allclose(rows["hit_random"], 0.5)
    assert (rows["hit"] == 1).all()
    # Down the image, in cells from the first one's centre: 1 from -0.5 to 1, then falling to 0 at 2, 2 in
    # all. The finding ends at 1.5: 1.5 + (1 + 0.5) / 2 * 0.5 of it lie inside.
    assert rows["finding"].to_numpy() == pytest.approx(1.875 / 2, abs=1e-5)


def test_the_same_maps_give_the_same_bytes(tmp_path):
    patients = ("p0", "p1", "p0", "p1", "p2", "p3", "p4", "p5")
    for name in ("one", "two"):
        columns = build_places(architecture(patients=patients), Masks(quarters(8), quarters(8)))
        write_table(tmp_path / f"{name}.parquet", columns)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def write_test_images(path: Path, **masks: np.ndarray) -> None:
    ids = ["a", "b", "c"]
    pixels = np.zeros((3, 4, 4), np.uint8)
    write_store(
        path,
        classes=["x", "y"],
        size=4,
        image_ids=ids,
        patient_ids=ids,
        labels=[0, 1, 0],
        splits=["test"] * 3,
        content=[(0, 0, 4, 4)] * 3,
        pixels=pixels,
        **masks,
    )


def test_masks_come_in_the_order_of_the_maps_images(tmp_path):
    lungs = np.zeros((3, 4, 4), np.uint8)
    lungs[0, 0], lungs[2, 2] = 1, 1
    write_test_images(tmp_path / "store.h5", lungs=lungs, findings=1 - lungs)
    masks = read_masks(tmp_path / "store.h5", np.array(["c", "a"]))
    np.testing.assert_array_equal(masks.lungs, lungs[[2, 0]] == 1)
    np.testing.assert_array_equal(masks.findings, lungs[[2, 0]] == 0)


def test_a_store_of_radiographs_has_no_masks(tmp_path):
    write_test_images(tmp_path / "store.h5")
    assert read_masks(tmp_path / "store.h5", np.array(["a"])) == NOTHING


def test_maps_of_images_that_the_store_lacks_are_refused(tmp_path):
    write_test_images(tmp_path / "store.h5")
    with pytest.raises(UserError, match=r"has no test image d \(1 missing\).*dvc repro"):
        read_masks(tmp_path / "store.h5", np.array(["a", "d"]))
