"""The case browser's numbers are those of the drift table and the map files."""

import base64

import numpy as np
import pytest

from evidrift.measures.canvas import draw
from evidrift.report.page.browser.blocks import FULL
from evidrift.report.page.browser.cases import case_data, probabilities
from evidrift.report.page.browser.shown import inside
from evidrift.report.page.material import Material
from tests.drift.study import architecture
from tests.report.page.made import material


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    maps = architecture()
    found = Material(material(tmp_path_factory.mktemp("cases"), maps))
    data = case_data(found)
    return maps, found, data | inside(found, 10**9)


def test_drift_is_that_of_the_table_by_image(made):
    _, found, data = made
    pairs = found.pairs("densenet_mini")
    block = data["blocks"][-1]
    seed, method = data["runs"][block["run"]]["seed"], data["methods"][block["method"]]["key"]
    rows = pairs[
        (pairs["pair_kind"] == "drift") & (pairs["seed_before"] == seed) & (pairs["method"] == method)
    ].set_index("image_id")
    drift = unpacked(block["drift"], "<f4").reshape(5, 6)
    for at, image in enumerate(unpacked(block["images"], "<u4")):
        row = rows.loc[data["images"][image]]
        expected = [
            row["moved_share"],
            row["displacement"],
            1 - row["correlation"],
            abs(row["concentration"]),
            1 - row["overlap"],
        ]
        np.testing.assert_allclose(drift[:, at], expected, rtol=1e-6)


def test_reliance_is_that_of_the_table_for_the_images_that_were_asked_about(made):
    _, found, data = made
    table = found.table("reliance_cases").set_index(["seed", "region", "image_id"])
    assert data["regions"] == ["the upper left corner", "the border"]
    first, second = data["runs"]
    images = [data["images"][at] for at in unpacked(first["reliance"]["images"], "<u4")]
    values = unpacked(first["reliance"]["values"], "<f4").reshape(2, 2, len(images))
    for at, image in enumerate(images):
        expected = table.loc[[(1, "upper_left_corner", image), (1, "border", image)], ["tl", "ft"]]
        np.testing.assert_allclose(values[:, :, at], expected, rtol=1e-6)
    assert len(images) == 6
    assert second["reliance"] == {"images": "", "values": ""}  # of the first seed alone


def test_maps_are_positive_parts_as_shares_of_their_highest_value(made):
    maps, _, data = made
    block = data["blocks"][0]
    method = data["methods"][block["method"]]["key"]
    stored = unpacked(data["maps"][0], "<u2").reshape(2, 6, 5, 5) / FULL
    signed = maps.signed["penultimate", method][:, 0]
    usable = np.stack([draw(each, maps.content, maps.size).status == 0 for each in signed])
    positive = np.maximum(signed, 0) * usable[..., None, None]
    np.testing.assert_allclose(stored, positive / positive.max(axis=(2, 3), keepdims=True), atol=1 / FULL)


def test_seed_floor_and_scale_are_the_images_own(made):
    _, found, data = made
    pairs = found.pairs("densenet_mini")
    entry = data["references"][0]
    own = pairs[pairs["method"] == data["methods"][entry["method"]]["key"]]
    for name, kinds in (("floor", ["seed_ft"]), ("scale", ["scale_tl", "scale_ft"])):
        stored = unpacked(entry[name], "<f4").reshape(5, 6)[0]
        rows = own[own["pair_kind"].isin(kinds)]
        means = rows["moved_share"].astype(float).groupby(rows["image_id"].astype(str)).mean()
        np.testing.assert_allclose(stored, means[data["images"]], rtol=1e-6)


def test_a_single_sigmoid_output_stands_for_two_classes():
    logit = np.log(3)  # sigmoid: 3 / 4
    np.testing.assert_allclose(probabilities(np.array([[logit], [-logit]])), [[0.25, 0.75], [0.75, 0.25]])


def test_probabilities_of_several_classes_are_a_softmax():
    np.testing.assert_allclose(probabilities(np.log([[1.0, 1.0, 2.0]])), [[0.25, 0.25, 0.5]])
